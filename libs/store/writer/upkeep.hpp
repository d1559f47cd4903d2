// What the keeper and the janitor of message-writer ask the database: which of the writers does the
// upkeep, what may be purged from the log, what waits in vain. Role ub_writer.
//
// Errors: those of libs/pg. Thread safety: any thread; a Session one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "domain/inbox_keys.hpp"
#include "pg/pool.hpp"
#include "store/writer/partitions.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace unibox::store {

// True if this session is (or becomes) the one that does the upkeep. It stays so until its
// connection is lost, or nothing was asked for `silent_max`: a frozen writer must not keep the
// others from it. Ask before each round.
Result<bool> HoldUpkeepLock(pg::Session& session, Millis silent_max);

// Removes events that waited over 14 days for their message, at most `count_max`. Returns how many.
Result<std::int64_t> DropOldParkedEvents(pg::Pool& pool, std::int64_t count_max);

// Removes answers that are kept for repeated calls and are older than 24 hours, the oldest first,
// at most `count_max`. Returns how many.
Result<std::int64_t> DropOldRequestKeys(pg::Pool& pool, std::int64_t count_max);

// Writes down how far each partition has been committed, with what identifies the last message, and
// forgets what was written down more than 9 days ago.
Status TakeCheckpoint(pg::Pool& pool);

// What the log still needs of a partition.
struct LogNeed {
    domain::PartitionId id;
    std::int64_t last_seq = 0;  // committed
    // Committed at least `keep` ago; 0 = nothing known.
    std::int64_t old_seq = 0;
    std::int64_t stream_created_ms = 0;
    std::optional<LogMark> mark = {};  // of the message at last_seq, if it is known
};
Result<std::vector<LogNeed>> ListLogNeeds(pg::Pool& pool, Millis keep);

// How long ago the database stood at a place from which the log, whose first message
// is `first_seq`, is still complete; nothing if no such time is known.
Result<std::optional<Millis>> RestoreHorizon(
    pg::Pool& pool, domain::PartitionId id, std::int64_t first_seq
);

}  // namespace unibox::store
