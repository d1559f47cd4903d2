// Edits, deletes, reactions, receipts: applied, or parked until their message comes.
#include "message-writer/decider.hpp"
#include "message-writer/message_changes.hpp"
#include "message-writer/text.hpp"

#include <algorithm>

namespace unibox::writer {

using domain::EventRef;
using domain::MessagePosition;
using event::v1::InboundEvent;

namespace {

// What waited for one message is applied at once, so of its edits only those are applied whose
// outcome can be seen: the last one, and the last one that brings attachments; beside a delete
// nothing but receipts. Each would carry the whole message into the feed. Returns how many were
// left out.
std::int64_t LeaveOutSuperseded(std::vector<domain::ParkedRow>* waiting) {
    bool deleted = false;
    std::optional<EventKey> last, last_with_attachments;
    domain::MessageRow probe;
    for (const domain::ParkedRow& row : *waiting) {
        deleted = deleted || row.event.has_delete_();
        if (!row.event.has_edit() || !ApplyChange(row.event, &probe)) continue;
        last = row.event_key;
        if (!row.event.edit().attachments().empty()) last_with_attachments = row.event_key;
    }
    const auto count = std::erase_if(*waiting, [&](const domain::ParkedRow& row) {
        if (row.event.has_reaction()) return deleted;
        if (!row.event.has_edit()) return false;
        return deleted || (row.event_key != last && row.event_key != last_with_attachments);
    });
    return static_cast<std::int64_t>(count);
}

}  // namespace

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

// A watermark is one mark on the conversation, one version and one event, however many messages lie
// below it: none of them is read or written.
void Decider::OnWatermark(const Cause& cause) {
    const bool read = cause.event->receipt().state() == v1::DELIVERY_STATE_READ;
    const std::int64_t until_ms = WatermarkOf(*cause.event);
    domain::ThreadRow& thread =
        ThreadOf({cause.ids.tenant, cause.ids.channel, cause.event->thread_key()});
    std::int64_t& watermark = read ? thread.read_until : thread.delivered_until;
    if (until_ms <= watermark) {
        ++effects_.ignored_count;
        return;
    }
    watermark = until_ms;
    changed_threads_.insert(&thread);
    if (!thread.conversation) return;
    WorkingConversation* conversation = FindConversation({cause.ids.tenant, *thread.conversation});
    if (conversation == nullptr) return;
    domain::CounterRow& counters = conversation->write.counters;
    const std::int64_t covered =
        read ? counters.read_until : std::max(counters.read_until, counters.delivered_until);
    const auto last_at = conversation->write.row.last_agent_at;
    if (until_ms <= covered || !last_at || *last_at <= covered) return;  // nothing new below it
    (read ? counters.read_until : counters.delivered_until) = until_ms;
    ++counters.version;
    conversation->changed = true;
    feed_.MessagesDelivered(cause, ViewOf(*conversation), cause.event->receipt().state(), until_ms);
}

void Decider::ApplyToMessage(const Cause& cause, const MessagePosition& position) {
    WorkingMessage* message = FindMessage({cause.ids.tenant, position});
    WorkingConversation* conversation = FindConversation({cause.ids.tenant, position.conversation});
    if (message == nullptr || conversation == nullptr) {  // archived since
        ++effects_.ignored_count;
        return;
    }
    domain::MessageRow& row = message->write.row;
    const v1::DeliveryState state_before = row.delivery_state;
    std::string error_before = row.delivery_error;
    ApplyMarks(conversation->write.counters, position.created_at, &row);
    if (cause.event->has_reaction()) {
        const ReactionChange change = ApplyReaction(*cause.event, &row);
        if (change == ReactionChange::kVisible) {
            return MessageChanged(cause, conversation, message);
        }
        if (change == ReactionChange::kRemembered) {
            message->changed = true;
            message->write.reactions_changed = true;
        }
    } else if (ApplyChange(*cause.event, &row)) {
        return MessageChanged(cause, conversation, message);
    }
    row.delivery_state = state_before;  // what is not written stays as it is stored
    row.delivery_error = std::move(error_before);
    ++effects_.ignored_count;
}

void Decider::MessageChanged(
    const Cause& cause, WorkingConversation* conversation, WorkingMessage* message
) {
    domain::MessageWrite& write = message->write;
    write.row.version = ++conversation->write.counters.version;
    message->changed = true;
    conversation->changed = true;
    switch (cause.event->body_case()) {
        case InboundEvent::kReaction:
            write.reactions_changed = true;
            return feed_.MessageReacted(cause, ViewOf(*conversation), write);
        case InboundEvent::kReceipt:
            return feed_.MessageDelivered(cause, ViewOf(*conversation), write);
        default:
            break;
    }
    write.text_changed = true;
    if (write.position.seq == conversation->write.counters.last_seq) {
        conversation->write.row.preview = PreviewOf(write.row);
    }
    feed_.MessageUpdated(cause, ViewOf(*conversation), write);
}

// ---------------------------------------------------------------- parked events

// At most so much waits for one message, so that the message takes it all along in one transaction.
constexpr std::int64_t kParkedCountMax = 1'000;
constexpr std::int64_t kParkedBytesMax = 4LL * 1024 * 1024;

void Decider::Park(const Cause& cause) {
    const EventRef target{cause.ids.tenant, cause.ids.channel, cause.ids.target};
    auto& waiting = parked_now_[target];
    const auto same = [&](const domain::ParkedRow& row) { return row.event_key == cause.ids.key; };
    if (std::any_of(waiting.begin(), waiting.end(), same)) return;
    const auto bytes = static_cast<std::int64_t>(cause.event->ByteSizeLong());
    domain::ParkedLoad& load = state_.parked_loads[target];
    if (load.count >= kParkedCountMax || load.bytes + bytes > kParkedBytesMax) {
        ++effects_.park_refused_count;
        return;
    }
    ++load.count;
    load.bytes += bytes;
    parked_bytes_ += static_cast<std::size_t>(bytes);
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
    effects_.ignored_count += LeaveOutSuperseded(&waiting);
    for (const auto& row : waiting) {
        ApplyToMessage({message.shard, &row.event, EventIdsOf(row.event)}, position);
    }
}

// ---------------------------------------------------------------- control

void Decider::OnControl(const Cause& cause) {
    const EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (WasSeen(own)) return;
    Remember(own, std::nullopt);
    if (MovesContact(*cause.event)) UpdateContact(cause);
    feed_.ControlReceived(cause);
}

}  // namespace unibox::writer
