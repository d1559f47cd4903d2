// The second pipeline of the writer's transaction: what Decide found, and COMMIT.
#include "domain/actor_columns.hpp"
#include "domain/message_extras.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/detail/batch_arrays.hpp"
#include "store/writer/detail/batch_write_sql.hpp"
#include "store/writer/detail/command_pipeline.hpp"
#include "store/writer/detail/command_sql.hpp"
#include "store/writer/detail/conversation_work.hpp"
#include "store/writer/detail/count_pipeline.hpp"
#include "store/writer/detail/outbox_arrays.hpp"

namespace unibox::store {
namespace {

using domain::ConversationWrite;
using domain::MessageWrite;

Status SendContacts(pg::WriterTx& tx, const std::vector<domain::ContactWrite>& writes) {
    detail::TextKeyArrays keys;
    std::vector<ContactId> ids;
    std::vector<std::string_view> names;
    std::vector<std::string> aliases;
    std::vector<pg::TimestampMs> created, updated;
    for (const domain::ContactWrite& write : writes) {
        if (write.by_command) continue;
        keys.Add(write.key.tenant, write.key.channel, write.key.contact_key);
        ids.push_back(write.row.id);
        names.push_back(write.row.display_name);
        aliases.push_back(detail::TextArrayLiteral(write.row.aliases));
        created.push_back(detail::Time(write.row.created_at));
        updated.push_back(detail::Time(write.row.updated_at));
    }
    if (ids.empty()) return {};
    pg::Params params;
    keys.AddTo(params);
    params.AddArray(ids).AddArray(names).AddArray(aliases).AddArray(created).AddArray(updated);
    return tx.Send(detail::kWriteContacts, params);
}

Status SendThreads(pg::WriterTx& tx, const std::vector<domain::ThreadWrite>& writes) {
    if (writes.empty()) return {};
    detail::TextKeyArrays keys;
    std::vector<ContactId> contacts;
    std::vector<std::optional<ConversationId>> conversations;
    std::vector<pg::TimestampMs> delivered, read;
    for (const domain::ThreadWrite& write : writes) {
        keys.Add(write.key.tenant, write.key.channel, write.key.thread_key);
        contacts.push_back(write.row.contact);
        conversations.push_back(write.row.conversation);
        delivered.push_back(detail::Time(write.row.delivered_until));
        read.push_back(detail::Time(write.row.read_until));
    }
    pg::Params params;
    keys.AddTo(params);
    params.AddArray(contacts).AddArray(conversations).AddArray(delivered).AddArray(read);
    return tx.Send(detail::kWriteThreads, params);
}

Status SendCounters(pg::WriterTx& tx, const std::vector<ConversationWrite>& writes) {
    if (writes.empty()) return {};
    std::vector<std::int64_t> tenants, last_seqs, versions, inbound, outbound;
    std::vector<ConversationId> ids;
    std::vector<std::int32_t> unread;
    std::vector<pg::TimestampMs> closed;
    std::vector<std::optional<pg::TimestampMs>> first, last;
    std::vector<pg::TimestampMs> delivered, read;
    std::vector<std::int32_t> minutes, rates;
    for (const ConversationWrite& write : writes) {
        tenants.push_back(write.key.tenant.value);
        ids.push_back(write.key.conversation);
        last_seqs.push_back(write.counters.last_seq);
        versions.push_back(write.counters.version);
        unread.push_back(write.counters.unread_count);
        inbound.push_back(write.counters.inbound_count);
        outbound.push_back(write.counters.outbound_count);
        closed.push_back(detail::Time(write.counters.closed_at));
        first.push_back(detail::Time(write.counters.first_message_at));
        last.push_back(detail::Time(write.counters.last_message_at));
        delivered.push_back(detail::Time(write.counters.delivered_until));
        read.push_back(detail::Time(write.counters.read_until));
        minutes.push_back(write.counters.rate_minute);
        rates.push_back(write.counters.rate_count);
    }
    pg::Params params;
    params.AddArray(tenants).AddArray(ids).AddArray(last_seqs).AddArray(versions).AddArray(unread);
    params.AddArray(inbound).AddArray(outbound).AddArray(closed).AddArray(first).AddArray(last);
    params.AddArray(delivered).AddArray(read).AddArray(minutes).AddArray(rates);
    return tx.Send(detail::kWriteCounters, params);
}

// The columns of conversations that a batch writes, as arrays.
struct ConversationArrays {
    std::vector<std::int64_t> tenants, message_counts, versions, preview_seqs;
    std::vector<ConversationId> ids;
    std::vector<ChannelId> channels;
    std::vector<std::string_view> thread_keys, previews;
    std::vector<ContactId> contacts;
    std::vector<std::int16_t> providers, statuses, directions;
    std::vector<std::int32_t> unread;
    std::vector<pg::TimestampMs> activity, created, closed, closed_before;
    std::vector<std::optional<pg::TimestampMs>> customer, agent, snoozes, waiting, reply_until;

