// What a command is answered, and what is kept of it for a repetition.
// Private to this library. Thread safety: of the state.
#pragma once

#include "decide/command_context.hpp"

#include <cstdint>

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
void AnswerInvalid(const Status& why, WorkingState* state);
// Kept. The conversation as it is now, and the message, if there is one.
void AnswerDone(const CommandContext& context, const domain::MessageWrite* message);

}  // namespace unibox::decide
