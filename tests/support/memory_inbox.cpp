#include "support/memory_inbox.hpp"

#include "base/strings.hpp"
#include "decide/message_changes.hpp"
#include "support/command_builder.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace unibox::test {
namespace {

void Refuse(bool condition, const char* what) {
    if (condition) throw std::logic_error(what);
}

// Exactly one for each command, in their order.
void CheckAnswers(const std::vector<domain::BatchItem>& batch, const domain::Effects& effects) {
    std::vector<std::size_t> commands, answered;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (std::holds_alternative<writer::v1::Command>(batch[i].input)) commands.push_back(i);
    }
    for (const auto& answer : effects.answers) answered.push_back(answer.input);
    Refuse(commands != answered, "not one answer for each command");
}

}  // namespace

domain::ShardId ShardOf(const event::v1::InboundEvent& event) {
    const std::uint32_t hash = Fnv1a32(event.channel_id() + event.thread_key());
    return domain::ShardId::OfPartition(1, static_cast<std::int32_t>(hash % 3));
}

std::vector<domain::BatchItem> ToBatch(const std::vector<event::v1::InboundEvent>& events) {
    std::vector<domain::BatchItem> batch;
    batch.reserve(events.size());
    for (const auto& event : events) batch.push_back({ShardOf(event), event});
    return batch;
}

domain::Effects MemoryInbox::Commit(const std::vector<event::v1::InboundEvent>& events) {
    return CommitAll(ToBatch(events));
}

domain::Effects MemoryInbox::CommitAll(const std::vector<domain::BatchItem>& batch) {
    domain::Effects effects = decide::Decide(batch, Read(decide::Plan(batch)), limits);
    Refuse(effects.input_count != batch.size(), "not all of a small batch");
    CheckAnswers(batch, effects);
    Write(effects);
    return effects;
}

domain::CommandAnswer MemoryInbox::Do(const writer::v1::Command& command) {
    return CommitAll({{kCommandShard, command}}).answers.at(0);
}

void MemoryInbox::Close(const domain::ThreadKey& thread, std::int64_t closed_at) {
    const auto at = threads.find(thread);
    if (at == threads.end() || !at->second.conversation) return;
    const domain::ConversationKey key{thread.tenant, *at->second.conversation};
    const auto& counter = counters.at(key);
    if (counter.closed_at != domain::kInfinity) return;
    CommandBuilder close(key);
    close.Status(v1::CONVERSATION_STATUS_CLOSED).At(closed_at);
    const Uuid id = DeterministicUuidV7(closed_at + counter.version, key.conversation.value.bytes);
    close.command.mutable_header()->set_command_id(id.ToBytes());  // the same in every inbox
    const std::int64_t now = std::exchange(now_ms, closed_at);
    Refuse(Do(close).kept.code() != 0, "an open conversation cannot be closed");
    now_ms = now;
}

domain::BatchState MemoryInbox::Read(const domain::BatchPlan& plan) {
    domain::BatchState state;
    state.now_ms = now_ms;
    state.feed_epoch = std::string(16, 'e');
    ReadThreads(plan, &state);
    for (const auto& ref : plan.event_refs) {
        if (const auto at = refs.find(ref); at != refs.end()) state.refs.insert(*at);
    }
    ReadTargets(plan, &state);
    for (const auto& target : plan.target_refs) {
        const auto at = parked.find(target);
        if (at == parked.end()) continue;
        domain::ParkedLoad& load = state.parked_loads[target];
        for (const auto& [key, row] : at->second) {
            ++load.count;
            load.bytes += static_cast<std::int64_t>(row.event.ByteSizeLong());
        }
    }
    for (const auto& target : plan.parked_targets) {
        const auto at = parked.find(target);
        if (at == parked.end()) continue;
        for (const auto& [key, row] : at->second) state.parked[target].push_back(row);
    }
    for (const auto& channel : plan.channels) {
        const auto at = channels.find(channel);
        if (at != channels.end()) state.channels.insert(*at);
    }
    ReadCommands(plan, &state);
    ReadNamedContacts(plan, &state);
    ReadSurvivors(&state);
    return state;
}

