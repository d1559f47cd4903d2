// What is no message and changes none. Private to this library. Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

void OnControl(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state);

}  // namespace unibox::decide
