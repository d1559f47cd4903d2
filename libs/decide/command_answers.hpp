// What a command is answered, and what is kept of it for a repetition.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

#include <cstdint>
#include <string_view>

namespace unibox::decide {

// A known request key: the first answer, or that it is another request. False: it is a new one.
bool AnswerRepetition(const writer::v1::Command& command, WorkingState* state);
// Kept: what a command was refused for is its answer, even if it would be taken by now. But not
// RESOURCE_EXHAUSTED, which tells the caller to come again. `version`: of a VERSION_MISMATCH,
// else 0.
void AnswerRefused(
    const writer::v1::Command& command, const Status& why, std::int64_t version, WorkingState* state
);
// Not kept: an invalid command is refused for the same whenever it comes.
// ABORTED, VERSION_MISMATCH: the conversation or contact (`what`) has this version, not if_version.
void AnswerOtherVersion(
    const writer::v1::Command& command,
    std::string_view what,
    std::int64_t version,
    WorkingState* state
);
void AnswerInvalid(const Status& why, WorkingState* state);
// Kept. The conversation as it is now, and the message, if there is one.
void AnswerDone(const CommandContext& context, const domain::MessageWrite* message);

// The same of a command about a contact.
void AnswerContact(
    const writer::v1::Command& command,
    const domain::ContactKey& key,
    const domain::ContactRow& contact,
    WorkingState* state
);

}  // namespace unibox::decide
