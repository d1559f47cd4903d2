// The first pipeline of the writer's transaction: fence, missing rows, locks, state.
#include "store/writer/batch_tx.hpp"
#include "store/writer/detail/batch_arrays.hpp"
#include "store/writer/detail/batch_pipeline.hpp"
#include "store/writer/detail/batch_rows.hpp"
#include "store/writer/detail/batch_sql.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

namespace unibox::store {
namespace {

using domain::BatchPlan;
using domain::BatchState;

using domain::kDedupDays;
using domain::kTargetDays;
// How much a batch loads. What is beyond it is left to the next transaction, except that of what
// waits for one message no more than its own limits is ever read (Decide lets less wait).
constexpr std::int64_t kContentsBytesMax = 16LL * 1024 * 1024;
constexpr std::int64_t kParkedBytesMax = 16LL * 1024 * 1024;
constexpr std::int64_t kParkedPerMessageMax = 1'000;
constexpr std::int64_t kParkedPerMessageBytesMax = 8LL * 1024 * 1024;

using detail::Pipeline;

template <typename Container>
struct KeyTypeOf {
    using type = typename Container::key_type;
};
template <typename Key>
struct KeyTypeOf<std::vector<Key>> {
    using type = Key;
};

// The keys of a plan as arrays; the n-th row of a result (WITH ORDINALITY) is about keys[n - 1].
template <typename Container>
auto KeyPointers(const Container& container) {
    using Key = typename KeyTypeOf<Container>::type;
    std::vector<const Key*> keys;
    keys.reserve(container.size());
    for (const auto& entry : container) {
        if constexpr (std::is_same_v<Key, typename Container::value_type>) {
            keys.push_back(&entry);
        } else {
            keys.push_back(&entry.first);
        }
    }
    return keys;
}

template <typename Key>
const Key& KeyOf(const std::vector<const Key*>& keys, const pg::Row& row) {
    return *keys.at(static_cast<std::size_t>(row.Int64(0)) - 1);
}

detail::TextKeyArrays ThreadArrays(const std::vector<const domain::ThreadKey*>& keys) {
    detail::TextKeyArrays arrays;
    for (const auto* key : keys) arrays.Add(key->tenant, key->channel, key->thread_key);
    return arrays;
}

detail::EventRefArrays RefArrays(const std::vector<const domain::EventRef*>& refs) {
    detail::EventRefArrays arrays;
    for (const auto* ref : refs) arrays.Add(*ref);
    return arrays;
}

Status SendFence(
    Pipeline& pipeline,
    std::span<const PartitionAdvance> partitions,
    Millis lease,
    std::int64_t leaf_mark
) {
    std::vector<PartitionAdvance> sorted(partitions.begin(), partitions.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return a.id < b.id;
    });
    std::vector<std::int32_t> generations, numbers;
    std::vector<std::int64_t> epochs, from_seqs, to_seqs;
    std::vector<std::string_view> msg_ids;
    std::vector<pg::TimestampMs> stored_at;
    for (const PartitionAdvance& advance : sorted) {
        generations.push_back(advance.id.generation);
        numbers.push_back(advance.id.partition);
        epochs.push_back(advance.epoch);
        from_seqs.push_back(advance.from_seq);
        to_seqs.push_back(advance.to_seq);
        msg_ids.push_back(advance.to_mark.msg_id);
        stored_at.push_back({advance.to_mark.stored_ms});
    }
    pg::Params params;
    params.AddArray(generations).AddArray(numbers).AddArray(epochs).AddArray(from_seqs);
    params.AddArray(to_seqs).Add(lease.count()).AddArray(msg_ids).AddArray(stored_at);
    return pipeline.Send(detail::kFence, params, [leaf_mark](const pg::Rows& rows) {
        return detail::CheckLeafMark(rows, 1, leaf_mark);
    });
}

// From five columns, the id first.
domain::ContactRow ContactOf(const pg::Row& row, int first) {
    return {
        .id = row.GetId<ContactId>(first),
        .display_name = std::string(row.Text(first + 1)),
        .aliases = row.TextArray(first + 2),
        .created_at = row.Timestamp(first + 3).unix_ms,
        .updated_at = row.Timestamp(first + 4).unix_ms,
    };
}

// Under the id that the batch names; one that goes on under it under its own too.
void PutContact(
    const domain::ContactKey& named,
    std::string_view own_key,
    domain::ContactRow contact,
    BatchState& state
) {
    if (own_key != named.contact_key) {
        state.contacts.try_emplace({named.tenant, named.channel, std::string(own_key)}, contact);
        contact.moved = true;
    }
    state.contacts[named] = std::move(contact);
}

// Those that no thread of the batch names: the others are read together with their threads.
Status ReadOtherContacts(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    std::set<domain::ContactKey> named;
    for (const auto& [key, thread] : plan.threads) {
        named.insert({key.tenant, key.channel, thread.contact_key});
    }
    std::vector<const domain::ContactKey*> others;
    detail::TextKeyArrays keys;
    for (const auto& [key, contact] : plan.contacts) {
        if (named.contains(key)) continue;
        others.push_back(&key);
        keys.Add(key.tenant, key.channel, key.contact_key);
    }
    if (others.empty()) return {};
    pg::Params params;
    keys.AddTo(params);
    return pipeline.Send(detail::kReadContacts, params, [&state, others](const pg::Rows& rows) {
        for (const pg::Row row : rows)
            PutContact(KeyOf(others, row), row.Text(6), ContactOf(row, 1), state);
        return Status();
    });
}

Status InsertContacts(
    Pipeline& pipeline, const std::map<domain::ContactKey, domain::NewContact>& contacts
) {
    detail::TextKeyArrays keys;
    std::vector<ContactId> ids;
    std::vector<std::string_view> names;
    std::vector<std::string> aliases;
    std::vector<pg::TimestampMs> created;
    for (const auto& [key, contact] : contacts) {
        keys.Add(key.tenant, key.channel, key.contact_key);
        ids.push_back(contact.id);
        names.push_back(contact.display_name);
        aliases.push_back(detail::TextArrayLiteral(contact.aliases));
        created.push_back(detail::Time(contact.created_at));
    }
    pg::Params params;
    keys.AddTo(params);
    params.AddArray(ids).AddArray(names).AddArray(aliases).AddArray(created);
    return pipeline.Send(detail::kInsertContacts, params);
}

// The contacts that go on under another id, and then that they do: before a contact is made for
// that id.
Status SendMoves(Pipeline& pipeline, const BatchPlan& plan) {
    if (plan.moves.empty()) return {};
    std::map<domain::ContactKey, domain::NewContact> moving;
    detail::TextKeyArrays keys;
    std::vector<std::string_view> from_keys;
    std::vector<pg::TimestampMs> moved;
    for (const auto& [key, move] : plan.moves) {
        const domain::ContactKey from{key.tenant, key.channel, move.from_key};
        moving.insert(*plan.contacts.find(from));
        keys.Add(key.tenant, key.channel, key.contact_key);
        from_keys.push_back(move.from_key);
        moved.push_back(detail::Time(move.moved_at));
    }
    UNIBOX_RETURN_IF_ERROR(InsertContacts(pipeline, moving));
    pg::Params params;
    keys.AddTo(params);
    return pipeline.Send(detail::kInsertContactMoves, params.AddArray(from_keys).AddArray(moved));
}

Status SendContacts(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.contacts.empty()) return {};
    UNIBOX_RETURN_IF_ERROR(SendMoves(pipeline, plan));
    UNIBOX_RETURN_IF_ERROR(InsertContacts(pipeline, plan.contacts));
    return ReadOtherContacts(pipeline, plan, state);
}

