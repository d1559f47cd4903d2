// A token bucket for each key (a tenant, a client network), in this process: replicas add up. Rate
// and burst come with each call. Bounded: count_max buckets; when there are more, the one that was
// used longest ago goes, which is most likely full again (a full bucket and none at all are the
// same). Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/mutex.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

namespace unibox {

class TokenBuckets {
public:
    // `count_max`: 1 or more. The clock must outlive the object.
    TokenBuckets(std::size_t count_max, const Clock& clock)
        : count_max_(count_max), clock_(clock) {}

    // 0: taken. Otherwise how long until there is one, at least 1 ms. Rate and burst below 1 count
    // as 1.
    Millis Take(std::uint64_t key, std::int64_t rate_per_s, std::int64_t burst);
    Millis Take(TenantId tenant, std::int64_t rate_per_s, std::int64_t burst) {
        return Take(static_cast<std::uint64_t>(tenant.value), rate_per_s, burst);
    }
    // Puts back what Take took: it was not used after all.
    void GiveBack(std::uint64_t key);
    std::size_t count() const;

private:
    struct Bucket {
        std::uint64_t key = 0;
        double tokens = 0;
        double burst = 0;
        SteadyTime filled_at{};
    };

    const std::size_t count_max_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::list<Bucket> buckets_ UNIBOX_GUARDED_BY(mutex_);  // The latest used first.
    std::unordered_map<std::uint64_t, std::list<Bucket>::iterator> by_key_ UNIBOX_GUARDED_BY(mutex_
    );
};

}  // namespace unibox
