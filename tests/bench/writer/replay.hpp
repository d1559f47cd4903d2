// What a batch asked and what was decided. Thread safety: a value.
#pragma once

#include "domain/batch_effects.hpp"
#include "domain/batch_plan.hpp"

#include <cstddef>

namespace unibox::bench {

struct Replay {
    std::size_t events = 0;
    domain::BatchPlan plan;
    domain::Effects effects;
};

}  // namespace unibox::bench
