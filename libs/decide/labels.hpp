// What a conversation is sorted by: priority, labels, the tenant's own values.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

namespace unibox::decide {

Status SetPriority(const CommandContext& context, domain::ConversationWrite* to);
Status ChangeLabels(const CommandContext& context, domain::ConversationWrite* to);
Status ChangeAttributes(const CommandContext& context, domain::ConversationWrite* to);

}  // namespace unibox::decide
