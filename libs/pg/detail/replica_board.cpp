#include "pg/detail/replica_board.hpp"

#include <algorithm>
#include <array>

namespace unibox::pg::detail {
namespace {

constexpr std::size_t kSamplesMax = 1'024;

bool IsOfHistory(const Sighting& sighting, const Sighting& primary) {
    return sighting.system == primary.system && sighting.timeline == primary.timeline;
}

}  // namespace

std::string_view NameOf(ReplicaState state) {
    constexpr std::array<std::string_view, 6> kNames = {
        "unknown", "usable", "away", "late", "promoted", "other_history"};
    return kNames[static_cast<std::size_t>(state)];
}

ReplicaBoard::ReplicaBoard(std::size_t replica_count, Millis lag_max, std::int64_t reads_max)
    : lag_max_(lag_max), reads_max_(reads_max), replicas_(replica_count) {}

void ReplicaBoard::SawPrimary(const Sighting& sighting, SteadyTime asked) {
    const MutexLock lock(mutex_);
    if (sighting.in_recovery) return;  // Whoever it is, it is not the primary.
    if (!primary_ || !IsOfHistory(
                         sighting, *primary_
                     )) {  // Places of another history say nothing about this one.
        samples_.clear();
        for (Replica& replica : replicas_) replica.current_at.reset();
    }
    primary_ = sighting;
    samples_.push_back({asked, sighting.place});
    // One sample older than the bound tells how late a replica is that is just over it.
    while (samples_.size() > kSamplesMax ||
           (samples_.size() > 2 && samples_[1].asked < asked - 2 * lag_max_)) {
        samples_.pop_front();
    }
    for (Replica& replica : replicas_) NoteCurrent(replica);
}

void ReplicaBoard::SawReplica(std::size_t replica, const Sighting& sighting, SteadyTime asked) {
    const MutexLock lock(mutex_);
    Replica& known = replicas_[replica];
    known.seen = sighting;
    known.seen_at = asked;
    known.lost = false;
    NoteCurrent(known);
}

void ReplicaBoard::Lost(std::size_t replica) {
    const MutexLock lock(mutex_);
    replicas_[replica].lost = true;
}

void ReplicaBoard::NoteCurrent(Replica& replica) {
    if (!replica.seen || !primary_ || !IsOfHistory(*replica.seen, *primary_)) return;
    const auto newer = std::find_if(samples_.begin(), samples_.end(), [&](const Sample& sample) {
        return sample.place > replica.seen->place;
    });
    if (newer != samples_.begin()) replica.current_at = std::prev(newer)->asked;
}

std::optional<Lsn> ReplicaBoard::Bound(SteadyTime now) const {
    const auto recent = std::find_if(samples_.begin(), samples_.end(), [&](const Sample& sample) {
        return sample.asked >= now - lag_max_;
    });
    return recent == samples_.end() ? std::nullopt : std::optional(recent->place);
}

ReplicaState ReplicaBoard::Judge(const Replica& replica, SteadyTime now) const {
    if (replica.lost) return ReplicaState::kAway;
    if (!replica.seen || !primary_) return ReplicaState::kUnknown;
    if (!replica.seen->in_recovery) return ReplicaState::kPromoted;
    if (!IsOfHistory(*replica.seen, *primary_)) return ReplicaState::kOtherHistory;
    if (replica.seen_at < now - lag_max_) return ReplicaState::kAway;
    const auto bound = Bound(now);
    if (bound && replica.seen->place < *bound) return ReplicaState::kLate;
    return ReplicaState::kUsable;
}

std::optional<Choice> ReplicaBoard::Take(
    std::optional<Lsn> token, SteadyTime now, NoReplica* why_not
) {
    const MutexLock lock(mutex_);
    NoReplica reason = NoReplica::kNone;
    const auto bound = Bound(now);
    Replica* best = nullptr;
    const Lsn replayed = std::max(bound.value_or(Lsn()), token.value_or(Lsn()));
    // One that is known to have replayed it is better than one that may have by now.
    const auto is_better = [&](const Replica& one, const Replica& other) {
        const bool one_has = one.seen->place >= replayed;
        const bool other_has = other.seen->place >= replayed;
        return one_has != other_has ? one_has : one.reads < other.reads;
    };
    for (std::size_t i = 0; (bound || token) && i < replicas_.size(); ++i) {
        Replica& replica = replicas_[(turn_ + i) % replicas_.size()];
        const ReplicaState state = Judge(replica, now);
        if (state == ReplicaState::kLate) reason = std::max(reason, NoReplica::kBehind);
        if (state != ReplicaState::kUsable) continue;
        if (replica.reads >= reads_max_) {
            reason = NoReplica::kBusy;
        } else if (best == nullptr || is_better(replica, *best)) {
            best = &replica;
        }
    }
    ++turn_;
    if (why_not != nullptr) *why_not = reason;
    if (best == nullptr) return {};
    ++best->reads;
    return Choice{static_cast<std::size_t>(best - replicas_.data()), replayed};
}

void ReplicaBoard::Done(std::size_t replica) {
    const MutexLock lock(mutex_);
    --replicas_[replica].reads;
}

ReplicaState ReplicaBoard::StateOf(std::size_t replica, SteadyTime now) const {
    const MutexLock lock(mutex_);
    return Judge(replicas_[replica], now);
}

std::optional<Millis> ReplicaBoard::LagOf(std::size_t replica, SteadyTime now) const {
    const MutexLock lock(mutex_);
    const auto& current_at = replicas_[replica].current_at;
    if (!current_at) return {};
    return std::chrono::duration_cast<Millis>(now - *current_at);
}

}  // namespace unibox::pg::detail
