// From a batch of inputs to the keys that it concerns: what the first pipeline of the batch's
// transaction reads and locks. Invalid inputs are left out, here and by Decide.
// Pure: no clock, no I/O. Thread safety: pure functions, any thread.
#pragma once

#include "domain/batch_plan.hpp"
#include "domain/inbox_keys.hpp"

#include <set>
#include <span>

namespace unibox::decide {

domain::BatchPlan Plan(std::span<const domain::BatchItem> batch);

// The plan of the inputs so far.
struct PlanDraft {
    domain::BatchPlan plan;
    std::set<domain::EventRef> with_contents;  // plan.content_refs, to find them by
};

}  // namespace unibox::decide
