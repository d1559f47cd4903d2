#include "event_window.hpp"

namespace unibox::ingest {

// The table has its final size at once (8 bytes a key): growing it later would hold up every
// webhook for tens of milliseconds.
EventWindow::EventWindow(std::int64_t window_ms, std::size_t count_max, const Clock& clock)
    : window_ms_(window_ms), count_max_(count_max), clock_(clock) {
    stored_.reserve(count_max + 1);
}

EventWindow::Claim EventWindow::Take(const EventKey& key, OnOutcome on_outcome) {
    const MutexLock lock(mutex_);
    DropOldLocked(clock_.Steady());
    if (stored_.contains(key)) return Claim::kStored;
    const auto [at, is_new] = on_their_way_.try_emplace(key);
    if (is_new) return Claim::kMine;
    at->second.push_back(std::move(on_outcome));
    return Claim::kJoined;
}

void EventWindow::Finish(const EventKey& key, const Status& outcome) {
    std::vector<OnOutcome> joined;
    {
        const MutexLock lock(mutex_);
        const auto at = on_their_way_.find(key);
        if (at == on_their_way_.end()) return;
        joined = std::move(at->second);
        on_their_way_.erase(at);
        if (outcome.ok()) {
            const SteadyTime now = clock_.Steady();
            stored_.insert(key);
            stored_order_.emplace_back(now, key);
            DropOldLocked(now);
        }
    }
    for (const OnOutcome& on_outcome : joined) on_outcome(outcome);
}

void EventWindow::DropOldLocked(SteadyTime now) {
    while (!stored_order_.empty()) {
        const auto& [stored_at, key] = stored_order_.front();
        const bool old = now - stored_at >= Millis(window_ms_);
        if (!old && stored_.size() <= count_max_) return;
        stored_.erase(key);
        stored_order_.pop_front();
    }
}

std::size_t EventWindow::count() const {
    const MutexLock lock(mutex_);
    return on_their_way_.size() + stored_.size();
}

}  // namespace unibox::ingest
