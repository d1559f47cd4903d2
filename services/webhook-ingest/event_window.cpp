#include "event_window.hpp"

namespace unibox::ingest {

EventWindow::Claim EventWindow::Take(const EventKey& key, OnOutcome on_outcome) {
    const MutexLock lock(mutex_);
    DropOldLocked(clock_.Steady());
    const auto [at, is_new] = entries_.try_emplace(key);
    if (is_new) return Claim::kMine;
    if (at->second.stored) return Claim::kStored;
    at->second.joined.push_back(std::move(on_outcome));
    return Claim::kJoined;
}

void EventWindow::Finish(const EventKey& key, const Status& outcome) {
    std::vector<OnOutcome> joined;
    {
        const MutexLock lock(mutex_);
        const auto at = entries_.find(key);
        if (at == entries_.end() || at->second.stored) return;
        joined.swap(at->second.joined);
        if (outcome.ok()) {
            const SteadyTime now = clock_.Steady();
            at->second.stored = true;
            at->second.stored_at = now;
            stored_order_.emplace_back(now, key);
            DropOldLocked(now);
        } else {
            entries_.erase(at);
        }
    }
    for (const OnOutcome& on_outcome : joined) on_outcome(outcome);
}

void EventWindow::DropOldLocked(SteadyTime now) {
    while (!stored_order_.empty()) {
        const auto& [stored_at, key] = stored_order_.front();
        const bool old = now - stored_at >= Millis(window_ms_);
        if (!old && stored_order_.size() <= count_max_) return;
        entries_.erase(key);
        stored_order_.pop_front();
    }
}

std::size_t EventWindow::count() const {
    const MutexLock lock(mutex_);
    return entries_.size();
}

}  // namespace unibox::ingest
