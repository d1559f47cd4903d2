// The rules of commands (rules.hpp says what each function is for). Private to this library.
// Thread safety: pure functions but for the state they are given.
#pragma once

#include "decide/cause.hpp"
#include "decide/plan.hpp"
#include "decide/working_state.hpp"
#include "unibox/writer/v1/command.pb.h"

namespace unibox::decide {

bool IsValid(const writer::v1::Command& command);
void Reject(const writer::v1::Command& command, WorkingState* state);
void AddToPlan(const writer::v1::Command& command, PlanDraft* draft);
Cause CauseOf(domain::ShardId shard, const writer::v1::Command& command);
const domain::DetachedLeaf* AwaitedLeaf(
    const Cause& cause, const writer::v1::Command& command, const WorkingState& state
);
bool StateWasRead(
    const Cause& cause, const writer::v1::Command& command, const WorkingState& state
);
void Apply(const Cause& cause, const writer::v1::Command& command, WorkingState* state);

}  // namespace unibox::decide
