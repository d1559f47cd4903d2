// How much of the publisher's window each tenant has on its way, so that one with a hundred times
// its rate, or with a hundred large messages, does not fill it for all.
//
// Dynamic thresholds: a tenant may have as much on its way as is free. One noisy tenant comes to a
// half of the window, N of them to an (N+1)th each, and as much is left for whoever comes next. A
// tenant with nothing on its way may always have its one webhook, however large.
// Thread safety: any thread.
#pragma once

#include "base/ids.hpp"
#include "base/mutex.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <cstddef>
#include <map>
#include <unordered_map>
#include <vector>

namespace unibox::ingest {

class WindowShares {
public:
    struct Load {
        std::size_t msgs = 0;
        std::size_t bytes = 0;
    };
    // Of one webhook: what it has of each tenant.
    using Loads = std::map<TenantId, Load>;

    WindowShares(std::size_t msgs_max, std::size_t bytes_max) : max_{msgs_max, bytes_max} {}

    // A webhook larger than the window goes in slices; it counts as one of them.
    static Loads LoadsOf(const std::vector<event::v1::InboundEvent>& events);
    // True, and counted until Release: at least one of its tenants is within its share. A webhook
    // of several tenants is not refused for the noisy one among them.
    [[nodiscard]] bool TryTake(const Loads& loads);
    void Release(const Loads& loads);

    std::size_t tenant_count() const;  // With something on its way.

private:
    bool IsWithinShare(TenantId tenant, const Load& load) const UNIBOX_REQUIRES(mutex_);

    const Load max_;
    mutable Mutex mutex_;
    Load total_ UNIBOX_GUARDED_BY(mutex_);
    std::unordered_map<TenantId, Load> held_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::ingest