void MemoryInbox::ReadNamedContacts(const domain::BatchPlan& plan, domain::BatchState* state) {
    for (const auto& [key, row] : contacts) {
        const auto named = plan.contact_ids.find({key.tenant, row.id});
        bool wanted = named != plan.contact_ids.end();
        if (row.merged_into) {
            const auto into = plan.contact_ids.find({key.tenant, *row.merged_into});
            wanted = wanted || (into != plan.contact_ids.end() && into->second);
        }
        if (!wanted) continue;
        domain::ContactRow& read = state->contacts[key] = row;
        read.more_channels.clear();
        for (const auto& [other_key, other] : contacts) {
            const bool is_its = other_key.tenant == key.tenant && other.merged_into == row.id;
            if (is_its) read.more_channels.push_back(other_key.channel);
        }
    }
}

void MemoryInbox::ReadSurvivors(domain::BatchState* state) {
    const auto read = state->contacts;
    for (const auto& [key, row] : read) {
        if (row.merged_into) ReadContact(key.tenant, *row.merged_into, state);
    }
}

const domain::ContactRow& MemoryInbox::ContactOf(TenantId tenant, const ContactId& id) const {
    for (const auto& [key, row] : contacts) {
        if (key.tenant != tenant || row.id != id) continue;
        return row.merged_into ? ContactOf(tenant, *row.merged_into) : row;
    }
    throw std::logic_error("no such contact");
}

void MemoryInbox::ReadCommands(const domain::BatchPlan& plan, domain::BatchState* state) {
    for (const auto& key : plan.conversations) {
        ReadConversation(key, state);
        const auto row = conversations.find(key);
        if (row == conversations.end()) continue;
        state->threads.insert(
            *threads.find({key.tenant, row->second.channel, row->second.thread_key})
        );
        const auto channel = channels.find({key.tenant, row->second.channel});
        if (channel != channels.end()) state->channels.insert(*channel);
    }
    ReadNamedMessages(plan, state);
    for (const auto& key : plan.agents) {
        if (const auto at = agents.find(key); at != agents.end()) state->agents.insert(*at);
    }
    for (const auto& key : plan.teams) {
        if (const auto at = teams.find(key); at != teams.end()) state->teams.insert(*at);
    }
    for (const auto& key : plan.request_keys) {
        const auto at = request_keys.find(key);
        if (at != request_keys.end()) state->kept_requests.insert(*at);
    }
}

void MemoryInbox::ReadNamedMessages(const domain::BatchPlan& plan, domain::BatchState* state) {
    for (const auto& ref : plan.messages) {
        const MessageKey from{
            ref.conversation.tenant,
            {ref.conversation.conversation, ref.seq, domain::kMinusInfinity}};
        const auto at = messages.lower_bound(from);
        if (at == messages.end() || at->first.first != from.first) continue;
        const domain::MessagePosition& position = at->first.second;
        if (position.conversation != from.second.conversation || position.seq != ref.seq) continue;
        state->message_refs.emplace(ref, position);
        domain::MessageRow& row = state->messages[at->first];
        row = at->second;
        row.body.clear();  // never read
    }
}

void MemoryInbox::ReadThreads(const domain::BatchPlan& plan, domain::BatchState* state) {
    for (const auto& [key, contact] : plan.contacts) {
        domain::ContactRow row;
        row.id = contact.id;
        row.display_name = contact.display_name;
        row.aliases = contact.aliases;
        row.created_at = contact.created_at;
        row.updated_at = contact.created_at;
        contacts.emplace(key, std::move(row));
        state->contacts.insert(*contacts.find(key));
    }
    for (const auto& [key, thread] : plan.threads) {
        const auto& contact = contacts.at({key.tenant, key.channel, thread.contact_key});
        domain::ThreadRow row;
        row.contact = contact.id;
        threads.emplace(key, row);
        const auto& stored = *threads.find(key);
        state->threads.insert(stored);
        ReadContact(key.tenant, stored.second.contact, state);
        if (stored.second.conversation) {
            ReadConversation({key.tenant, *stored.second.conversation}, state);
        }
    }
}

void MemoryInbox::ReadTargets(const domain::BatchPlan& plan, domain::BatchState* state) {
    for (const auto& ref : plan.target_refs) {
        const auto at = refs.find(ref);
        if (at == refs.end()) continue;
        state->refs.insert(*at);
        if (!at->second) continue;
        ReadConversation({ref.tenant, at->second->conversation}, state);
        const auto message = messages.find({ref.tenant, *at->second});
        if (message == messages.end()) continue;
        domain::MessageRow& row = state->messages[message->first];
        row = message->second;
        row.body.clear();  // never read
        const bool wanted = std::count(plan.content_refs.begin(), plan.content_refs.end(), ref) > 0;
        if (wanted) continue;
        row.payload.clear();
        row.attachments.clear();
        row.reactions.clear();
        row.removed_reactions.clear();
        row.has_contents = false;
    }
}

