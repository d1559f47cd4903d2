// The first pipeline of the writer's transaction: fence, missing rows, locks, state. What it has
// for commands alone is in command_read.cpp.
#include "store/writer/batch_tx.hpp"
#include "store/writer/detail/batch_arrays.hpp"
#include "store/writer/detail/batch_pipeline.hpp"
#include "store/writer/detail/batch_rows.hpp"
#include "store/writer/detail/batch_sql.hpp"
#include "store/writer/detail/command_pipeline.hpp"
#include "store/writer/detail/conversation_work.hpp"
#include "store/writer/detail/plan_keys.hpp"

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
constexpr std::int64_t kParkedBytesMax = 16LL * 1024 * 1024;
constexpr std::int64_t kParkedPerMessageMax = 1'000;
constexpr std::int64_t kParkedPerMessageBytesMax = 8LL * 1024 * 1024;

using detail::KeyOf;
using detail::KeyPointers;
using detail::Pipeline;
using detail::RefArrays;
using detail::ThreadArrays;

// Of those that the transaction holds the locks of until it ends.
domain::ShardId FirstShard(const BatchFence& fence) {
    if (fence.slot) return domain::ShardId::OfSlot(fence.slot->slot);
    const auto first = std::min_element(
        fence.partitions.begin(),
        fence.partitions.end(),
        [](const auto& a, const auto& b) { return a.id < b.id; }
    );
    return first != fence.partitions.end() ? first->id.Shard() : domain::ShardId();
}

Status FenceSlot(Pipeline& pipeline, const SlotFence& fence, Millis lease, std::int64_t leaf_mark) {
    const auto params = pg::Params::Of(fence.slot, fence.epoch, lease.count());
    return pipeline.Send(detail::kFenceSlot, params, [leaf_mark](const pg::Rows& rows) {
        return detail::CheckLeafMark(rows, 1, leaf_mark);
    });
}

