#include "obs/outage_log.hpp"

#include "obs/log.hpp"

namespace unibox::obs {

void OutageLog::Warn(const Status& failure) {
    const auto since_start = clock_.Steady().time_since_epoch();
    const std::int64_t now_s = std::chrono::floor<std::chrono::seconds>(since_start).count();
    if (logged_at_s_.exchange(now_s) == now_s) return;
    Log(Level::kWarn, message_, {{"error", failure}, {"reason", failure.reason()}});
}

}  // namespace unibox::obs
