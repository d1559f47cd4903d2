#include "decide/messages.hpp"

#include "decide/contacts.hpp"
#include "decide/derived_ids.hpp"
#include "decide/inbound.hpp"
#include "decide/loop_guard.hpp"
#include "decide/message_changes.hpp"
#include "decide/parked.hpp"
#include "decide/tallying.hpp"
#include "decide/text.hpp"

#include <algorithm>
#include <limits>

namespace unibox::decide {
namespace {

using domain::CounterRow;
using event::v1::InboundEvent;

bool IsInbound(const InboundEvent& event) {
    return event.message().direction() == v1::DIRECTION_INBOUND;
}

// What a blocked customer begins is closed from the start.
WorkingConversation& BeginConversation(
    const Cause& cause,
    const InboundEvent& event,
    bool from_blocked,
    domain::ThreadRow* thread,
    WorkingState* state
) {
    const std::int64_t created_at = CreatedAtOf(event);
    domain::ConversationWrite write;
    write.key = {cause.ids.tenant, ConversationIdOf(created_at, cause.ids.key)};
    write.created = true;
    write.row.channel = cause.ids.channel;
    write.row.thread_key = event.thread_key();
    write.row.contact = thread->contact;
    write.row.provider = event.provider();
    write.row.status = from_blocked ? v1::CONVERSATION_STATUS_CLOSED : v1::CONVERSATION_STATUS_OPEN;
    if (from_blocked) write.counters.closed_at = state->now_ms();
    write.row.last_activity_at = created_at;
    write.row.created_at = created_at;
    thread->conversation = write.key.conversation;
    state->MarkChanged(*thread);
    CountBegun(write, &state->effects().volumes);
    return state->AddConversation(std::move(write));
}

// The conversation that takes this message: the open one; the closed one within the channel's
// window (a customer's message reopens it, an echo is only appended, and so is what a muted
// customer writes); else a new one. A window of 0 means that a customer's message never reopens.
// Who is blocked begins none where there is one.
WorkingConversation& ConversationFor(
    const Cause& cause,
    const InboundEvent& event,
    bool from_blocked,
    domain::ThreadRow* thread,
    WorkingState* state
) {
    WorkingConversation* latest = nullptr;
    if (thread->conversation) {
        latest = state->FindConversation({cause.ids.tenant, *thread->conversation});
    }
    if (latest == nullptr) return BeginConversation(cause, event, from_blocked, thread, state);
    if (from_blocked || !IsClosed(latest->write.counters)) return *latest;
    const std::int64_t window_ms =
        state->ChannelOf(cause.ids.tenant, cause.ids.channel).reopen_window_ms;
    const std::int64_t closed_for_ms = CreatedAtOf(event) - latest->write.counters.closed_at;
    const bool never = IsInbound(event) && !latest->write.row.muted && window_ms == 0;
    if (!never && closed_for_ms <= window_ms) return *latest;
    return BeginConversation(cause, event, false, thread, state);
}

void CountCustomers(
    std::int64_t created_at,
    bool from_blocked,
    const std::optional<std::int64_t>& reply_window_ms,
    domain::ConversationWrite* conversation
) {
    CounterRow& counters = conversation->counters;
    domain::ConversationRow& row = conversation->row;
    ++counters.inbound_count;
    row.last_customer_at = std::max(row.last_customer_at.value_or(created_at), created_at);
    row.can_reply_until.reset();
    if (reply_window_ms) row.can_reply_until = *row.last_customer_at + *reply_window_ms;
    if (row.muted || from_blocked) return;
    if (counters.unread_count < std::numeric_limits<std::int32_t>::max()) ++counters.unread_count;
    if (!row.waiting_since) row.waiting_since = created_at;
}

void CountOurs(std::int64_t created_at, domain::ConversationWrite* conversation) {
    ++conversation->counters.outbound_count;
    domain::ConversationRow& row = conversation->row;
    row.last_agent_at = std::max(row.last_agent_at.value_or(created_at), created_at);
    row.waiting_since.reset();
}

// What stays inside is no part of the talk: the preview stays that of the message before.
void CountInternal(const domain::MessageWrite& message, domain::ConversationWrite* conversation) {
    domain::ConversationRow& row = conversation->row;
    if (row.preview_seq == 0) row.preview_seq = message.position.seq - 1;
    if (message.row.kind != v1::MESSAGE_KIND_NOTE) return;
    row.last_activity_at = std::max(row.last_activity_at, message.position.created_at);
}

void CountMessage(
    const domain::MessageWrite& message,
    const domain::ChannelRow& channel,
    domain::ConversationWrite* conversation
) {
    const std::int64_t created_at = message.position.created_at;
    CounterRow& counters = conversation->counters;
    counters.first_message_at =
        std::min(counters.first_message_at.value_or(created_at), created_at);
    counters.last_message_at = std::max(counters.last_message_at.value_or(created_at), created_at);
    if (message.row.direction == v1::DIRECTION_INTERNAL) {
        return CountInternal(message, conversation);
    }
    if (message.row.direction == v1::DIRECTION_INBOUND) {
        CountCustomers(created_at, message.row.from_blocked, channel.reply_window_ms, conversation);
    } else {
        CountOurs(created_at, conversation);
    }
    domain::ConversationRow& row = conversation->row;
    row.preview = PreviewOf(message.row);
    row.preview_direction = message.row.direction;
    row.preview_seq = message.position.seq;
    row.last_activity_at = std::max(row.last_activity_at, created_at);
}

// A customer's message ends a closing or a snooze, unless nobody wants to hear it.
bool Reopen(const InboundEvent& event, bool from_blocked, WorkingConversation* conversation) {
    domain::ConversationRow& row = conversation->write.row;
    CounterRow& counters = conversation->write.counters;
    const bool rests = IsClosed(counters) || row.status == v1::CONVERSATION_STATUS_SNOOZED;
    if (!IsInbound(event) || !rests || row.muted || from_blocked) return false;
    row.status = v1::CONVERSATION_STATUS_OPEN;
    row.snooze_time.reset();
    counters.closed_at = domain::kInfinity;
    return true;
}

}  // namespace

void OnMessage(const Cause& cause, const InboundEvent& event, WorkingState* state) {
    const domain::EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (state->WasSeen(own)) return;
    const domain::ContactRow& author =
        state->SurvivorOf(own.tenant, UpdateContact(cause, event, state));
    const bool from_blocked = IsInbound(event) && author.blocked_at.has_value();
    domain::ThreadRow& thread = state->ThreadOf({own.tenant, own.channel, event.thread_key()});
    WorkingConversation& conversation = ConversationFor(cause, event, from_blocked, &thread, state);
    const bool reopened = Reopen(event, from_blocked, &conversation);
    const std::int64_t created_at = CreatedAtOf(event);
    const std::int32_t count_max = state->limits().message_count_per_minute_max;
    const MinuteCount minute =
        CountInMinute(cause.time_ms, count_max, &conversation.write.counters);
    domain::MessageRow row = NewMessage(event, thread, created_at, author.id);
    row.over_rate = minute.over;
    row.from_blocked = from_blocked;
    const WorkingMessage& message =
        AppendMessage(own.tenant, created_at, std::move(row), &conversation, state);
    const domain::MessagePosition position = message.write.position;
    state->Remember(own, position);
    ++state->effects().message_count;
    state->feed().MessageCreated(cause, state->ViewOf(conversation), message.write, reopened);
    if (minute.over) ++state->effects().over_rate_count;
    if (minute.first_over) {
        state->feed().LoopSuspected(cause, state->ViewOf(conversation), count_max);
    }
    ApplyParked(cause, own, position, state);
}

WorkingMessage& AppendMessage(
    TenantId tenant,
    std::int64_t created_at,
    domain::MessageRow row,
    WorkingConversation* conversation,
    WorkingState* state
) {
    CounterRow& counters = conversation->write.counters;
    domain::MessageWrite write;
    write.tenant = tenant;
    write.position = {conversation->write.key.conversation, ++counters.last_seq, created_at};
    write.row = std::move(row);
    write.row.version = ++counters.version;
    write.created = true;
    WorkingMessage& message = state->AddMessage(std::move(write));
    const auto& channel = state->ChannelOf(tenant, conversation->write.row.channel);
    CountMessageVolume(message.write, conversation->write, &state->effects().volumes);
    CountMessage(message.write, channel, &conversation->write);
    conversation->changed = true;
    return message;
}

void MessageTextChanged(
    const Cause& cause,
    WorkingConversation* conversation,
    WorkingMessage* message,
    WorkingState* state
) {
    domain::MessageWrite& write = message->write;
    domain::ConversationRow& row = conversation->write.row;
    const std::int64_t last_seq = conversation->write.counters.last_seq;
    write.row.version = ++conversation->write.counters.version;
    write.text_changed = true;
    message->changed = true;
    conversation->changed = true;
    const std::int64_t preview_seq = row.preview_seq == 0 ? last_seq : row.preview_seq;
    if (write.position.seq == preview_seq) row.preview = PreviewOf(write.row);
    state->feed().MessageUpdated(cause, state->ViewOf(*conversation), write);
}

}  // namespace unibox::decide
