// Ownership of the slots of API writes (writer_slots), as of partitions (partitions.hpp). Role
// ub_writer. Errors: those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "domain/outbox_target.hpp"
#include "domain/shard.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace unibox::store {

// A shard of API writes.
struct OwnedSlot {
    std::int32_t slot = 0;
    std::int64_t epoch = 0;
    domain::ShardId Shard() const { return domain::ShardId::OfSlot(slot); }
};
// A slot for API writes of `owner`: one that is free (or expired, or void), else a new one; with
// its next epoch and a lease. Rows of the outbox that an earlier owner left are the caller's to
// publish.
Result<OwnedSlot> TakeSlot(pg::Pool& pool, std::string_view owner, Millis lease);
// ABORTED (kPartitionLost) if it was taken over. Does not wait: a slot that a transaction holds has
// its lease renewed by that transaction's commit.
Status RenewSlot(pg::Pool& pool, std::string_view owner, const OwnedSlot& slot, Millis lease);

// Expired (or void) slots that still have outbox rows of one of the targets: any writer adopts,
// empties and releases them.
Result<std::vector<OwnedSlot>> TakeExpiredSlots(
    pg::Pool& pool,
    std::string_view owner,
    Millis lease,
    std::span<const domain::OutboxTarget> targets,
    std::int32_t count_max
);
Status ReleaseSlot(pg::Pool& pool, std::string_view owner, const OwnedSlot& slot);

}  // namespace unibox::store
