// The buckets of redis::Gcra in this process alone: the same rule and the same answers, for while
// Redis is away. Bounded: with count_max buckets, the one that was used longest ago goes, which is
// most likely full again (a full bucket and none at all are the same).
// Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "redis/gcra.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace unibox::limits {

class LocalBuckets {
public:
    // `count_max`: 1 or more. The clock must outlive the object.
    LocalBuckets(std::size_t count_max, const Clock& clock)
        : count_max_(count_max), clock_(clock), begun_(clock.Steady()) {}

    // All of them are charged, or none. The buckets must follow the rules of redis::Bucket.
    redis::Decision Take(const std::vector<redis::Bucket>& buckets);
    std::size_t count() const;

private:
    // When the bucket would be empty again, in microseconds since `begun_`.
    struct Arrival {
        std::string key;
        double at_us = 0;
    };
    using Arrivals = std::list<Arrival>;

    double ArrivalOf(const redis::Bucket& bucket, double now_us) const UNIBOX_REQUIRES(mutex_);
    void Keep(const std::string& key, double at_us) UNIBOX_REQUIRES(mutex_);

    const std::size_t count_max_;
    const Clock& clock_;
    const SteadyTime begun_;
    mutable Mutex mutex_;
    Arrivals arrivals_ UNIBOX_GUARDED_BY(mutex_);  // The latest used first.
    // The views are of the list's keys.
    std::unordered_map<std::string_view, Arrivals::iterator> by_key_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::limits
