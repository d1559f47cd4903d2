#include "message-writer/lane_outbox.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <span>

namespace unibox::writer {
namespace {

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

// Ids first: a row that waits for the stream may be large, and is known.
bool LaneOutbox::Sweep(domain::ShardId shard) {
    std::int64_t after = 0;
    while (true) {
        const auto ids = store::ListOutbox(pool_, shard, after, kRowsMax);
        if (!ids.ok()) return CannotRead(shard, ids.status());
        const std::vector<store::OutboxId> unknown = Unknown(*ids);
        std::span<const store::OutboxId> left(unknown);
        while (!left.empty()) {
            auto rows = store::ReadOutbox(pool_, left, kReadBytesMax);
            if (!rows.ok()) return CannotRead(shard, rows.status());
            if (rows->empty()) break;  // deleted since
            const auto last = std::find(left.begin(), left.end(), rows->back().id);
            left = left.subspan(static_cast<std::size_t>(last - left.begin()) + 1);
            if (!Publish(shard, std::move(*rows))) return false;
        }
        if (static_cast<std::int32_t>(ids->size()) < kRowsMax) return true;
        after = ids->back().id;
    }
}

bool LaneOutbox::Publish(domain::ShardId shard, std::vector<store::OutboxRow> rows) {
    obs::Log(
        obs::Level::kInfo,
        "publishing leftovers",
        {{"shard", shard.number()}, {"rows", rows.size()}}
    );
    CommittedOutbox leftovers;
    for (store::OutboxRow& row : rows) leftovers.emplace_back(row.id, std::move(row.batch));
    return relay_.Publish(std::move(leftovers));
}

std::vector<store::OutboxId> LaneOutbox::Unknown(const std::vector<store::OutboxId>& ids) const {
    std::vector<store::OutboxId> unknown;
    for (const store::OutboxId& id : ids) {
        if (std::binary_search(acknowledged_.begin(), acknowledged_.end(), id)) continue;
        if (!relay_.Knows(id)) unknown.push_back(id);
    }
    return unknown;
}

void LaneOutbox::Collect(domain::ShardId shard) {
    if (acknowledged_.size() >= kAcknowledgedMax) return;
    const std::vector<store::OutboxId> rows = relay_.TakeAcknowledged(shard);
    acknowledged_.insert(acknowledged_.end(), rows.begin(), rows.end());
    std::sort(acknowledged_.begin(), acknowledged_.end());
}

void LaneOutbox::DeleteAcknowledged() {
    if (acknowledged_.empty()) return;
    if (store::DeleteOutbox(pool_, acknowledged_).ok()) acknowledged_.clear();
}

}  // namespace unibox::writer
