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
    // plan.content_refs and plan.messages, to find them by.
    std::set<domain::EventRef> with_contents;
    std::set<domain::MessageRef> named_messages;
};

}  // namespace unibox::decide
