// The rules of every kind of input. A kind is an alternative of domain::Input, and a header listed
// here with these overloads for it; Plan and Decide need no word about it:
//
//   bool IsValid(const T&)
//       Whether it can be decided at all. An invalid one changes nothing.
//   void Reject(const T&, WorkingState*)
//       What an invalid one gets: a count, an answer.
//   void AddToPlan(const T&, PlanDraft*)
//       The keys that it concerns.
//   Cause CauseOf(ShardId, const T&)
//   const domain::DetachedLeaf* AwaitedLeaf(const Cause&, const T&, const WorkingState&)
//       The detached leaf that may hold what it is about, or where it belongs; null if there is
//       none. It waits: without the leaf it would be lost, or written twice.
//   bool StateWasRead(const Cause&, const T&, const WorkingState&)
//       Whether what it changes was read, and not beyond the limits of one transaction.
//   void Apply(const Cause&, const T&, WorkingState*)
//       What it makes of the inbox.
//
// Private to this library. Thread safety: pure functions but for the state they are given.
#pragma once

#include "decide/command_rules.hpp"
#include "decide/inbound_rules.hpp"
