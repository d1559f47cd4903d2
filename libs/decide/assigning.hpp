// Who has a conversation. Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

namespace unibox::decide {

Status Assign(const CommandContext& context, domain::ConversationWrite* to);

}  // namespace unibox::decide
