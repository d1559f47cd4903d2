// Commands that change a conversation and none of its messages: what became different is told to
// the feed and to the audit in one way, whatever the command.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

#include <string>

namespace unibox::decide {

// Makes of `to`, a copy of the conversation, what the command wants, or refuses.
using ConversationRule = Status (*)(const CommandContext& context, domain::ConversationWrite* to);

// Applies the rule. Where it changed anything: the next version, and its feed event with the reason
// of whoever did it. Returns the changes.
Result<v1::AuditChanges> ChangeConversation(
    const CommandContext& context, ConversationRule rule, const std::string& reason = {}
);

// What people and programs can change, field by field, in the order of the names.
v1::AuditChanges ChangesBetween(
    const domain::ConversationWrite& before, const domain::ConversationWrite& after
);

}  // namespace unibox::decide