    void Add(const ConversationWrite& write);
    pg::Params Rows() const;
    pg::Params Moves() const;

private:
    void AddTimes(pg::Params& params) const;
};

void ConversationArrays::Add(const ConversationWrite& write) {
    tenants.push_back(write.key.tenant.value);
    ids.push_back(write.key.conversation);
    channels.push_back(write.row.channel);
    thread_keys.push_back(write.row.thread_key);
    contacts.push_back(write.row.contact);
    providers.push_back(static_cast<std::int16_t>(write.row.provider));
    statuses.push_back(static_cast<std::int16_t>(write.row.status));
    unread.push_back(write.counters.unread_count);
    message_counts.push_back(write.counters.last_seq);
    previews.push_back(write.row.preview);
    directions.push_back(static_cast<std::int16_t>(write.row.preview_direction));
    activity.push_back(detail::Time(write.row.last_activity_at));
    customer.push_back(detail::Time(write.row.last_customer_at));
    agent.push_back(detail::Time(write.row.last_agent_at));
    created.push_back(detail::Time(write.row.created_at));
    closed.push_back(detail::Time(write.counters.closed_at));
    closed_before.push_back(detail::Time(write.closed_at_before));
    versions.push_back(write.counters.version);
    snoozes.push_back(detail::Time(write.row.snooze_time));
    waiting.push_back(detail::Time(write.row.waiting_since));
    reply_until.push_back(detail::Time(write.row.can_reply_until));
    preview_seqs.push_back(write.row.preview_seq);
}

void ConversationArrays::AddTimes(pg::Params& params) const {
    params.AddArray(snoozes).AddArray(waiting).AddArray(reply_until).AddArray(preview_seqs);
}

pg::Params ConversationArrays::Rows() const {
    pg::Params params;
    params.AddArray(tenants).AddArray(ids).AddArray(channels).AddArray(thread_keys);
    params.AddArray(contacts).AddArray(providers).AddArray(statuses).AddArray(unread);
    params.AddArray(message_counts).AddArray(previews).AddArray(directions).AddArray(activity);
    params.AddArray(customer).AddArray(agent).AddArray(created).AddArray(closed);
    params.AddArray(versions);
    AddTimes(params);
    return params;
}

pg::Params ConversationArrays::Moves() const {
    pg::Params params;
    params.AddArray(tenants).AddArray(ids).AddArray(closed_before).AddArray(closed);
    params.AddArray(contacts).AddArray(statuses).AddArray(unread).AddArray(message_counts);
    params.AddArray(previews).AddArray(directions).AddArray(activity).AddArray(customer);
    params.AddArray(agent).AddArray(versions);
    AddTimes(params);
    return params;
}

// The same with what people and programs made of them.
struct WorkedArrays {
    ConversationArrays rows;
    std::vector<std::int16_t> priorities;
    std::vector<std::optional<AgentId>> assignees;
    std::vector<std::optional<TeamId>> teams;
    std::vector<bool> muted;
    std::vector<std::string> attributes, labels;

