#include "limits/local_buckets.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace unibox::limits {
namespace {

// As in the script of redis::Gcra: what rounding may take away.
constexpr double kToleranceUs = 0.5;

double StepUs(const redis::Bucket& bucket) {
    return 1e6 / bucket.rate_per_s;
}

double DepthUs(const redis::Bucket& bucket) {
    return StepUs(bucket) * static_cast<double>(bucket.burst);
}

redis::Micros Up(double us) {
    return redis::Micros(static_cast<std::int64_t>(std::ceil(std::max(us, 0.0))));
}

}  // namespace

double LocalBuckets::ArrivalOf(const redis::Bucket& bucket, double now_us) const {
    const auto found = by_key_.find(bucket.key);
    if (found == by_key_.end()) return now_us;
    // More than a whole burst ahead is of other limits than now.
    return std::clamp(found->second->at_us, now_us, now_us + DepthUs(bucket));
}

void LocalBuckets::Keep(const std::string& key, double at_us) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        arrivals_.splice(arrivals_.begin(), arrivals_, found->second);
        arrivals_.front().at_us = at_us;
        return;
    }
    if (arrivals_.size() >= count_max_) {
        by_key_.erase(arrivals_.back().key);
        arrivals_.pop_back();
    }
    arrivals_.push_front({key, at_us});
    by_key_.emplace(arrivals_.front().key, arrivals_.begin());
}

redis::Decision LocalBuckets::Take(const std::vector<redis::Bucket>& buckets) {
    const double now_us =
        std::chrono::duration<double, std::micro>(clock_.Steady() - begun_).count();
    redis::Decision decision;
    decision.allowed = true;
    std::vector<double> arrivals;
    const MutexLock lock(mutex_);
    for (const redis::Bucket& bucket : buckets) {
        const double charge = StepUs(bucket) * static_cast<double>(bucket.cost);
        arrivals.push_back(ArrivalOf(bucket, now_us));
        const double late_us = arrivals.back() + charge - DepthUs(bucket) - now_us;
        redis::BucketState state;
        state.allowed = late_us <= kToleranceUs;
        if (!state.allowed) state.retry_after = Up(late_us);
        decision.allowed = decision.allowed && state.allowed;
        decision.retry_after = std::max(decision.retry_after, state.retry_after);
        decision.buckets.push_back(state);
    }
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        const redis::Bucket& bucket = buckets[i];
        if (decision.allowed) arrivals[i] += StepUs(bucket) * static_cast<double>(bucket.cost);
        if (arrivals[i] > now_us) Keep(bucket.key, arrivals[i]);
        const double free_us = DepthUs(bucket) - (arrivals[i] - now_us) + kToleranceUs;
        const auto remaining = static_cast<std::int64_t>(std::floor(free_us / StepUs(bucket)));
        decision.buckets[i].remaining = std::max<std::int64_t>(remaining, 0);
        decision.buckets[i].reset_after = Up(arrivals[i] - now_us);
    }
    return decision;
}

std::size_t LocalBuckets::count() const {
    const MutexLock lock(mutex_);
    return arrivals_.size();
}

}  // namespace unibox::limits
