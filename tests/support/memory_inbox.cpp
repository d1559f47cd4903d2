#include "support/memory_inbox.hpp"

#include "base/strings.hpp"
#include "decide/message_changes.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace unibox::test {
namespace {

void Refuse(bool condition, const char* what) {
    if (condition) throw std::logic_error(what);
}

std::string Text(const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "-";
}

std::string Text(const std::optional<domain::MessagePosition>& position) {
    if (!position) return "-";
    return position->conversation.ToString() + "/" + std::to_string(position->seq) + "@" +
           std::to_string(position->created_at);
}

void DumpMessage(const domain::MessageRow& row, std::ostream& out) {
    out << row.id.ToString() << ' ' << row.direction << ' ' << row.kind << ' ' << row.body << '|'
        << row.payload << '|' << row.delivery_state << ' ' << row.delivery_error << ' '
        << Text(row.provider_time) << ' ' << row.received_at << ' ' << Text(row.edited_at) << ' '
        << row.edit_revision << ' ' << Text(row.deleted_at) << " v" << row.version << ' '
        << (row.contact ? row.contact->ToString() : "-");
    for (const auto& reaction : row.reactions) out << " {" << reaction.ShortDebugString() << '}';
    for (const auto& reaction : row.removed_reactions)
        out << " -{" << reaction.ShortDebugString() << '}';
    for (const auto& attachment : row.attachments)
        out << " [" << attachment.ShortDebugString() << ']';
    out << '\n';
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
    const auto batch = ToBatch(events);
    domain::Effects effects = decide::Decide(batch, Read(decide::Plan(batch)));
    Refuse(effects.input_count != events.size(), "not all of a small batch");
    Write(effects);
    return effects;
}

void MemoryInbox::Close(const domain::ThreadKey& thread, std::int64_t closed_at) {
    const auto at = threads.find(thread);
    if (at == threads.end() || !at->second.conversation) return;
    const domain::ConversationKey key{thread.tenant, *at->second.conversation};
    auto& counter = counters.at(key);
    if (counter.closed_at != domain::kInfinity) return;
    counter.closed_at = closed_at;
    ++counter.version;
    conversations.at(key).status = v1::CONVERSATION_STATUS_CLOSED;
    event::v1::FeedEvent event;
    event.set_conversation_id(key.conversation.ToString());
    event.set_version(counter.version);
    event.mutable_conversation_updated();
    event::v1::OutboxEntry entry;
    entry.set_payload(event.SerializeAsString());
    Publish(domain::ShardId::OfSlot(0), std::move(entry));
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
        const auto at = reopen_window_ms.find(channel);
        if (at != reopen_window_ms.end()) state.reopen_window_ms.insert(*at);
    }
    return state;
}

void MemoryInbox::ReadThreads(const domain::BatchPlan& plan, domain::BatchState* state) {
    for (const auto& [key, contact] : plan.contacts) {
        contacts.emplace(
            key,
            domain::ContactRow{
                contact.id,
                contact.display_name,
                contact.aliases,
                contact.created_at,
                contact.created_at}
        );
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
    for (const auto& write : effects.outbox) {
        Refuse(write.batch.entries().empty(), "an empty outbox batch");
        for (const auto& entry : write.batch.entries()) Publish(write.shard, entry);
    }
}

void MemoryInbox::WriteConversations(const domain::Effects& effects) {
    for (const auto& write : effects.conversations) {
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

std::string MemoryInbox::Dump() const {
    std::ostringstream out;
    for (const auto& [key, row] : contacts) {
        out << "contact " << key.tenant.value << ' ' << key.contact_key << ' ' << row.id.ToString()
            << ' ' << row.display_name << ' ' << row.updated_at << '\n';
    }
    for (const auto& [key, row] : threads) {
        out << "thread " << key.tenant.value << ' ' << key.thread_key << ' '
            << row.contact.ToString() << ' '
            << (row.conversation ? row.conversation->ToString() : "-") << ' ' << row.delivered_until
            << ' ' << row.read_until << '\n';
    }
    for (const auto& [key, row] : conversations) {
        const auto& counter = counters.at(key);
        out << "conversation " << key.conversation.ToString() << ' ' << row.thread_key << ' '
            << row.status << ' ' << row.preview << '|' << row.preview_direction << ' '
            << row.last_activity_at << ' ' << Text(row.last_customer_at) << ' '
            << Text(row.last_agent_at) << ' ' << row.created_at << ' ' << counter.last_seq << " v"
            << counter.version << ' ' << counter.unread_count << ' ' << counter.inbound_count << ' '
            << counter.outbound_count << ' ' << counter.closed_at << ' '
            << Text(counter.first_message_at) << ' ' << Text(counter.last_message_at) << ' '
            << counter.delivered_until << ' ' << counter.read_until << '\n';
    }
    for (const auto& [key, row] : messages) {
        out << "message " << Text(key.second) << ' ';
        DumpMessage(row, out);
    }
    for (const auto& [ref, position] : refs) {
        out << "ref " << ref.key.ToString() << ' ' << Text(position) << '\n';
    }
    for (const auto& [target, waiting] : parked) {
        for (const auto& [key, row] : waiting) {
            out << "parked " << target.key.ToString() << ' ' << key.ToString() << '\n';
        }
    }
    return out.str();
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
