// What an event tells of its contact. Private to this library. Thread safety: of the state.
#pragma once

#include "decide/cause.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

// Takes over a new name and new aliases; returns the contact, under whatever id it goes on.
const domain::ContactRow& UpdateContact(
    const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state
);

}  // namespace unibox::decide