Status SendThreads(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.threads.empty()) return {};
    const auto pointers = KeyPointers(plan.threads);
    const detail::TextKeyArrays keys = ThreadArrays(pointers);
    std::vector<std::string_view> contact_keys;
    std::vector<pg::TimestampMs> created;
    for (const auto& [key, thread] : plan.threads) {
        contact_keys.push_back(thread.contact_key);
        created.push_back(detail::Time(thread.created_at));
    }
    pg::Params insert;
    keys.AddTo(insert);
    insert.AddArray(contact_keys).AddArray(created);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(detail::kInsertThreads, insert));

    pg::Params lock;
    keys.AddTo(lock);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(
        detail::kLockThreads,
        lock,
        [&state, pointers](const pg::Rows& rows) {
            for (const pg::Row row : rows) {
                domain::ThreadRow thread;
                thread.contact = row.GetId<ContactId>(1);
                if (!row.IsNull(2)) thread.conversation = row.GetId<ConversationId>(2);
                thread.delivered_until = row.Timestamp(3).unix_ms;
                thread.read_until = row.Timestamp(4).unix_ms;
                state.threads[KeyOf(pointers, row)] = thread;
            }
            return Status();
        }
    ));
    pg::Params read;
    keys.AddTo(read);
    return pipeline.Send(
        detail::kReadThreadContacts,
        read.AddArray(contact_keys),
        [&plan, &state, pointers](const pg::Rows& rows) {
            for (const pg::Row row : rows) {
                const domain::ThreadKey& key = KeyOf(pointers, row);
                state.contacts[{key.tenant, key.channel, std::string(row.Text(6))}] =
                    ContactOf(row, 1);
                if (row.IsNull(7)) continue;
                const std::string& named = plan.threads.at(key).contact_key;
                PutContact(
                    {key.tenant, key.channel, named}, row.Text(12), ContactOf(row, 7), state
                );
            }
            return Status();
        }
    );
}

