#include "decide/loop_guard.hpp"

#include <limits>

namespace unibox::decide {
namespace {

std::int32_t MinuteOf(std::int64_t unix_ms) {
    return static_cast<std::int32_t>(unix_ms / 60'000);
}

}  // namespace

MinuteCount CountInMinute(
    std::int64_t received_at, std::int32_t count_max, domain::CounterRow* counters
) {
    const std::int32_t minute = MinuteOf(received_at);
    if (minute < counters->rate_minute) return {};
    if (minute > counters->rate_minute) {
        counters->rate_minute = minute;
        counters->rate_count = 0;
    }
    const bool was_over = counters->rate_count > count_max;
    if (counters->rate_count < std::numeric_limits<std::int32_t>::max()) ++counters->rate_count;
    const bool over = counters->rate_count > count_max;
    return {over, over && !was_over};
}

bool IsMinuteFull(
    std::int64_t received_at, std::int32_t count_max, const domain::CounterRow& counters
) {
    return MinuteOf(received_at) == counters.rate_minute && counters.rate_count >= count_max;
}

}  // namespace unibox::decide
