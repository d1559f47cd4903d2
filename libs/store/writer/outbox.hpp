// Reading and deleting rows of the outbox: what a shard's owner finds after a take-over or a lost
// connection, and what it removes once the stream has acknowledged it. Writing them is part of the
// writer's transaction (batch_tx.hpp).
//
// Errors: those of libs/pg; DATA_LOSS for a row that is no OutboxBatch. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/writer/batch_tx.hpp"
#include "unibox/event/v1/feed.pb.h"

#include <cstdint>
#include <span>
#include <vector>

namespace unibox::store {

struct OutboxRow {
    OutboxId id;
    event::v1::OutboxBatch batch;
};

// Rows of a shard for one target above `after_id`, in the order in which they became true.
Result<std::vector<OutboxId>> ListOutbox(
    pg::Pool& pool,
    domain::ShardId shard,
    domain::OutboxTarget target,
    std::int64_t after_id,
    std::int32_t count_max
);

// Those of the rows that are still there, in the order given, as long as their batches together
// have at most `bytes_max`; the first one in any case. Each entry has its ordering key and each
// batch of the feed its epoch, also in rows of builds that did not write them.
Result<std::vector<OutboxRow>> ReadOutbox(
    pg::Pool& pool, std::span<const OutboxId> ids, std::int64_t bytes_max
);

// Whether there is any row of the shard for one of the targets.
Result<bool> ShardHasOutbox(
    pg::Pool& pool, domain::ShardId shard, std::span<const domain::OutboxTarget> targets
);

// Deleting what is gone already is Ok.
Status DeleteOutbox(pg::Pool& pool, std::span<const OutboxId> rows);

}  // namespace unibox::store
