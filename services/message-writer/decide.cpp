#include "message-writer/decide.hpp"

#include "base/assert.hpp"
#include "domain/inbound_event.hpp"
#include "message-writer/decider.hpp"
#include "message-writer/derived_ids.hpp"
#include "message-writer/message_changes.hpp"
#include "message-writer/text.hpp"

#include <algorithm>
#include <limits>

namespace unibox::writer {
namespace {

using domain::ContactKey;
using domain::ContactRow;
using domain::ConversationKey;
using domain::ConversationWrite;
using domain::CounterRow;
using domain::EventRef;
using domain::MessagePosition;
using domain::MessageWrite;
using domain::ThreadKey;
using domain::ThreadRow;
using event::v1::InboundEvent;

bool IsClosed(const CounterRow& counters) {
    return counters.closed_at != domain::kInfinity;
}

}  // namespace

void Decider::Apply(const domain::BatchEvent& item) {
    if (!domain::Validate(item.event).ok()) {
        ++effects_.ignored_count;
        return;
    }
    const Cause cause{item.shard, &item.event, EventIdsOf(item.event)};
    switch (item.event.body_case()) {
        case InboundEvent::kMessage:
            return OnMessage(cause);
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction:
            return OnChange(cause);
        case InboundEvent::kReceipt:
            return OnReceipt(cause);
        case InboundEvent::kControl:
            return OnControl(cause);
        case InboundEvent::kTyping:
            return feed_.TypingReceived(cause);
        case InboundEvent::BODY_NOT_SET:
            break;
    }
    ++effects_.ignored_count;
}

// Of what is no valid event nothing is read, and nothing is applied.
bool Decider::HasStateFor(const domain::BatchEvent& item) const {
    return StateWasRead(item.event) || !domain::Validate(item.event).ok();
}

bool Decider::StateWasRead(const InboundEvent& event) const {
    const EventIds ids = EventIdsOf(event);
    switch (event.body_case()) {
        case InboundEvent::kMessage: {
            const EventRef own{ids.tenant, ids.channel, ids.key};
            return !state_.parked_unread.contains(own) || state_.refs.contains(own);
        }
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction:
            break;
        default:
            return true;
    }
    const auto ref = state_.refs.find({ids.tenant, ids.channel, ids.target});
    if (ref == state_.refs.end() || !ref->second) return true;
    const MessageKey key{ids.tenant, *ref->second};
    if (const auto at = messages_.find(key); at != messages_.end()) {
        return at->second.write.row.has_contents;
    }
    const auto at = state_.messages.find(key);
    return at == state_.messages.end() || at->second.has_contents;
}

// ---------------------------------------------------------------- messages

void Decider::OnMessage(const Cause& cause) {
    const EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (WasSeen(own)) return;
    const ContactRow& author = UpdateContact(cause);
    ThreadRow& thread = ThreadOf({own.tenant, own.channel, cause.event->thread_key()});
    WorkingConversation& conversation = ConversationFor(cause, &thread);

    const bool inbound = cause.event->message().direction() == v1::DIRECTION_INBOUND;
    auto& row = conversation.write.row;
    auto& counters = conversation.write.counters;
    const bool reopened =
        inbound && (IsClosed(counters) || row.status == v1::CONVERSATION_STATUS_SNOOZED);
    if (reopened) {
        row.status = v1::CONVERSATION_STATUS_OPEN;
        counters.closed_at = domain::kInfinity;
    }
    const WorkingMessage& message = AppendMessage(cause, thread, author, &conversation);
    const MessagePosition position = message.write.position;
    Remember(own, position);
    ++effects_.message_count;
    feed_.MessageCreated(cause, ViewOf(conversation), message.write, reopened);
    ApplyParked(cause, own, position);
}

const ContactRow& Decider::UpdateContact(const Cause& cause) {
    const ContactKey key{cause.ids.tenant, cause.ids.channel, ContactKeyOf(*cause.event)};
    const auto at = state_.contacts.find(key);
    UNIBOX_ASSERT(at != state_.contacts.end());
    ContactRow& contact =
        !at->second.moved ? at->second
                          : state_.contacts.at(*contacts_by_id_.at({key.tenant, at->second.id}));
    bool changed = AddAliases(*cause.event, &contact.aliases);
    if (std::string name = DisplayNameOf(*cause.event);
        !name.empty() && name != contact.display_name) {
        contact.display_name = std::move(name);
        changed = true;
    }
    if (changed) {
        contact.updated_at = std::max(contact.updated_at, cause.event->receive_time_ms());
        changed_contacts_.insert(&contact);
    }
    return contact;
}

ThreadRow& Decider::ThreadOf(const ThreadKey& key) {
    const auto at = state_.threads.find(key);
    UNIBOX_ASSERT(at != state_.threads.end());
    return at->second;
}

// The conversation that takes this message: the open one; the closed one within the channel's
// window (a customer's message reopens it, an echo is only appended); else a new one. A window of 0
// means that a customer's message never reopens.
Decider::WorkingConversation& Decider::ConversationFor(const Cause& cause, ThreadRow* thread) {
    WorkingConversation* latest = nullptr;
    if (thread->conversation) {
        latest = FindConversation({cause.ids.tenant, *thread->conversation});
    }
    if (latest == nullptr) return BeginConversation(cause, thread);
    if (!IsClosed(latest->write.counters)) return *latest;
    const auto at = state_.reopen_window_ms.find({cause.ids.tenant, cause.ids.channel});
    const std::int64_t window_ms =
        at == state_.reopen_window_ms.end() ? kReopenWindowDefaultMs : at->second;
    const std::int64_t closed_for_ms = CreatedAtOf(*cause.event) - latest->write.counters.closed_at;
    const bool inbound = cause.event->message().direction() == v1::DIRECTION_INBOUND;
    const bool never = inbound && window_ms == 0;
    if (!never && closed_for_ms <= window_ms) return *latest;
    return BeginConversation(cause, thread);
}

Decider::WorkingConversation& Decider::BeginConversation(const Cause& cause, ThreadRow* thread) {
    const std::int64_t created_at = CreatedAtOf(*cause.event);
    const ConversationKey key{cause.ids.tenant, ConversationIdOf(created_at, cause.ids.key)};
    thread->conversation = key.conversation;
    changed_threads_.insert(thread);
    WorkingConversation& conversation = conversations_[key];
    ConversationWrite& write = conversation.write;
    write.key = key;
    write.created = true;
    write.row.channel = cause.ids.channel;
    write.row.thread_key = cause.event->thread_key();
    write.row.contact = thread->contact;
    write.row.provider = cause.event->provider();
    write.row.status = v1::CONVERSATION_STATUS_OPEN;
    write.row.last_activity_at = created_at;
    write.row.created_at = created_at;
    return conversation;
}

Decider::WorkingMessage& Decider::AppendMessage(
    const Cause& cause,
    const ThreadRow& thread,
    const ContactRow& author,
    WorkingConversation* conversation
) {
    const std::int64_t created_at = CreatedAtOf(*cause.event);
    CounterRow& counters = conversation->write.counters;
    MessageWrite write;
    write.tenant = cause.ids.tenant;
    write.position = {conversation->write.key.conversation, ++counters.last_seq, created_at};
    write.row = NewMessage(*cause.event, thread, created_at, author.id);
    write.row.version = ++counters.version;
    write.created = true;
    const MessageKey key{write.tenant, write.position};
    WorkingMessage& message =
        messages_.emplace(key, WorkingMessage{std::move(write), true}).first->second;
    CountMessage(message.write, conversation);
    return message;
}

void Decider::CountMessage(const MessageWrite& message, WorkingConversation* conversation) {
    const std::int64_t created_at = message.position.created_at;
    CounterRow& counters = conversation->write.counters;
    domain::ConversationRow& row = conversation->write.row;
    counters.first_message_at =
        std::min(counters.first_message_at.value_or(created_at), created_at);
    counters.last_message_at = std::max(counters.last_message_at.value_or(created_at), created_at);
    if (message.row.direction == v1::DIRECTION_INBOUND) {
        ++counters.inbound_count;
        if (counters.unread_count < std::numeric_limits<std::int32_t>::max()) {
            ++counters.unread_count;
        }
        row.last_customer_at = std::max(row.last_customer_at.value_or(created_at), created_at);
    } else {
        ++counters.outbound_count;
        row.last_agent_at = std::max(row.last_agent_at.value_or(created_at), created_at);
    }
    row.preview = PreviewOf(message.row);
    row.preview_direction = message.row.direction;
    row.last_activity_at = std::max(row.last_activity_at, created_at);
    conversation->changed = true;
}

// ---------------------------------------------------------------- looking up

bool Decider::WasSeen(const EventRef& own) {
    const bool seen = state_.refs.contains(own);
    if (seen) ++effects_.duplicate_count;
    return seen;
}

void Decider::Remember(const EventRef& own, const std::optional<MessagePosition>& position) {
    state_.refs.emplace(own, position);
    effects_.refs.push_back({own, position});
}

const MessagePosition* Decider::FindTarget(const Cause& cause) const {
    const auto at = state_.refs.find({cause.ids.tenant, cause.ids.channel, cause.ids.target});
    return at != state_.refs.end() && at->second ? &*at->second : nullptr;
}

Decider::WorkingConversation* Decider::FindConversation(const ConversationKey& key) {
    if (const auto at = conversations_.find(key); at != conversations_.end()) return &at->second;
    const auto row = state_.conversations.find(key);
    const auto counters = state_.counters.find(key);
    if (row == state_.conversations.end() || counters == state_.counters.end()) return nullptr;
    WorkingConversation& conversation = conversations_[key];
    conversation.write.key = key;
    conversation.write.row = std::move(row->second);
    conversation.write.counters = counters->second;
    conversation.write.closed_at_before = counters->second.closed_at;
    return &conversation;
}

Decider::WorkingMessage* Decider::FindMessage(const MessageKey& key) {
    if (const auto at = messages_.find(key); at != messages_.end()) return &at->second;
    auto node = state_.messages.extract(key);
    if (!node) return nullptr;
    MessageWrite write;
    write.tenant = key.first;
    write.position = key.second;
    write.row = std::move(node.mapped());
    return &messages_.emplace(key, WorkingMessage{std::move(write), false}).first->second;
}

ConversationView Decider::ViewOf(const WorkingConversation& conversation) const {
    const ConversationWrite& write = conversation.write;
    const auto at = contacts_by_id_.find({write.key.tenant, write.row.contact});
    if (at == contacts_by_id_.end()) return {&write, nullptr, nullptr};
    return {&write, at->second, &state_.contacts.at(*at->second)};
}

// ---------------------------------------------------------------- the result

domain::Effects Decider::Finish(std::size_t event_count) && {
    effects_.event_count = event_count;
    for (auto& [key, row] : state_.contacts) {
        if (changed_contacts_.contains(&row)) effects_.contacts.push_back({key, std::move(row)});
    }
    for (auto& [key, row] : state_.threads) {
        if (changed_threads_.contains(&row)) effects_.threads.push_back({key, row});
    }
    for (auto& [key, conversation] : conversations_) {
        if (conversation.changed) effects_.conversations.push_back(std::move(conversation.write));
    }
    std::sort(
        effects_.conversations.begin(),
        effects_.conversations.end(),
        [](const auto& a, const auto& b) { return a.key < b.key; }
    );
    for (auto& [key, message] : messages_) {
        if (message.changed) effects_.messages.push_back(std::move(message.write));
    }
    for (auto& [target, waiting] : parked_now_) {
        for (auto& row : waiting) effects_.parks.push_back({target, std::move(row)});
    }
    effects_.outbox = std::move(feed_).Take();
    return std::move(effects_);
}

domain::Effects Decide(
    std::span<const domain::BatchEvent> events, domain::BatchState state, const DecideLimits& limits
) {
    Decider decider(std::move(state));
    std::size_t count = 0;
    std::string awaited_leaf;
    for (const domain::BatchEvent& item : events) {
        const bool full = count > 0 && decider.effects_bytes() >= limits.effects_bytes_max;
        if (full) break;
        if (const domain::DetachedLeaf* leaf = decider.AwaitedLeaf(item)) {
            awaited_leaf = leaf->name;
            break;
        }
        if (!decider.HasStateFor(item)) break;
        decider.Apply(item);
        ++count;
    }
    domain::Effects effects = std::move(decider).Finish(count);
    effects.awaited_leaf = std::move(awaited_leaf);
    return effects;
}

}  // namespace unibox::writer
