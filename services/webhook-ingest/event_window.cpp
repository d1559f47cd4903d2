#include "webhook-ingest/event_window.hpp"

namespace unibox::ingest {

// The table has its final size at once (8 bytes a key): growing it later would hold up every
// webhook for tens of milliseconds.
EventWindow::EventWindow(Millis window, std::size_t count_max, const Clock& clock)
    : window_(window), count_max_(count_max), clock_(clock) {
    stored_.reserve(count_max + 1);
}

EventWindow::Claim EventWindow::Take(const EventKey& key, OnOutcome on_outcome) {
    const MutexLock lock(mutex_);
    DropOldLocked(clock_.Steady());
    const auto stored = stored_.find(key);
    if (stored != stored_.end() && stored->second.history == history_) return Claim::kStored;
    const auto [at, is_new] = on_their_way_.try_emplace(key);
    if (is_new) {
        at->second.history = history_;
        return Claim::kMine;
    }
    at->second.joined.push_back(std::move(on_outcome));
    return Claim::kJoined;
}

void EventWindow::Finish(const EventKey& key, const Status& outcome) {
    Underway ended;
    {
        const MutexLock lock(mutex_);
        const auto at = on_their_way_.find(key);
        if (at == on_their_way_.end()) return;
        ended = std::move(at->second);
        on_their_way_.erase(at);
        if (outcome.ok() && ended.history == history_) {
            const SteadyTime now = clock_.Steady();
            const std::uint64_t number = next_number_++;
            stored_.insert_or_assign(key, Stored{history_, number});
            stored_order_.push_back({now, number, key});
            DropOldLocked(now);
        }
    }
    for (const OnOutcome& on_outcome : ended.joined) on_outcome(outcome);
}

void EventWindow::Forget() {
    const MutexLock lock(mutex_);
    ++history_;
}

void EventWindow::DropOldLocked(SteadyTime now) {
    while (!stored_order_.empty()) {
        const Entry& oldest = stored_order_.front();
        const bool old = now - oldest.stored_at >= window_;
        if (!old && stored_order_.size() <= count_max_) return;
        const auto at = stored_.find(oldest.key);
        if (at != stored_.end() && at->second.number == oldest.number) stored_.erase(at);
        stored_order_.pop_front();
    }
}

std::size_t EventWindow::count() const {
    const MutexLock lock(mutex_);
    return on_their_way_.size() + stored_order_.size();
}

}  // namespace unibox::ingest
