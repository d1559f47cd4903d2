#include "webhook-ingest/window_shares.hpp"

#include "webhook-ingest/event_publisher.hpp"

#include <algorithm>

namespace unibox::ingest {

WindowShares::Loads WindowShares::LoadsOf(const std::vector<event::v1::InboundEvent>& events) {
    Loads loads;
    for (const event::v1::InboundEvent& event : events) {
        Load& load = loads[TenantId{event.tenant_id()}];
        if (load.msgs == EventPublisher::kSliceCountMax) continue;
        ++load.msgs;
        load.bytes += event.ByteSizeLong();
    }
    return loads;
}

bool WindowShares::IsWithinShare(TenantId tenant, const Load& load) const {
    const auto held = held_.find(tenant);
    if (held == held_.end()) return true;
    const std::size_t free_msgs = max_.msgs - std::min(max_.msgs, total_.msgs);
    const std::size_t free_bytes = max_.bytes - std::min(max_.bytes, total_.bytes);
    return held->second.msgs + load.msgs <= free_msgs &&
           held->second.bytes + load.bytes <= free_bytes;
}

bool WindowShares::TryTake(const Loads& loads) {
    const MutexLock lock(mutex_);
    const bool any = std::any_of(loads.begin(), loads.end(), [this](const auto& one) {
        return IsWithinShare(one.first, one.second);
    });
    if (!any) return false;
    for (const auto& [tenant, load] : loads) {
        Load& held = held_[tenant];
        held.msgs += load.msgs;
        held.bytes += load.bytes;
        total_.msgs += load.msgs;
        total_.bytes += load.bytes;
    }
    return true;
}

void WindowShares::Release(const Loads& loads) {
    const MutexLock lock(mutex_);
    for (const auto& [tenant, load] : loads) {
        const auto held = held_.find(tenant);
        held->second.msgs -= load.msgs;
        held->second.bytes -= load.bytes;
        total_.msgs -= load.msgs;
        total_.bytes -= load.bytes;
        if (held->second.msgs == 0) held_.erase(held);
    }
}

std::size_t WindowShares::tenant_count() const {
    const MutexLock lock(mutex_);
    return held_.size();
}

}  // namespace unibox::ingest