void MemoryInbox::ReadConversation(const domain::ConversationKey& key, domain::BatchState* state) {
    const auto counter = counters.find(key);
    if (counter != counters.end()) state->counters.insert(*counter);
    const auto row = conversations.find(key);
    if (row == conversations.end()) return;
    state->conversations.insert(*row);
    ReadContact(key.tenant, row->second.contact, state);
}

void MemoryInbox::ReadContact(TenantId tenant, const ContactId& id, domain::BatchState* state) {
    for (const auto& contact : contacts) {
        if (contact.first.tenant == tenant && contact.second.id == id)
            state->contacts.insert(contact);
    }
}

void MemoryInbox::Write(const domain::Effects& effects) {
    for (const auto& write : effects.contacts) contacts.at(write.key) = write.row;
    for (const auto& write : effects.threads) threads.at(write.key) = write.row;
    WriteConversations(effects);
    WriteMessages(effects);
    WriteRefs(effects);
    WriteCommands(effects);
    WriteCounts(effects);
    for (const auto& write : effects.outbox) {
        Refuse(write.batch.entries().empty(), "an empty outbox batch");
        if (write.target != domain::OutboxTarget::kFeed) {
            Queue(write);
            continue;
        }
        for (const auto& entry : write.batch.entries()) Publish(write.shard, entry);
    }
}

void MemoryInbox::WriteCounts(const domain::Effects& effects) {
    for (const auto& [key, tally] : effects.tallies) {
        Refuse(tally == domain::Tally{}, "a count that stays");
        domain::Tally& stored = tallies[key];
        stored += tally;
        if (stored == domain::Tally{}) tallies.erase(key);
    }
    for (const auto& [key, volume] : effects.volumes) {
        Refuse(volume == domain::Volume{}, "an hour without anything");
        volumes[key] += volume;
    }
}

void MemoryInbox::WriteCommands(const domain::Effects& effects) {
    for (const auto& write : effects.request_keys) {
        const bool is_new =
            request_keys.emplace(write.key, domain::KeptRequest{write.digest, write.answer}).second;
        Refuse(!is_new, "unique violation in request_keys");
    }
    for (const auto& write : effects.audit) {
        Refuse(write.changes.changes().empty(), "an audit row without changes");
        const bool twice = std::any_of(audit.begin(), audit.end(), [&](const auto& row) {
            return row.tenant == write.tenant && row.at == write.at && row.command == write.command;
        });
        Refuse(twice, "unique violation in command_audit");
        audit.push_back(write);
    }
    for (const auto& write : effects.snoozes) {
        const std::pair row(write.conversation, write.snooze_time);
        if (write.added) {
            Refuse(!snoozes.insert(row).second, "unique violation in snoozes");
        } else {
            snoozes.erase(row);
        }
    }
}

void MemoryInbox::Queue(const domain::OutboxWrite& write) {
    Refuse(!write.batch.feed_epoch().empty(), "a job of a feed epoch");
    for (const auto& entry : write.batch.entries()) {
        event::v1::SendJob job;
        Refuse(!job.ParseFromString(entry.payload()), "not a SendJob");
        jobs.push_back({write.shard, write.target, entry, std::move(job)});
    }
}

// Those that are there go first, as in the SQL: one that is closed makes room for another one.
void MemoryInbox::WriteConversations(const domain::Effects& effects) {
    for (const bool created : {false, true}) {
        for (const auto& write : effects.conversations) {
            if (write.created == created) WriteConversation(write);
        }
    }
}

void MemoryInbox::WriteConversation(const domain::ConversationWrite& write) {
    const bool exists = counters.contains(write.key);
    Refuse(write.created == exists, "a conversation created twice, or changed but absent");
    if (exists) {
        Refuse(write.closed_at_before != counters.at(write.key).closed_at, "not in this leaf");
        Refuse(counters.at(write.key).version >= write.counters.version, "no new version");
    }
    const bool closed = write.counters.closed_at != domain::kInfinity;
    Refuse(closed != (write.row.status == v1::CONVERSATION_STATUS_CLOSED), "closed or not?");
    if (!closed) CheckOneOpenConversation(write);
    counters[write.key] = write.counters;
    conversations[write.key] = write.row;
}

void MemoryInbox::CheckOneOpenConversation(const domain::ConversationWrite& write) const {
    for (const auto& [key, row] : conversations) {
        const bool same_thread = key.tenant == write.key.tenant &&
                                 row.channel == write.row.channel &&
                                 row.thread_key == write.row.thread_key;
        const bool open = counters.at(key).closed_at == domain::kInfinity;
        Refuse(same_thread && open && key != write.key, "two open conversations in a thread");
    }
}

