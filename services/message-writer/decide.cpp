#include "message-writer/decide.hpp"

#include "base/assert.hpp"
#include "message-writer/derived_ids.hpp"
#include "message-writer/feed_events.hpp"
#include "message-writer/message_changes.hpp"
#include "message-writer/text.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

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

struct ConversationKeyHash {
    std::size_t operator()(const ConversationKey& key) const noexcept {
        return std::hash<ConversationId>()(key.conversation) ^ std::hash<TenantId>()(key.tenant);
    }
};

bool IsClosed(const CounterRow& counters) {
    return counters.closed_at != domain::kInfinity;
}

// A conversation or message as the batch has made it so far.
template <typename Write>
struct Working {
    Write write;
    bool changed = false;
};

class Decider {
public:
    explicit Decider(domain::BatchState state)
        : state_(std::move(state)), feed_(state_.feed_epoch, state_.now_ms) {
        for (const auto& [key, row] : state_.contacts) {
            contacts_by_id_.emplace(ConversationContact{key.tenant, row.id}, &key);
        }
    }

    void Apply(const domain::BatchEvent& item);
    domain::Effects Finish() &&;

private:
    using ConversationContact = std::pair<TenantId, ContactId>;
    struct ContactHash {
        std::size_t operator()(const ConversationContact& key) const noexcept {
            return std::hash<ContactId>()(key.second) ^ std::hash<TenantId>()(key.first);
        }
    };
    using MessageKey = std::pair<TenantId, MessagePosition>;
    using WorkingConversation = Working<ConversationWrite>;
    using WorkingMessage = Working<MessageWrite>;

    void OnMessage(const Cause& cause);
    void OnChange(const Cause& cause);
    void OnReceipt(const Cause& cause);
    void OnWatermark(const Cause& cause);
    void OnControl(const Cause& cause);

    bool WasSeen(const EventRef& own);
    void Remember(const EventRef& own, const std::optional<MessagePosition>& position);
    const MessagePosition* FindTarget(const Cause& cause) const;

    const ContactRow& UpdateContact(const Cause& cause);
    ThreadRow& ThreadOf(const ThreadKey& key);
    WorkingConversation& ConversationFor(const Cause& cause, ThreadRow* thread);
    WorkingConversation& BeginConversation(const Cause& cause, ThreadRow* thread);
    WorkingConversation* FindConversation(const ConversationKey& key);
    WorkingMessage* FindMessage(const MessageKey& key);

    WorkingMessage& AppendMessage(
        const Cause& cause,
        const ThreadRow& thread,
        const ContactRow& author,
        WorkingConversation* conversation
    );
    void CountMessage(const MessageWrite& message, WorkingConversation* conversation);
    std::vector<domain::ParkedRow> TakeParked(const EventRef& own);
    void ApplyParked(const Cause& message, const EventRef& own, const MessagePosition& position);
    void Park(const Cause& cause);
    void ApplyToMessage(const Cause& cause, const MessagePosition& position);
    void MessageChanged(
        const Cause& cause, WorkingConversation* conversation, WorkingMessage* message
    );
    std::vector<MessageKey> OutboundMessagesOf(const ConversationKey& key) const;
    ConversationView ViewOf(const WorkingConversation& conversation) const;

    domain::BatchState state_;
    domain::Effects effects_;
    FeedEvents feed_;
    // Node-based, so that references stay valid while others are added.
    std::unordered_map<ConversationKey, WorkingConversation, ConversationKeyHash> conversations_;
    std::map<MessageKey, WorkingMessage> messages_;
    std::unordered_map<ConversationContact, const ContactKey*, ContactHash> contacts_by_id_;
    std::unordered_set<const ContactRow*> changed_contacts_;
    std::unordered_set<const ThreadRow*> changed_threads_;
    std::map<EventRef, std::vector<domain::ParkedRow>> parked_now_;
};

