// Edits, deletes, reactions, and whatever else changes a message that is there.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

// An edit, a delete or a reaction: applied, or parked until its message comes.
void OnChange(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state);

// What an edit, delete, reaction or receipt makes of the message at this position. One that is
// archived since is left alone.
void ApplyToMessage(
    const Cause& cause,
    const event::v1::InboundEvent& event,
    const domain::MessagePosition& position,
    WorkingState* state
);

}  // namespace unibox::decide