// What the statements for a message that is there write.
domain::MessageRow MemoryInbox::Merged(const domain::MessageWrite& write) const {
    if (write.created) return write.row;
    domain::MessageRow row = messages.at({write.tenant, write.position});
    row.delivery_state = write.row.delivery_state;
    row.delivery_error = write.row.delivery_error;
    row.version = write.row.version;
    if (write.text_changed || write.reactions_changed) {
        Refuse(!write.row.has_contents, "contents written that were not read");
        row.attachments = write.row.attachments;
        row.reactions = write.row.reactions;
        row.removed_reactions = write.row.removed_reactions;
    }
    if (!write.text_changed) return row;
    row.body = write.row.body;
    row.payload = write.row.payload;
    row.context = write.row.context;
    row.message_template = write.row.message_template;
    row.edited_at = write.row.edited_at;
    row.edit_revision = write.row.edit_revision;
    row.deleted_at = write.row.deleted_at;
    return row;
}

void MemoryInbox::WriteMessages(const domain::Effects& effects) {
    for (const auto& write : effects.messages) {
        const MessageKey key{write.tenant, write.position};
        Refuse(messages.contains(key) == write.created, "a message created twice, or absent");
        messages[key] = Merged(write);
    }
}

void MemoryInbox::WriteRefs(const domain::Effects& effects) {
    for (const auto& write : effects.refs) {
        Refuse(!refs.emplace(write.ref, write.position).second, "unique violation in ext_ref");
    }
    for (const auto& [target, event_key] : effects.unparks) {
        Refuse(parked[target].erase(event_key) != 1, "unparked what was not parked");
        if (parked[target].empty()) parked.erase(target);
    }
    for (const auto& write : effects.parks) {
        parked[write.target].emplace(write.parked.event_key, write.parked);
    }
}

void MemoryInbox::Publish(domain::ShardId shard, event::v1::OutboxEntry entry) {
    event::v1::FeedEvent event;
    Refuse(!event.ParseFromString(entry.payload()), "not a FeedEvent");
    outbox.push_back({shard, std::move(entry), std::move(event)});
}

std::vector<const event::v1::FeedEvent*> MemoryInbox::FeedOf(const ConversationId& conversation
) const {
    const std::string id = conversation.value == Uuid{} ? "" : conversation.ToString();
    std::vector<const event::v1::FeedEvent*> events;
    for (const Published& published : outbox) {
        if (published.event.conversation_id() == id) events.push_back(&published.event);
    }
    return events;
}

std::map<domain::ShardId, std::vector<std::string>> MemoryInbox::FeedByShard() const {
    std::map<domain::ShardId, std::vector<std::string>> feed;
    for (const Published& published : outbox) {
        feed[published.shard].push_back(published.entry.SerializeAsString());
    }
    return feed;
}

const domain::ConversationRow& MemoryInbox::conversation(const ConversationId& id) const {
    for (const auto& [key, row] : conversations) {
        if (key.conversation == id) return row;
    }
    throw std::logic_error("no such conversation");
}

ConversationId MemoryInbox::Latest(
    std::int64_t tenant, const ChannelId& channel, const std::string& thread_key
) const {
    const auto& row = threads.at({TenantId{tenant}, channel, thread_key});
    Refuse(!row.conversation, "the thread has no conversation");
    return *row.conversation;
}

domain::MessageRow MemoryInbox::AsShown(const MessageKey& key) const {
    domain::MessageRow row = messages.at(key);
    const auto& marks = counters.at({key.first, key.second.conversation});
    decide::ApplyMarks(marks, key.second.created_at, &row);
    return row;
}

v1::DeliveryState MemoryInbox::StateOf(const std::string& provider_id) const {
    for (const auto& [key, row] : messages) {
        if (row.provider_id == provider_id) return AsShown(key).delivery_state;
    }
    throw std::logic_error("no message with this provider id");
}

const domain::MessageRow& MemoryInbox::MessageByProviderId(const std::string& provider_id) const {
    const domain::MessageRow* found = nullptr;
    for (const auto& [key, row] : messages) {
        if (row.provider_id != provider_id) continue;
        Refuse(found != nullptr, "two messages with this provider id");
        found = &row;
    }
    Refuse(found == nullptr, "no message with this provider id");
    return *found;
}

}  // namespace unibox::test