    bool empty() const { return rows.ids.empty(); }
    void Add(const ConversationWrite& write, ConversationWork work);
    pg::Params Complete(pg::Params params) const;
};

void WorkedArrays::Add(const ConversationWrite& write, ConversationWork work) {
    rows.Add(write);
    priorities.push_back(work.priority);
    assignees.push_back(work.assignee);
    teams.push_back(work.team);
    muted.push_back(work.muted);
    attributes.push_back(std::move(work.attributes));
    labels.push_back(std::move(work.labels));
}

pg::Params WorkedArrays::Complete(pg::Params params) const {
    const std::vector<pg::Bytes> attribute_bytes = detail::AsBytes(attributes);
    params.AddArray(priorities).AddArray(assignees).AddArray(teams).AddArray(muted);
    params.AddArray(attribute_bytes).AddArray(labels);
    return params;
}

// Moves go first: a reopened conversation leaves its closed leaf before another one of its thread
// could be created.
Status SendConversations(
    pg::WriterTx& tx,
    const std::vector<ConversationWrite>& writes,
    const std::map<domain::ConversationKey, ConversationWork>& work_read
) {
    WorkedArrays created, worked, moved;
    ConversationArrays updated;
    for (const ConversationWrite& write : writes) {
        ConversationWork work = detail::WorkOf(write.row);
        if (write.created) {
            created.Add(write, std::move(work));
        } else if (write.closed_at_before != write.counters.closed_at) {
            moved.Add(write, std::move(work));
        } else {
            const auto before = work_read.find(write.key);
            const bool stays =
                before == work_read.end() ? work == ConversationWork() : work == before->second;
            if (stays) {
                updated.Add(write);
            } else {
                worked.Add(write, std::move(work));
            }
        }
    }
    if (!moved.empty()) {
        const auto params = moved.Complete(moved.rows.Moves());
        UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kMoveConversations, params));
    }
    if (!updated.ids.empty()) {
        UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kUpdateConversations, updated.Rows()));
    }
    if (!worked.empty()) {
        const auto params = worked.Complete(worked.rows.Rows());
        UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kUpdateWorkedConversations, params));
    }
    if (created.empty()) return {};
    return tx.Send(detail::kCreateConversations, created.Complete(created.rows.Rows()));
}

struct MessageArrays {
    std::vector<std::int64_t> tenants, seqs, revisions, versions;
    std::vector<ConversationId> conversations;
    std::vector<pg::TimestampMs> created, received;
    std::vector<MessageId> ids;
    std::vector<ChannelId> channels;
    std::vector<std::int16_t> directions, kinds, states;
    std::vector<std::optional<ContactId>> contacts;
    std::vector<std::string_view> bodies, payloads, reply_tos, provider_ids, client_refs, errors;
    std::vector<std::string> extras, removed_reactions;
    std::vector<std::optional<pg::TimestampMs>> provider_times, edited, deleted;
    std::vector<std::int16_t> author_kinds;
    std::vector<std::optional<Uuid>> authors;
    std::vector<std::string_view> author_names;

    void Add(const MessageWrite& write);
    pg::Params ToParams() const;
};

void MessageArrays::Add(const MessageWrite& write) {
    const domain::MessageRow& row = write.row;
    tenants.push_back(write.tenant.value);
    conversations.push_back(write.position.conversation);
    seqs.push_back(write.position.seq);
    created.push_back(detail::Time(write.position.created_at));
    ids.push_back(row.id);
    channels.push_back(row.channel);
    directions.push_back(static_cast<std::int16_t>(row.direction));
    kinds.push_back(static_cast<std::int16_t>(row.kind));
    contacts.push_back(row.contact);
    bodies.push_back(row.body);
    payloads.push_back(row.payload);
    extras.push_back(domain::EncodeExtras(row));
    removed_reactions.push_back(domain::EncodeRemovedReactions(row));
    reply_tos.push_back(row.reply_to);
    provider_ids.push_back(row.provider_id);
    client_refs.push_back(row.client_ref);
    states.push_back(static_cast<std::int16_t>(row.delivery_state));
    errors.push_back(row.delivery_error);
    provider_times.push_back(detail::Time(row.provider_time));
    received.push_back(detail::Time(row.received_at));
    edited.push_back(detail::Time(row.edited_at));
    revisions.push_back(row.edit_revision);
    deleted.push_back(detail::Time(row.deleted_at));
    versions.push_back(row.version);
    const domain::ActorColumns author = domain::ColumnsOf(row.author);
    author_kinds.push_back(author.kind);
    authors.push_back(author.id);
    author_names.push_back(author.name);
}