Status SendRefs(
    Pipeline& pipeline, const std::set<domain::EventRef>& refs, std::int64_t days, BatchState& state
) {
    if (refs.empty()) return {};
    const auto pointers = KeyPointers(refs);
    pg::Params params;
    RefArrays(pointers).AddTo(params);
    params.Add(days);
    return pipeline.Send(detail::kReadRefs, params, [&state, pointers](const pg::Rows& rows) {
        for (const pg::Row row : rows) {
            std::optional<domain::MessagePosition> position;
            if (!row.IsNull(1)) {
                position = {row.GetId<ConversationId>(1), row.Int64(2), row.Timestamp(3).unix_ms};
            }
            state.refs[KeyOf(pointers, row)] = position;
        }
        return Status();
    });
}

Status SendConversations(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.threads.empty() && plan.target_refs.empty()) return {};
    pg::Params params;
    ThreadArrays(KeyPointers(plan.threads)).AddTo(params);
    RefArrays(KeyPointers(plan.target_refs)).AddTo(params);
    params.Add(kTargetDays);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(
        detail::kLockCounters,
        params,
        [&state](const pg::Rows& rows) { return detail::ReadCounters(rows, state); }
    ));
    return pipeline.Send(detail::kReadConversations, params, [&state](const pg::Rows& rows) {
        return detail::ReadConversations(rows, state);
    });
}

Status SendMessages(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (plan.target_refs.empty()) return {};
    pg::Params targets;
    RefArrays(KeyPointers(plan.target_refs)).AddTo(targets);
    targets.Add(kTargetDays);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(
        detail::kReadTargets,
        targets,
        [&state](const pg::Rows& rows) { return detail::ReadTargets(rows, state); }
    ));
    if (plan.content_refs.empty()) return {};
    pg::Params contents;
    RefArrays(KeyPointers(plan.content_refs)).AddTo(contents);
    contents.Add(kTargetDays).Add(kContentsBytesMax);
    return pipeline.Send(detail::kReadContents, contents, [&state](const pg::Rows& rows) {
        return detail::ReadContents(rows, state);
    });
}

