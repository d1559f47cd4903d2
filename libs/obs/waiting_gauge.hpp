// How much waits for a thread of a pool, as a gauge: <metric>{lane}.
// Thread safety: the function may be called from any thread while the metrics live.
#pragma once

#include "obs/metrics.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace unibox::obs {

// What a FairPool tells of its queue, told to `metric`. `lane`: the pool's name.
inline std::function<void(std::size_t)> WaitingGauge(
    Metrics& metrics, const std::string& metric, const std::string& lane
) {
    Gauge& gauge =
        metrics.GetGauge(metric, "What waits for a thread of the lane", {{"lane", lane}});
    return [&gauge](std::size_t waiting) { gauge.Set(static_cast<double>(waiting)); };
}

}  // namespace unibox::obs
