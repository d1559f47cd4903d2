// One tenant's calls hold at most their share of the work threads. Those above it wait for a turn,
// without a thread, so that a tenant with many or slow calls does not slow the others.
//
// Limits: running_max calls of a tenant at work; waiting_max of a tenant, and waiting_total_max of
// all, that wait. Thread safety: any thread.
#pragma once

#include "base/ids.hpp"
#include "base/mutex.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>

namespace unibox::gateway {

struct TenantTurnLimits {
    std::size_t running_max = 1;  // 1 or more.
    std::size_t waiting_max = 0;
    std::size_t waiting_total_max = 0;
};

class TenantTurns {
public:
    using Work = std::function<void()>;

    explicit TenantTurns(TenantTurnLimits limits) : limits_(limits) {}

    // Runs `work` now, and then what waits of this tenant; or leaves it to a thread that does so at
    // the moment. False, and `work` is dropped, if too much waits already.
    [[nodiscard]] bool Run(TenantId tenant, Work work);

    std::size_t waiting_count() const;

private:
    struct Turns {
        std::size_t running = 0;
        std::deque<Work> waiting;  // Not empty only while running == running_max.
    };
    // The tenant's next work; without any, this thread's turn is over and the result is empty.
    Work NextOf(TenantId tenant);

    const TenantTurnLimits limits_;
    mutable Mutex mutex_;
    std::map<TenantId, Turns> turns_ UNIBOX_GUARDED_BY(mutex_);  // Of tenants at work.
    std::size_t waiting_total_ UNIBOX_GUARDED_BY(mutex_) = 0;
};

}  // namespace unibox::gateway
