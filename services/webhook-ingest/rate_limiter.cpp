#include "rate_limiter.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace unibox::ingest {
namespace {

double MillisBetween(SteadyTime from, SteadyTime to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

std::int64_t RateLimiter::Take(TenantId tenant, std::int64_t rate_per_s, std::int64_t burst) {
    const SteadyTime now = clock_.Steady();
    const double capacity = static_cast<double>(std::max<std::int64_t>(burst, 1));
    const double rate_per_ms = static_cast<double>(std::max<std::int64_t>(rate_per_s, 1)) / 1000.0;
    const MutexLock lock(mutex_);
    if (buckets_.size() >= tenant_count_max_ && !buckets_.contains(tenant)) MakeRoomLocked(now);
    const auto [at, is_new] = buckets_.try_emplace(tenant);
    Bucket& bucket = at->second;
    const double filled =
        is_new ? capacity : bucket.tokens + MillisBetween(bucket.filled_at, now) * rate_per_ms;
    bucket = {std::min(filled, capacity), capacity, rate_per_ms, now};
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return 0;
    }
    const double wait_ms = std::ceil((1 - bucket.tokens) / rate_per_ms);
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(wait_ms));
}

void RateLimiter::MakeRoomLocked(SteadyTime now) {
    std::erase_if(buckets_, [now](const auto& entry) {
        const Bucket& bucket = entry.second;
        const double gained = MillisBetween(bucket.filled_at, now) * bucket.rate_per_ms;
        return bucket.tokens + gained >= bucket.burst;
    });
    if (buckets_.size() >= tenant_count_max_) buckets_.erase(buckets_.begin());
}

std::size_t RateLimiter::tenant_count() const {
    const MutexLock lock(mutex_);
    return buckets_.size();
}

}  // namespace unibox::ingest
