#include "base/token_buckets.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace unibox {
namespace {

double MillisBetween(SteadyTime from, SteadyTime to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

Millis TokenBuckets::Take(std::uint64_t key, std::int64_t rate_per_s, std::int64_t burst) {
    const SteadyTime now = clock_.Steady();
    const double capacity = static_cast<double>(std::max<std::int64_t>(burst, 1));
    const double rate_per_ms = static_cast<double>(std::max<std::int64_t>(rate_per_s, 1)) / 1000.0;
    const MutexLock lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        if (by_key_.size() >= count_max_) {
            by_key_.erase(buckets_.back().key);
            buckets_.pop_back();
        }
        buckets_.push_front({key, capacity - 1, capacity, now});
        by_key_.emplace(key, buckets_.begin());
        return Millis(0);
    }
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    Bucket& bucket = buckets_.front();
    const double gained = MillisBetween(bucket.filled_at, now) * rate_per_ms;
    bucket = {key, std::min(bucket.tokens + gained, capacity), capacity, now};
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return Millis(0);
    }
    const double wait_ms = std::ceil((1 - bucket.tokens) / rate_per_ms);
    return std::max(Millis(1), Millis(static_cast<std::int64_t>(wait_ms)));
}

void TokenBuckets::GiveBack(std::uint64_t key) {
    const MutexLock lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    Bucket& bucket = *found->second;
    bucket.tokens = std::min(bucket.tokens + 1, bucket.burst);
}

std::size_t TokenBuckets::count() const {
    const MutexLock lock(mutex_);
    return by_key_.size();
}

}  // namespace unibox
