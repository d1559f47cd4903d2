// Whether a conversation was seen, and whether it disturbs.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

namespace unibox::decide {

// Seen, or to be seen again: then it counts as one message at least, if the customer has written.
Status MarkRead(const CommandContext& context, domain::ConversationWrite* to);
// Nobody waits in a muted conversation; what is unread stays so.
Status SetMuted(const CommandContext& context, domain::ConversationWrite* to);

}  // namespace unibox::decide
