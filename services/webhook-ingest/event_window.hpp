// The events of the last minutes: a repeat of one that is stored costs no publish, and a repeat of
// one that is on its way joins its outcome. JetStream and PostgreSQL catch what gets past it.
// What it knows is true of one history of the log only: see Forget.
// Bounded: count_max stored keys, oldest go first; keys on their way are bounded by the publisher.
// Thread safety: any thread. Callbacks run without a lock held.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

namespace unibox::ingest {

class EventWindow {
public:
    using OnOutcome = std::function<void(const Status&)>;
    enum class Claim {
        kMine,    // Publish it, then call Finish.
        kStored,  // Was stored within the window.
        kJoined,  // Somebody publishes it now; `on_outcome` will run.
    };

    EventWindow(Millis window, std::size_t count_max, const Clock& clock);

    Claim Take(const EventKey& key, OnOutcome on_outcome);
    // The end of what Take gave as kMine: Ok = stored. Tells those who joined.
    void Finish(const EventKey& key, const Status& outcome);
    // From now on nothing that was taken until now is known as stored: the log may have lost it.
    // Costs the same however much is known.
    void Forget();
    // Keys held, forgotten ones too.
    std::size_t count() const;

private:
    struct Underway {
        std::uint64_t history = 0;  // In which it was taken.
        std::vector<OnOutcome> joined;
    };
    struct Stored {
        std::uint64_t history = 0;
        std::uint64_t number = 0;  // Which of the entries of stored_order_ is its own.
    };
    struct Entry {
        SteadyTime stored_at;
        std::uint64_t number;
        EventKey key;
    };
    void DropOldLocked(SteadyTime now) UNIBOX_REQUIRES(mutex_);

    const Millis window_;
    const std::size_t count_max_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::uint64_t history_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::uint64_t next_number_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::unordered_map<EventKey, Underway> on_their_way_ UNIBOX_GUARDED_BY(mutex_);
    std::unordered_map<EventKey, Stored> stored_ UNIBOX_GUARDED_BY(mutex_);
    std::deque<Entry> stored_order_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::ingest
