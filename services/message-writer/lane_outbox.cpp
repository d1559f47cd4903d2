#include "message-writer/lane_outbox.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <span>

namespace unibox::writer {
namespace {

constexpr Millis kSweepPause(200);
constexpr std::int32_t kRowsMax = 50;  // listed at once
constexpr std::int64_t kReadBytesMax = 16LL * 1024 * 1024;
constexpr std::size_t kAcknowledgedMax = 1'000;  // deleted with one transaction

bool CannotRead(domain::ShardId shard, const Status& error) {
    obs::Log(
        obs::Level::kWarn, "outbox cannot be read", {{"shard", shard.number()}, {"error", error}}
    );
    return false;
}

}  // namespace

void LaneOutbox::NeedSweep(domain::ShardId shard) {
    for (const auto& one : relays_.all()) to_sweep_[{shard, one.to.target}] = {};
}

void LaneOutbox::Forget(domain::ShardId shard) {
    std::erase_if(to_sweep_, [&](const auto& entry) { return entry.first.first == shard; });
    relays_.Forget(shard);
}

bool LaneOutbox::HoldsWrites(domain::ShardId shard) const {
    return std::any_of(relays_.all().begin(), relays_.all().end(), [&](const auto& one) {
        return one.to.holds_writes && to_sweep_.contains({shard, one.to.target});
    });
}

void LaneOutbox::Publish(CommittedOutbox rows) {
    std::map<domain::OutboxTarget, CommittedOutbox> by_target;
    for (auto& row : rows) {
        const store::OutboxId& id = row.first;
        if (!relays_.Has(id.target)) continue;
        if (to_sweep_.contains({id.shard, id.target})) continue;  // from there, in order
        by_target[id.target].push_back(std::move(row));
    }
    for (auto& [target, part] : by_target) {
        std::vector<domain::ShardId> shards;
        for (const auto& row : part) shards.push_back(row.first.shard);
        if (relays_.Of(target).Publish(std::move(part))) continue;
        for (const domain::ShardId shard : shards) to_sweep_[{shard, target}] = {};
    }
}

void LaneOutbox::Sweep(domain::ShardId shard, bool all) {
    const SteadyTime now = clock_.Steady();
    for (const auto& one : relays_.all()) {
        const Part part{shard, one.to.target};
        const auto needed = to_sweep_.find(part);
        if (needed == to_sweep_.end() ? !all : now < needed->second) continue;
        if (SweepPart(part, *one.relay)) {
            to_sweep_.erase(part);
        } else {
            to_sweep_[part] = now + kSweepPause;
        }
    }
}

// False if some are left: the table cannot be read, or the relay is full. Ids first: a row that
// waits for the stream may be large, and is known.
bool LaneOutbox::SweepPart(Part part, Relay& relay) {
    const auto [shard, target] = part;
    std::int64_t after = 0;
    while (true) {
        const auto ids = store::ListOutbox(pool_, shard, target, after, kRowsMax);
        if (!ids.ok()) return CannotRead(shard, ids.status());
        const std::vector<store::OutboxId> unknown = Unknown(*ids, relay);
        std::span<const store::OutboxId> left(unknown);
        while (!left.empty()) {
            auto rows = store::ReadOutbox(pool_, left, kReadBytesMax);
            if (!rows.ok()) return CannotRead(shard, rows.status());
            if (rows->empty()) break;  // deleted since
            const auto last = std::find(left.begin(), left.end(), rows->back().id);
            left = left.subspan(static_cast<std::size_t>(last - left.begin()) + 1);
            if (!PublishLeftovers(part, std::move(*rows), relay)) return false;
        }
        if (static_cast<std::int32_t>(ids->size()) < kRowsMax) return true;
        after = ids->back().id;
    }
}

bool LaneOutbox::PublishLeftovers(Part part, std::vector<store::OutboxRow> rows, Relay& relay) {
    obs::Log(
        obs::Level::kInfo,
        "publishing leftovers",
        {{"shard", part.first.number()},
         {"target", static_cast<std::int64_t>(part.second)},
         {"rows", rows.size()}}
    );
    CommittedOutbox leftovers;
    for (store::OutboxRow& row : rows) leftovers.emplace_back(row.id, std::move(row.batch));
    return relay.Publish(std::move(leftovers));
}

std::vector<store::OutboxId> LaneOutbox::Unknown(
    const std::vector<store::OutboxId>& ids, const Relay& relay
) const {
    std::vector<store::OutboxId> unknown;
    for (const store::OutboxId& id : ids) {
        if (std::binary_search(acknowledged_.begin(), acknowledged_.end(), id)) continue;
        if (!relay.Knows(id)) unknown.push_back(id);
    }
    return unknown;
}

void LaneOutbox::Collect(domain::ShardId shard) {
    if (acknowledged_.size() >= kAcknowledgedMax) return;
    const std::vector<store::OutboxId> rows = relays_.TakeAcknowledged(shard);
    acknowledged_.insert(acknowledged_.end(), rows.begin(), rows.end());
    std::sort(acknowledged_.begin(), acknowledged_.end());
}

void LaneOutbox::DeleteAcknowledged() {
    if (acknowledged_.empty()) return;
    if (store::DeleteOutbox(pool_, acknowledged_).ok()) acknowledged_.clear();
}

}  // namespace unibox::writer
