// The rules of inbound events (rules.hpp says what each function is for). Private to this library.
// Thread safety: pure functions but for the state they are given.
#pragma once

#include "decide/cause.hpp"
#include "decide/plan.hpp"
#include "decide/working_state.hpp"

namespace unibox::decide {

bool IsValid(const event::v1::InboundEvent& event);
void Reject(const event::v1::InboundEvent& event, WorkingState* state);
void AddToPlan(const event::v1::InboundEvent& event, PlanDraft* draft);
Cause CauseOf(domain::ShardId shard, const event::v1::InboundEvent& event);
const domain::DetachedLeaf* AwaitedLeaf(
    const Cause& cause, const event::v1::InboundEvent& event, const WorkingState& state
);
bool StateWasRead(
    const Cause& cause, const event::v1::InboundEvent& event, const WorkingState& state
);
void Apply(const Cause& cause, const event::v1::InboundEvent& event, WorkingState* state);

}  // namespace unibox::decide
