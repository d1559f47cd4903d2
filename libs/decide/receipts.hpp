// Receipts: of one message, or of all up to a time. Private to this library.
// Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

// Of one message: applied, or parked until it comes.
void OnReceipt(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state);
// Of all up to a time. It is one mark on the conversation, one version and one event, however many
// messages lie below it: none of them is read or written.
void OnWatermark(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state);

}  // namespace unibox::decide
