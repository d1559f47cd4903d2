// A token bucket for each tenant, in this process: replicas add up. Rate and burst come with each
// call, from the tenant's row. Bounded: tenant_count_max buckets; when there are more, full ones go
// (a full bucket and none at all are the same), then any.
// Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/mutex.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace unibox::ingest {

class RateLimiter {
public:
    RateLimiter(std::size_t tenant_count_max, const Clock& clock)
        : tenant_count_max_(tenant_count_max), clock_(clock) {}

    // 0: taken. Otherwise how long until there is one, in ms, at least 1.
    std::int64_t Take(TenantId tenant, std::int64_t rate_per_s, std::int64_t burst);
    std::size_t tenant_count() const;

private:
    struct Bucket {
        double tokens = 0;
        double burst = 0;
        double rate_per_ms = 0;
        SteadyTime filled_at{};
    };
    void MakeRoomLocked(SteadyTime now) UNIBOX_REQUIRES(mutex_);

    const std::size_t tenant_count_max_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::unordered_map<TenantId, Bucket> buckets_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::ingest