Status FencePartitions(
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

// Under the id that the batch names; one that goes on under it under its own too.
void PutContact(const domain::ContactKey& named, const pg::Row& row, int first, BatchState& state) {
    domain::ContactRow contact = detail::ContactOf(row, first);
    const std::string_view own_key = row.Text(first + detail::ContactColumn::kKey);
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
        for (const pg::Row row : rows) PutContact(KeyOf(others, row), row, 1, state);
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

Status InsertThreads(
    Pipeline& pipeline, const std::map<domain::ThreadKey, domain::NewThread>& threads
) {
    std::vector<std::string_view> contact_keys;
    std::vector<pg::TimestampMs> created;
    for (const auto& [key, thread] : threads) {
        contact_keys.push_back(thread.contact_key);
        created.push_back(detail::Time(thread.created_at));
    }
    pg::Params params;
    ThreadArrays(KeyPointers(threads)).AddTo(params);
    return pipeline.Send(detail::kInsertThreads, params.AddArray(contact_keys).AddArray(created));
}

Status LockThreads(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    const auto pointers = KeyPointers(plan.threads);
    pg::Params params;
    ThreadArrays(pointers).AddTo(params);
    return pipeline.Send(detail::kLockThreads, params, [&state, pointers](const pg::Rows& rows) {
        for (const pg::Row row : rows) {
            state.threads[KeyOf(pointers, row)] = detail::ThreadOf(row, 1);
        }
        return Status();
    });
}

Status ReadThreadContacts(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    using Column = detail::ContactColumn;
    const auto pointers = KeyPointers(plan.threads);
    std::vector<std::string_view> contact_keys;
    for (const auto& [key, thread] : plan.threads) contact_keys.push_back(thread.contact_key);
    pg::Params params;
    ThreadArrays(pointers).AddTo(params);
    return pipeline.Send(
        detail::kReadThreadContacts,
        params.AddArray(contact_keys),
        [&plan, &state, pointers](const pg::Rows& rows) {
            for (const pg::Row row : rows) {
                const domain::ThreadKey& key = KeyOf(pointers, row);
                const domain::ContactRow contact = detail::ContactOf(row, 1);
                const std::string own_key(row.Text(1 + Column::kKey));
                state.contacts[{key.tenant, key.channel, own_key}] = contact;
                constexpr int kNamed = 1 + Column::kCount;
                if (row.IsNull(kNamed)) continue;
                const std::string& named = plan.threads.at(key).contact_key;
                PutContact({key.tenant, key.channel, named}, row, kNamed, state);
            }
            return Status();
        }
    );
}

Status SendThreads(Pipeline& pipeline, const BatchPlan& plan, BatchState& state) {
    if (!plan.threads.empty()) UNIBOX_RETURN_IF_ERROR(InsertThreads(pipeline, plan.threads));
    if (!plan.conversations.empty()) {
        UNIBOX_RETURN_IF_ERROR(detail::LockThreadsById(pipeline, plan, state));
    } else if (!plan.threads.empty()) {
        UNIBOX_RETURN_IF_ERROR(LockThreads(pipeline, plan, state));
    }
    return plan.threads.empty() ? Status() : ReadThreadContacts(pipeline, plan, state);
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
    const bool by_id = !plan.conversations.empty();
    if (plan.threads.empty() && plan.target_refs.empty() && !by_id) return {};
    pg::Params params;
    ThreadArrays(KeyPointers(plan.threads)).AddTo(params);
    RefArrays(KeyPointers(plan.target_refs)).AddTo(params);
    params.Add(kTargetDays);
    if (by_id) detail::AddConversations(plan.conversations, params);
    UNIBOX_RETURN_IF_ERROR(pipeline.Send(
        by_id ? detail::kLockCountersById : detail::kLockCounters,
        params,
        [&state](const pg::Rows& rows) { return detail::ReadCounters(rows, state); }
    ));
    return pipeline.Send(
        by_id ? detail::kReadConversationsById : detail::kReadConversations,
        params,
        [&state](const pg::Rows& rows) { return detail::ReadConversations(rows, state); }
    );
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
    contents.Add(kTargetDays).Add(detail::kContentsBytesMax);
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
        pg::Params params;
        detail::AddIds(plan.channels, params);
        UNIBOX_RETURN_IF_ERROR(pipeline.Send(
            detail::kReadChannels,
            params,
            [&state](const pg::Rows& rows) { return detail::ReadChannels(rows, state); }
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
    const BatchFence& fence, const BatchPlan& plan, const LeafSurvey& leaves
) {
    BatchState state;
    Pipeline pipeline(tx_);
    of_slot_ = fence.slot.has_value();
    fenced_shard_ = FirstShard(fence);
    if (of_slot_) {
        UNIBOX_RETURN_IF_ERROR(FenceSlot(pipeline, *fence.slot, lease_, leaves.mark));
    } else {
        UNIBOX_RETURN_IF_ERROR(FencePartitions(pipeline, fence.partitions, lease_, leaves.mark));
    }
    UNIBOX_RETURN_IF_ERROR(detail::HoldRequestKeys(pipeline, plan.request_keys, state));
    UNIBOX_RETURN_IF_ERROR(SendContacts(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendThreads(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendRefs(pipeline, plan.event_refs, kDedupDays, state));
    UNIBOX_RETURN_IF_ERROR(SendRefs(pipeline, plan.target_refs, kTargetDays, state));
    UNIBOX_RETURN_IF_ERROR(SendConversations(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(detail::LockContactsById(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendMessages(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(detail::ReadForCommands(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendParked(pipeline, plan, state));
    UNIBOX_RETURN_IF_ERROR(SendSettings(pipeline, plan, leaves.mark, state));
    UNIBOX_RETURN_IF_ERROR(pipeline.Finish());
    UNIBOX_RETURN_IF_ERROR(detail::ReadSurvivors(tx_, state));
    detail::LeaveOutUnlocked(plan, state);
    work_read_ = detail::WorkOf(state.conversations);
    state.detached = leaves.detached;
    return state;
}

}  // namespace unibox::store