pg::Params MessageArrays::ToParams() const {
    const std::vector<pg::Bytes> extra_bytes = detail::AsBytes(extras);
    const std::vector<pg::Bytes> removed_bytes = detail::AsBytes(removed_reactions);
    pg::Params params;
    params.AddArray(tenants).AddArray(conversations).AddArray(seqs).AddArray(created);
    params.AddArray(ids).AddArray(channels).AddArray(directions).AddArray(kinds);
    params.AddArray(contacts).AddArray(bodies).AddArray(payloads).AddArray(extra_bytes);
    params.AddArray(reply_tos).AddArray(provider_ids).AddArray(client_refs).AddArray(states);
    params.AddArray(errors).AddArray(provider_times).AddArray(received).AddArray(edited);
    params.AddArray(revisions).AddArray(deleted).AddArray(versions).AddArray(removed_bytes);
    return params.AddArray(author_kinds).AddArray(authors).AddArray(author_names);
}

Status SendMessages(pg::WriterTx& tx, const std::vector<MessageWrite>& writes) {
    MessageArrays created, texts, reactions, deliveries;
    for (const MessageWrite& write : writes) {
        if (write.created) {
            created.Add(write);
        } else if (write.text_changed) {
            texts.Add(write);
        } else {
            (write.reactions_changed ? reactions : deliveries).Add(write);
        }
    }
    const auto send = [&tx](const pg::Statement& statement, const MessageArrays& arrays) {
        return arrays.ids.empty() ? Status() : tx.Send(statement, arrays.ToParams());
    };
    UNIBOX_RETURN_IF_ERROR(send(detail::kInsertMessages, created));
    UNIBOX_RETURN_IF_ERROR(send(detail::kUpdateTexts, texts));
    UNIBOX_RETURN_IF_ERROR(send(detail::kUpdateReactions, reactions));
    return send(detail::kUpdateDeliveries, deliveries);
}

Status SendRefs(pg::WriterTx& tx, const std::vector<domain::RefWrite>& writes) {
    if (writes.empty()) return {};
    detail::EventRefArrays keys;
    std::vector<std::optional<ConversationId>> conversations;
    std::vector<std::optional<std::int64_t>> seqs;
    std::vector<std::optional<pg::TimestampMs>> created;
    for (const domain::RefWrite& write : writes) {
        keys.Add(write.ref);
        const auto& position = write.position;
        conversations.push_back(position ? std::optional(position->conversation) : std::nullopt);
        seqs.push_back(position ? std::optional(position->seq) : std::nullopt);
        created.push_back(
            position ? std::optional(detail::Time(position->created_at)) : std::nullopt
        );
    }
    pg::Params params;
    keys.AddTo(params);
    params.AddArray(conversations).AddArray(seqs).AddArray(created);
    return tx.Send(detail::kInsertRefs, params);
}

Status SendParked(pg::WriterTx& tx, const domain::Effects& effects) {
    if (!effects.unparks.empty()) {
        detail::EventRefArrays targets;
        std::vector<EventKey> keys;
        for (const auto& [target, key] : effects.unparks) {
            targets.Add(target);
            keys.push_back(key);
        }
        pg::Params params;
        targets.AddTo(params);
        UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kDeleteParked, params.AddArray(keys)));
    }
    if (effects.parks.empty()) return {};
    detail::EventRefArrays targets;
    std::vector<EventKey> keys;
    std::vector<std::string> events;
    for (const domain::ParkWrite& write : effects.parks) {
        targets.Add(write.target);
        keys.push_back(write.parked.event_key);
        events.push_back(write.parked.event.SerializeAsString());
    }
    const std::vector<pg::Bytes> event_bytes = detail::AsBytes(events);
    pg::Params params;
    targets.AddTo(params);
    return tx.Send(detail::kInsertParked, params.AddArray(keys).AddArray(event_bytes));
}

