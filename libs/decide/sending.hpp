// Messages that go to the customer: whether one may, and when it counts as written.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

#include <cstdint>

namespace unibox::decide {

// TEXT and TEMPLATE; notes and activities stay inside.
bool GoesToCustomer(v1::MessageKind kind);

// Why this message of this time cannot be sent, if it cannot: see AppendMessage in command.proto.
Status CheckSending(const CommandContext& context, std::int64_t received_at);

// The created_at of a message to the customer that was received at this time: not below a
// watermark that came before it, which cannot have been about it. seq is the order, so it may be
// before that of the message before: that one's may be the provider's time, up to 5 min ahead.
std::int64_t CreatedAtAboveMarks(std::int64_t received_at, const domain::CounterRow& counters);

// Leaves the job for whoever sends.
void QueueSending(const CommandContext& context, const domain::MessageWrite& message);

}  // namespace unibox::decide
