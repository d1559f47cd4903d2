#include "gateway/tenant_turns.hpp"

#include <utility>

namespace unibox::gateway {

bool TenantTurns::Run(TenantId tenant, Work work) {
    {
        const MutexLock lock(mutex_);
        Turns& turns = turns_[tenant];
        if (turns.running >= limits_.running_max) {
            const bool full = turns.waiting.size() >= limits_.waiting_max ||
                              waiting_total_ >= limits_.waiting_total_max;
            if (full) return false;
            turns.waiting.push_back(std::move(work));
            ++waiting_total_;
            return true;
        }
        ++turns.running;
    }
    for (; work; work = NextOf(tenant)) work();
    return true;
}

TenantTurns::Work TenantTurns::NextOf(TenantId tenant) {
    const MutexLock lock(mutex_);
    const auto at = turns_.find(tenant);
    Turns& turns = at->second;
    if (turns.waiting.empty()) {
        if (--turns.running == 0) turns_.erase(at);
        return {};
    }
    Work next = std::move(turns.waiting.front());
    turns.waiting.pop_front();
    --waiting_total_;
    return next;
}

std::size_t TenantTurns::waiting_count() const {
    const MutexLock lock(mutex_);
    return waiting_total_;
}

}  // namespace unibox::gateway
