// unibox_gateway_waiting{lane}: what waits in a FairPool.
// Thread safety: the function may be called from any thread while the metrics live.
#pragma once

#include "obs/metrics.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace unibox::gateway {

inline std::function<void(std::size_t)> LaneGauge(obs::Metrics& metrics, const std::string& lane) {
    obs::Gauge& gauge = metrics.GetGauge(
        "unibox_gateway_waiting", "What waits for a thread of the lane", {{"lane", lane}}
    );
    return [&gauge](std::size_t waiting) { gauge.Set(static_cast<double>(waiting)); };
}

}  // namespace unibox::gateway