void Decider::Apply(const domain::BatchEvent& item) {
    if (!Validate(item.event).ok()) {
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
    ContactRow& contact = at->second;
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

// ---------------------------------------------------------------- changes of messages

void Decider::OnChange(const Cause& cause) {
    const EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (WasSeen(own)) return;
    const MessagePosition* target = FindTarget(cause);
    if (target == nullptr) {
        Remember(own, std::nullopt);
        return Park(cause);
    }
    const MessagePosition position = *target;
    Remember(own, position);
    ApplyToMessage(cause, position);
}

void Decider::OnReceipt(const Cause& cause) {
    if (cause.event->receipt().watermark_ms() != 0) return OnWatermark(cause);
    const MessagePosition* target = FindTarget(cause);
    if (target == nullptr) return Park(cause);
    ApplyToMessage(cause, *target);
}

void Decider::OnWatermark(const Cause& cause) {
    const v1::DeliveryState state = cause.event->receipt().state();
    const std::int64_t until_ms = WatermarkOf(*cause.event);
    ThreadRow& thread = ThreadOf({cause.ids.tenant, cause.ids.channel, cause.event->thread_key()});
    std::int64_t& watermark =
        state == v1::DELIVERY_STATE_READ ? thread.read_until : thread.delivered_until;
    if (until_ms <= watermark) {
        ++effects_.ignored_count;
        return;
    }
    watermark = until_ms;
    changed_threads_.insert(&thread);
    if (!thread.conversation) return;
    const ConversationKey key{cause.ids.tenant, *thread.conversation};
    WorkingConversation* conversation = FindConversation(key);
    if (conversation == nullptr) return;
    for (const MessageKey& message_key : OutboundMessagesOf(key)) {
        if (message_key.second.created_at > until_ms) continue;
        WorkingMessage* message = FindMessage(message_key);
        if (RaiseDelivery(state, "", &message->write.row)) {
            MessageChanged(cause, conversation, message);
        }
    }
}

void Decider::ApplyToMessage(const Cause& cause, const MessagePosition& position) {
    WorkingMessage* message = FindMessage({cause.ids.tenant, position});
    WorkingConversation* conversation = FindConversation({cause.ids.tenant, position.conversation});
    // Absent: archived since.
    const bool found = message != nullptr && conversation != nullptr;
    if (!found || !ApplyChange(*cause.event, &message->write.row)) {
        ++effects_.ignored_count;
        return;
    }
    MessageChanged(cause, conversation, message);
}

void Decider::MessageChanged(
    const Cause& cause, WorkingConversation* conversation, WorkingMessage* message
) {
    message->write.row.version = ++conversation->write.counters.version;
    message->changed = true;
    conversation->changed = true;
    const auto kind = cause.event->body_case();
    const bool content = kind == InboundEvent::kEdit || kind == InboundEvent::kDelete;
    if (content && message->write.position.seq == conversation->write.counters.last_seq) {
        conversation->write.row.preview = PreviewOf(message->write.row);
    }
    feed_.MessageUpdated(cause, ViewOf(*conversation), message->write);
}

// ---------------------------------------------------------------- parked events

void Decider::Park(const Cause& cause) {
    auto& waiting = parked_now_[{cause.ids.tenant, cause.ids.channel, cause.ids.target}];
    const auto same = [&](const domain::ParkedRow& row) { return row.event_key == cause.ids.key; };
    if (std::any_of(waiting.begin(), waiting.end(), same)) return;
    waiting.push_back({cause.ids.key, *cause.event});
}

// What waits for this message, each event once: the first one that was parked under its key.
std::vector<domain::ParkedRow> Decider::TakeParked(const EventRef& own) {
    std::vector<domain::ParkedRow> waiting;
    if (auto node = state_.parked.extract(own)) {
        waiting = std::move(node.mapped());
        for (const auto& row : waiting) effects_.unparks.emplace_back(own, row.event_key);
    }
    auto node = parked_now_.extract(own);
    if (!node) return waiting;
    std::set<EventKey> known;
    for (const auto& row : waiting) known.insert(row.event_key);
    for (auto& row : node.mapped()) {
        if (known.insert(row.event_key).second) waiting.push_back(std::move(row));
    }
    return waiting;
}

// In the order of the providers' times: the order of arrival is not kept with parked events, and
// the cut into batches must make no difference.
void Decider::ApplyParked(
    const Cause& message, const EventRef& own, const MessagePosition& position
) {
    std::vector<domain::ParkedRow> waiting = TakeParked(own);
    const auto order = [](const domain::ParkedRow& row) {
        return std::tuple(CreatedAtOf(row.event), row.event.receive_time_ms(), row.event_key);
    };
    std::sort(waiting.begin(), waiting.end(), [&](const auto& a, const auto& b) {
        return order(a) < order(b);
    });
    for (const auto& row : waiting) {
        ApplyToMessage({message.shard, &row.event, EventIdsOf(row.event)}, position);
    }
}

// ---------------------------------------------------------------- control

void Decider::OnControl(const Cause& cause) {
    const EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (WasSeen(own)) return;
    Remember(own, std::nullopt);
    feed_.ControlReceived(cause);
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
    MessageWrite write{key.first, key.second, std::move(node.mapped()), false};
    return &messages_.emplace(key, WorkingMessage{std::move(write), false}).first->second;
}

std::vector<Decider::MessageKey> Decider::OutboundMessagesOf(const ConversationKey& key) const {
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
    const MessageKey from{key.tenant, {key.conversation, kFirst, kFirst}};
    const auto within = [&](const MessageKey& at) {
        return at.first == key.tenant && at.second.conversation == key.conversation;
    };
    std::vector<MessageKey> found;
    for (auto at = state_.messages.lower_bound(from);
         at != state_.messages.end() && within(at->first);
         ++at) {
        if (at->second.direction == v1::DIRECTION_OUTBOUND) found.push_back(at->first);
    }
    for (auto at = messages_.lower_bound(from); at != messages_.end() && within(at->first); ++at) {
        if (at->second.write.row.direction == v1::DIRECTION_OUTBOUND) found.push_back(at->first);
    }
    std::sort(found.begin(), found.end());
    return found;
}

ConversationView Decider::ViewOf(const WorkingConversation& conversation) const {
    const ConversationWrite& write = conversation.write;
    const auto at = contacts_by_id_.find({write.key.tenant, write.row.contact});
    if (at == contacts_by_id_.end()) return {&write, nullptr, nullptr};
    return {&write, at->second, &state_.contacts.at(*at->second)};
}

// ---------------------------------------------------------------- the result

domain::Effects Decider::Finish() && {
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

}  // namespace

domain::Effects Decide(std::span<const domain::BatchEvent> events, domain::BatchState state) {
    Decider decider(std::move(state));
    for (const domain::BatchEvent& item : events) decider.Apply(item);
    return std::move(decider).Finish();
}

}  // namespace unibox::writer
