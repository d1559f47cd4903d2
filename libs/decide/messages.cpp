#include "decide/messages.hpp"

#include "decide/contacts.hpp"
#include "decide/derived_ids.hpp"
#include "decide/inbound.hpp"
#include "decide/message_changes.hpp"
#include "decide/parked.hpp"
#include "decide/text.hpp"

#include <algorithm>
#include <limits>

namespace unibox::decide {
namespace {

using domain::CounterRow;
using event::v1::InboundEvent;

bool IsClosed(const CounterRow& counters) {
    return counters.closed_at != domain::kInfinity;
}

bool IsInbound(const InboundEvent& event) {
    return event.message().direction() == v1::DIRECTION_INBOUND;
}

WorkingConversation& BeginConversation(
    const Cause& cause, const InboundEvent& event, domain::ThreadRow* thread, WorkingState* state
) {
    const std::int64_t created_at = CreatedAtOf(event);
    domain::ConversationWrite write;
    write.key = {cause.ids.tenant, ConversationIdOf(created_at, cause.ids.key)};
    write.created = true;
    write.row.channel = cause.ids.channel;
    write.row.thread_key = event.thread_key();
    write.row.contact = thread->contact;
    write.row.provider = event.provider();
    write.row.status = v1::CONVERSATION_STATUS_OPEN;
    write.row.last_activity_at = created_at;
    write.row.created_at = created_at;
    thread->conversation = write.key.conversation;
    state->MarkChanged(*thread);
    return state->AddConversation(std::move(write));
}

// The conversation that takes this message: the open one; the closed one within the channel's
// window (a customer's message reopens it, an echo is only appended); else a new one. A window of 0
// means that a customer's message never reopens.
WorkingConversation& ConversationFor(
    const Cause& cause, const InboundEvent& event, domain::ThreadRow* thread, WorkingState* state
) {
    WorkingConversation* latest = nullptr;
    if (thread->conversation) {
        latest = state->FindConversation({cause.ids.tenant, *thread->conversation});
    }
    if (latest == nullptr) return BeginConversation(cause, event, thread, state);
    if (!IsClosed(latest->write.counters)) return *latest;
    const std::int64_t window_ms = state->ReopenWindowMsOf(cause.ids.tenant, cause.ids.channel);
    const std::int64_t closed_for_ms = CreatedAtOf(event) - latest->write.counters.closed_at;
    const bool never = IsInbound(event) && window_ms == 0;
    if (!never && closed_for_ms <= window_ms) return *latest;
    return BeginConversation(cause, event, thread, state);
}

void CountMessage(const domain::MessageWrite& message, WorkingConversation* conversation) {
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

// A customer's message ends a closing or a snooze.
bool Reopen(const InboundEvent& event, WorkingConversation* conversation) {
    domain::ConversationRow& row = conversation->write.row;
    CounterRow& counters = conversation->write.counters;
    const bool rests = IsClosed(counters) || row.status == v1::CONVERSATION_STATUS_SNOOZED;
    if (!IsInbound(event) || !rests) return false;
    row.status = v1::CONVERSATION_STATUS_OPEN;
    counters.closed_at = domain::kInfinity;
    return true;
}

}  // namespace

void OnMessage(const Cause& cause, const InboundEvent& event, WorkingState* state) {
    const domain::EventRef own{cause.ids.tenant, cause.ids.channel, cause.ids.key};
    if (state->WasSeen(own)) return;
    const domain::ContactRow& author = UpdateContact(cause, event, state);
    domain::ThreadRow& thread = state->ThreadOf({own.tenant, own.channel, event.thread_key()});
    WorkingConversation& conversation = ConversationFor(cause, event, &thread, state);
    const bool reopened = Reopen(event, &conversation);
    const std::int64_t created_at = CreatedAtOf(event);
    const WorkingMessage& message = AppendMessage(
        own.tenant,
        created_at,
        NewMessage(event, thread, created_at, author.id),
        &conversation,
        state
    );
    const domain::MessagePosition position = message.write.position;
    state->Remember(own, position);
    ++state->effects().message_count;
    state->feed().MessageCreated(cause, state->ViewOf(conversation), message.write, reopened);
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
    CountMessage(message.write, conversation);
    return message;
}

}  // namespace unibox::decide
