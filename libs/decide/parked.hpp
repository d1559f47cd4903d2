// What came before its message. Private to this library. Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

// Applies what waited for the message that has just been written, in the order of the providers'
// times: the order of arrival is not kept with parked events, and the cut into batches must make no
// difference.
void ApplyParked(
    const Cause& message,
    const domain::EventRef& own,
    const domain::MessagePosition& position,
    WorkingState* state
);

}  // namespace unibox::decide
