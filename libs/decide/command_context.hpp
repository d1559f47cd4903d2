// What the rules of commands are given, and what they tell. A rule that refuses has changed
// nothing. Private to this library. Thread safety: of the state.
#pragma once

#include "base/status.hpp"
#include "decide/cause.hpp"
#include "decide/working_state.hpp"
#include "unibox/v1/audit.pb.h"
#include "unibox/writer/v1/command.pb.h"

namespace unibox::decide {

struct CommandContext {
    const Cause& cause;  // with the conversation's channel
    const writer::v1::Command& command;
    WorkingConversation& conversation;
    WorkingState& state;
};

struct CommandOutcome {
    const domain::MessageWrite* message = nullptr;  // that it made, changed, or left as it was
    v1::AuditChanges changes;                       // none: nothing was done
};

// FAILED_PRECONDITION, CONVERSATION_SUPERSEDED: the thread goes on in a later conversation.
Status CheckNotSuperseded(const CommandContext& context);

}  // namespace unibox::decide
