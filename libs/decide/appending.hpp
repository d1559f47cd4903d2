// New messages of agents and programs. Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

#include <string>

namespace unibox::decide {

Result<CommandOutcome> Append(const CommandContext& context);
// A note that goes with another change.
const domain::MessageWrite& AppendNote(const CommandContext& context, const std::string& text);

// The change that the audit tells of a message: its seq; none = there is no such message.
void AddMessageChange(std::int64_t old_seq, std::int64_t new_seq, v1::AuditChanges* changes);

}  // namespace unibox::decide
