// What an operator does to a partition of the log (docs/runbooks): skip a gap, bury what cannot be
// read, count in another stream.
//
// Told in the audit (audit.hpp) in the same transaction. Role ub_admin. NOT_FOUND: no such
// partition; others are those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/streams/partition_states.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::store {

// Acknowledges that (last_seq, skip_to] will never be written: records the gap, sets
// last_seq = skip_to, clears the reason, raises the epoch so that a running owner reads anew.
// OUT_OF_RANGE if skip_to < last_seq. Returns how many sequences were skipped; 0 (skip_to =
// last_seq) only clears the reason.
Result<std::int64_t> SkipGap(
    pg::Pool& pool, domain::PartitionId id, std::int64_t skip_to, std::string_view acknowledged_by
);
// A range of a stopped partition's stream, and the operator's word on it.
struct Burial {
    domain::PartitionId id;
    std::int64_t stream_created_ms = 0;
    std::int64_t first_seq = 0;  // the next one to be written
    std::int64_t last_seq = 0;
    std::int64_t undecodable_count = 0;  // in the range, as the operator saw it; at least 1
    std::string by;                      // not empty, nor is the reason
    std::string reason;
};
// A stopped partition goes on, and in the range what cannot be read goes to dead_letter
// without stopping it; the rest is written. Recorded in ingest_burial for good; it ends with
// last_seq, with the stream, and when the stream comes back with another history.
// FAILED_PRECONDITION if the partition is not stopped or counts in another stream, ABORTED if it
// stands elsewhere than before first_seq.
Status ResumeBurying(pg::Pool& pool, const Burial& burial);
// After the stream was made anew: counts from `last_seq` of the stream created at
// `stream_created_ms`.
Status ResetPartition(
    pg::Pool& pool, domain::PartitionId id, std::int64_t stream_created_ms, std::int64_t last_seq
);

}  // namespace unibox::store
