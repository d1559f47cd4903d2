// Own messages that are changed or taken back. Private to this library. Thread safety: of the
// state.
#pragma once

#include "decide/command_context.hpp"

namespace unibox::decide {

Result<CommandOutcome> Edit(const CommandContext& context);
Result<CommandOutcome> Delete(const CommandContext& context);

}  // namespace unibox::decide
