#include "limits/fields.hpp"

#include <algorithm>
#include <cmath>

namespace unibox::limits {
namespace {

std::int64_t SecondsUp(redis::Micros time) {
    return (time.count() + 999'999) / 1'000'000;
}

void Begin(std::string* list, const Limit& limit) {
    if (!list->empty()) *list += ", ";
    *list += '"' + limit.policy + '"';
}

}  // namespace

std::string PolicyField(const Verdict& verdict) {
    std::string list;
    for (const Limit& limit : verdict.limits) {
        const redis::Bucket& bucket = limit.bucket;
        const double fill_s = std::ceil(static_cast<double>(bucket.burst) / bucket.rate_per_s);
        const auto window_s = std::max<std::int64_t>(static_cast<std::int64_t>(fill_s), 1);
        Begin(&list, limit);
        list += ";q=" + std::to_string(bucket.burst) + ";w=" + std::to_string(window_s);
    }
    return list;
}

std::string StateField(const Verdict& verdict) {
    std::string list;
    for (std::size_t i = 0; i < verdict.limits.size(); ++i) {
        const redis::BucketState& state = verdict.states[i];
        if (!verdict.allowed && state.allowed) continue;
        Begin(&list, verdict.limits[i]);
        const auto until = state.allowed ? state.reset_after : state.retry_after;
        list += ";r=" + std::to_string(state.allowed ? state.remaining : 0) +
                ";t=" + std::to_string(SecondsUp(until));
    }
    return list;
}

Status RefusalOf(const Verdict& verdict) {
    std::string policies;
    for (std::size_t i = 0; i < verdict.limits.size(); ++i) {
        if (verdict.states[i].allowed) continue;
        if (!policies.empty()) policies += ',';
        policies += verdict.limits[i].policy;
    }
    const auto wait = std::chrono::ceil<Millis>(verdict.retry_after);
    return ResourceExhausted("over the rate of: " + policies)
        .WithReason(kOverRate)
        .WithMetadata("policies", policies)
        .WithRetryAfter(std::max(wait, Millis(1)));
}

}  // namespace unibox::limits