Status ReadParkedRow(const pg::Row& row, const domain::EventRef& target, BatchState& state) {
    if (row.IsNull(2)) {
        state.parked_unread.insert(target);
        return {};
    }
    domain::ParkedRow parked{.event_key = row.GetId<EventKey>(1), .event = {}};
    const std::string_view bytes = row.GetBytes(2);
    if (!parked.event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return Status(Code::kDataLoss, "parked_events.event is not an InboundEvent");
    }
    state.parked[target].push_back(std::move(parked));
    return {};
}

Status SendParked(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (!plan.parked_targets.empty()) {
        const auto pointers = KeyPointers(plan.parked_targets);
        pg::Params params;
        RefArrays(pointers).AddTo(params);
        params.Add(kParkedPerMessageMax).Add(kParkedPerMessageBytesMax).Add(kParkedBytesMax);
        const auto read = [&state, pointers](const pg::Rows& rows) {
            for (const pg::Row row : rows) {
                UNIBOX_RETURN_IF_ERROR(ReadParkedRow(row, KeyOf(pointers, row), state));
            }
            return Status();
        };
        UNIBOX_RETURN_IF_ERROR(pipeline.Send(detail::kReadParked, params, read));
    }
    if (plan.target_refs.empty()) return {};
    const auto pointers = KeyPointers(plan.target_refs);
    pg::Params params;
    RefArrays(pointers).AddTo(params);
    params.Add(kParkedPerMessageMax);
    return pipeline.Send(detail::kReadParkedLoads, params, [&state, pointers](const auto& rows) {
        for (const pg::Row row : rows) {
            state.parked_loads[KeyOf(pointers, row)] = {row.Int64(1), row.Int64(2)};
        }
        return Status();
    });
}

Status SendSettings(
    Pipeline& pipeline, const BatchPlan& plan, std::int64_t leaf_mark, BatchState& state
) {
    if (!plan.channels.empty()) {
        const auto pointers = KeyPointers(plan.channels);
        std::vector<std::int64_t> tenants;
        std::vector<ChannelId> channels;
        for (const auto* key : pointers) {
            tenants.push_back(key->first.value);
            channels.push_back(key->second);
        }
        pg::Params params;
        params.AddArray(tenants).AddArray(channels);
        UNIBOX_RETURN_IF_ERROR(pipeline.Send(
            detail::kReadChannels,
            params,
            [&state, pointers](const pg::Rows& rows) {
                for (const pg::Row row : rows) {
                    state.reopen_window_ms[KeyOf(pointers, row)] = row.Int64(1) * 1000;
                }
                return Status();
            }
        ));
    }
    return pipeline.Send(detail::kReadFeed, {}, [&state, leaf_mark](const pg::Rows& rows) {
        if (rows.size() != 1) return Status(Code::kDataLoss, "table feed must have one row");
        state.feed_epoch = rows[0].GetUuid(0).ToBytes();
        state.now_ms = rows[0].Timestamp(1).unix_ms;
        return detail::CheckLeafMark(rows, 2, leaf_mark);
    });
}

}  // namespace

Result<BatchState> BatchTx::Read(
    std::span<const PartitionAdvance> partitions, const BatchPlan& plan, const LeafSurvey& leaves
) {
    BatchState state;
    Pipeline pipeline(tx_);
    UNIBOX_RETURN_IF_ERROR(SendFence(pipeline, partitions, lease_, leaves.mark));
    UNIBOX_RETURN_IF_ERROR(SendContacts(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendThreads(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendRefs(pipeline, plan.event_refs, kDedupDays, state));
    UNIBOX_RETURN_IF_ERROR(SendRefs(pipeline, plan.target_refs, kTargetDays, state));
    UNIBOX_RETURN_IF_ERROR(SendConversations(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendMessages(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendParked(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendSettings(pipeline, plan, leaves.mark, state));
    UNIBOX_RETURN_IF_ERROR(pipeline.Finish());
    state.detached = leaves.detached;
    return state;
}

}  // namespace unibox::store
