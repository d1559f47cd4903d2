// What is recorded of losses of the ingest log: histories that broke off, and gaps that an operator
// acknowledged. Role ub_admin reads. Errors: those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/streams/partition_states.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unibox::store {

// A stream went on differently from what had been read of it. Times: Unix ms, UTC.
struct LogBreak {
    domain::PartitionId id;
    std::int64_t found_at_ms = 0;
    std::string found_by;         // which writer
    std::int64_t common_seq = 0;  // up to here the log is the one that was read
    // What was written of the lost history, all of it in PostgreSQL, and when its last message had
    // been stored; none: not known.
    std::int64_t committed_seq = 0;
    std::optional<std::int64_t> committed_stored_at_ms;
    std::int64_t stream_created_ms = 0;
    std::int64_t stream_last_seq = 0;
    std::int64_t unwritten_count = 0;  // seen and never written: at least so many are lost
};
// The newest first, at most `count_max`.
Result<std::vector<LogBreak>> ListLogBreaks(pg::Pool& pool, std::int32_t count_max);

// Sequences that were never written, and who answers for it.
struct LogGap {
    domain::PartitionId id;
    std::int64_t first_seq = 0;
    std::int64_t last_seq = 0;
    std::string acknowledged_by;
    std::int64_t created_at_ms = 0;
};
// The newest first, at most `count_max`.
Result<std::vector<LogGap>> ListLogGaps(pg::Pool& pool, std::int32_t count_max);

}  // namespace unibox::store
