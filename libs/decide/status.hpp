// Where a conversation stands: what people make of it, and what time does.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

namespace unibox::decide {

// With the note that goes before, if one is given.
Result<CommandOutcome> ChangeStatus(const CommandContext& context);
// The time of a snooze has come: opens the conversation if it still sleeps until then.
Result<CommandOutcome> WakeUp(const CommandContext& context);

}  // namespace unibox::decide