Status SendDeadLetters(pg::WriterTx& tx, std::span<const DeadLetterWrite> letters) {
    if (letters.empty()) return {};
    std::vector<std::int32_t> generations, partitions;
    std::vector<std::int64_t> seqs;
    std::vector<pg::Bytes> events;
    std::vector<std::string_view> states, errors;
    for (const DeadLetterWrite& letter : letters) {
        generations.push_back(letter.id.generation);
        partitions.push_back(letter.id.partition);
        seqs.push_back(letter.stream_seq);
        events.push_back(pg::Bytes{letter.event});
        states.push_back(letter.sqlstate);
        errors.push_back(letter.error);
    }
    pg::Params params;
    params.AddArray(generations).AddArray(partitions).AddArray(seqs).AddArray(events);
    return tx.Send(detail::kInsertDeadLetters, params.AddArray(states).AddArray(errors));
}

Status SendAcknowledged(pg::WriterTx& tx, std::span<const OutboxId> rows) {
    if (rows.empty()) return {};
    return tx.Send(detail::kDeleteOutbox, detail::OutboxIdArrays(rows));
}

Status SendOutbox(pg::WriterTx& tx, const std::vector<domain::OutboxWrite>& writes) {
    std::vector<std::int32_t> shards;
    std::vector<std::int16_t> targets;
    std::vector<std::string> batches;
    for (const domain::OutboxWrite& write : writes) {
        shards.push_back(write.shard.number());
        targets.push_back(static_cast<std::int16_t>(write.target));
        batches.push_back(write.batch.SerializeAsString());
    }
    const std::vector<pg::Bytes> batch_bytes = detail::AsBytes(batches);
    pg::Params params;
    return tx.Send(
        detail::kInsertOutbox, params.AddArray(shards).AddArray(targets).AddArray(batch_bytes)
    );
}

}  // namespace

Result<CommittedBatch> BatchTx::Commit(const domain::Effects& effects, const BatchExtras& extras) {
    UNIBOX_RETURN_IF_ERROR(SendContacts(tx_, effects.contacts));
    UNIBOX_RETURN_IF_ERROR(SendThreads(tx_, effects.threads));
    UNIBOX_RETURN_IF_ERROR(SendCounters(tx_, effects.conversations));
    UNIBOX_RETURN_IF_ERROR(SendConversations(tx_, effects.conversations, work_read_));
    UNIBOX_RETURN_IF_ERROR(SendMessages(tx_, effects.messages));
    UNIBOX_RETURN_IF_ERROR(SendRefs(tx_, effects.refs));
    UNIBOX_RETURN_IF_ERROR(SendParked(tx_, effects));
    UNIBOX_RETURN_IF_ERROR(detail::WriteForCommands(tx_, effects));
    UNIBOX_RETURN_IF_ERROR(detail::WriteCounts(tx_, fenced_shard_, effects));
    UNIBOX_RETURN_IF_ERROR(SendDeadLetters(tx_, extras.dead_letters));
    UNIBOX_RETURN_IF_ERROR(SendAcknowledged(tx_, extras.acknowledged));
    // Last, so that its rows are the last result.
    if (!effects.outbox.empty()) UNIBOX_RETURN_IF_ERROR(SendOutbox(tx_, effects.outbox));
    UNIBOX_ASSIGN_OR_RETURN(
        std::vector<pg::Rows> results,
        of_slot_ ? tx_.CommitThen(detail::kConsistencyToken, {}) : tx_.Commit()
    );
    CommittedBatch committed;
    if (of_slot_) {
        const pg::Rows& token = results.back();
        if (!token.empty()) committed.consistency_token = token[0].Text(0);
        results.pop_back();
    }
    if (effects.outbox.empty()) return committed;
    for (const pg::Row row : results.back()) committed.outbox.push_back(detail::OutboxIdOf(row));
    return committed;
}

}  // namespace unibox::store
