// What is known of a primary and its replicas, and which one of them a read may go to. Private to
// libs/pg. Without a clock and without a network: callers say what was seen, and when.
//
// How old a replica is follows from places in the log alone, never from the clocks of servers: who
// has replayed the place where the primary was at a moment is at most as old as that moment.
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "pg/lsn.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace unibox::pg::detail {

// What a server said of itself.
struct Sighting {
    bool in_recovery = false;
    Lsn place;  // Flushed by a primary, replayed by a replica.
    std::int64_t system = 0;
    std::int32_t timeline = 0;
};

enum class ReplicaState {
    kUnknown,  // Not asked yet, or the primary never was.
    kUsable,
    kAway,          // Does not answer.
    kLate,          // Behind by more than the bound.
    kPromoted,      // No longer in recovery.
    kOtherHistory,  // Of another cluster, or on another timeline than the primary.
};
// "usable", "away", …
std::string_view NameOf(ReplicaState state);

// Where a read goes.
struct Choice {
    std::size_t replica = 0;
    Lsn replayed;  // What the replica must have replayed when it is read.
};
// Why it goes to the primary.
enum class NoReplica { kNone, kBehind, kBusy };

class ReplicaBoard {
public:
    ReplicaBoard(std::size_t replica_count, Millis lag_max, std::int64_t reads_max);

    // Of an answer to a question that was asked at `asked`.
    void SawPrimary(const Sighting& sighting, SteadyTime asked);
    void SawReplica(std::size_t replica, const Sighting& sighting, SteadyTime asked);
    // It did not answer, to the probe or to a read: not used until SawReplica.
    void Lost(std::size_t replica);

    // A replica that is within the bound, and has replayed the token or may have by now, with the
    // fewest reads; that read counts until Done. While nothing is heard of the primary the bound
    // cannot be proved: then only for a token.
    std::optional<Choice> Take(
        std::optional<Lsn> token, SteadyTime now, NoReplica* why_not = nullptr
    );
    void Done(std::size_t replica);

    ReplicaState StateOf(std::size_t replica, SteadyTime now) const;
    // At most so far behind; none before it was once seen where the primary had been.
    std::optional<Millis> LagOf(std::size_t replica, SteadyTime now) const;

private:
    struct Sample {
        SteadyTime asked;
        Lsn place;
    };
    struct Replica {
        std::optional<Sighting> seen;
        SteadyTime seen_at;
        bool lost = false;
        std::optional<SteadyTime> current_at;  // It has all that had been written then.
        std::int64_t reads = 0;
    };

    // Where the primary was at the earliest moment that is not too long ago.
    std::optional<Lsn> Bound(SteadyTime now) const UNIBOX_REQUIRES(mutex_);
    ReplicaState Judge(const Replica& replica, SteadyTime now) const UNIBOX_REQUIRES(mutex_);
    void NoteCurrent(Replica& replica) UNIBOX_REQUIRES(mutex_);

    const Millis lag_max_;
    const std::int64_t reads_max_;
    mutable Mutex mutex_;
    std::optional<Sighting> primary_ UNIBOX_GUARDED_BY(mutex_);
    std::deque<Sample> samples_ UNIBOX_GUARDED_BY(mutex_);  // Of one timeline, oldest first.
    std::vector<Replica> replicas_ UNIBOX_GUARDED_BY(mutex_);
    std::size_t turn_ UNIBOX_GUARDED_BY(mutex_) = 0;
};

}  // namespace unibox::pg::detail
