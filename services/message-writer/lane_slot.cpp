#include "message-writer/lane_slot.hpp"

#include "obs/log.hpp"
#include "store/writer/outbox.hpp"

#include <algorithm>
#include <utility>

namespace unibox::writer {
namespace {

constexpr std::int32_t kAdoptedMax = 8;  // of one lane at the same time

std::vector<domain::OutboxTarget> TargetsOf(const Relays& relays) {
    std::vector<domain::OutboxTarget> targets;
    for (const auto& one : relays.all()) targets.push_back(one.to.target);
    return targets;
}

}  // namespace

LaneSlot::LaneSlot(LaneEnvironment& environment)
    : env_(environment), relayed_(TargetsOf(environment.relays)) {}

std::optional<store::OwnedSlot> LaneSlot::Get() {
    if (own_) return own_;
    const auto taken =
        store::TakeSlot(env_.pool, env_.owner, Millis(env_.config.ownership.lease_ms));
    if (!taken.ok()) {
        obs::Log(obs::Level::kWarn, "no slot can be had", {{"error", taken.status()}});
        return std::nullopt;
    }
    own_ = *taken;
    newly_adopted_.push_back(own_->Shard());  // with what an earlier owner left in it
    return own_;
}

void LaneSlot::Keep() {
    const SteadyTime now = env_.clock.Steady();
    if (now < next_look_) return;
    next_look_ = now + Millis(env_.config.ownership.interval_ms);
    const Millis lease(env_.config.ownership.lease_ms);
    if (own_ && store::RenewSlot(env_.pool, env_.owner, *own_, lease).code() == Code::kAborted) {
        env_.metrics.fenced.Add();
        Lost();
    }
    std::erase_if(adopted_, [&](const store::OwnedSlot& slot) {
        return store::RenewSlot(env_.pool, env_.owner, slot, lease).code() == Code::kAborted;
    });
    const auto room = kAdoptedMax - static_cast<std::int32_t>(adopted_.size());
    if (room <= 0) return;
    const auto left = store::TakeExpiredSlots(env_.pool, env_.owner, lease, relayed_, room);
    if (!left.ok()) return;  // PostgreSQL is away: told by whoever needs it
    for (const store::OwnedSlot& slot : *left) {
        obs::Log(
            obs::Level::kInfo,
            "a slot was left with rows in the outbox",
            {{"shard", slot.Shard().number()}}
        );
        adopted_.push_back(slot);
        newly_adopted_.push_back(slot.Shard());
    }
}

std::vector<domain::ShardId> LaneSlot::TakeAdopted() {
    return std::exchange(newly_adopted_, {});
}

void LaneSlot::ReleaseEmptied() {
    std::erase_if(adopted_, [&](const store::OwnedSlot& slot) {
        const auto holds = store::ShardHasOutbox(env_.pool, slot.Shard(), relayed_);
        return holds.ok() && !*holds && store::ReleaseSlot(env_.pool, env_.owner, slot).ok();
    });
}

void LaneSlot::ReleaseAll() {
    if (own_) adopted_.push_back(*own_);
    own_.reset();
    // Not essential: a lease ends by itself.
    for (const store::OwnedSlot& slot : adopted_) {
        (void)store::ReleaseSlot(env_.pool, env_.owner, slot);
    }
    adopted_.clear();
}

}  // namespace unibox::writer
