// Messages: the conversation that takes one, its place in it, the counters.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

// A customer's message or an echo.
void OnMessage(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state);

inline bool IsClosed(const domain::CounterRow& counters) {
    return counters.closed_at != domain::kInfinity;
}

// Puts a message at the end of the conversation, whoever it is from: gives it the next seq and
// version, counts it, makes it the preview unless it stays inside.
WorkingMessage& AppendMessage(
    TenantId tenant,
    std::int64_t created_at,
    domain::MessageRow row,
    WorkingConversation* conversation,
    WorkingState* state
);

// An edit or a delete of a message that has its contents, whoever's it is: the next version, its
// feed event, the preview if it shows this message.
void MessageTextChanged(
    const Cause& cause,
    WorkingConversation* conversation,
    WorkingMessage* message,
    WorkingState* state
);

}  // namespace unibox::decide
