// Ownership of the log's partitions (ingest_partition): leases and epochs. Role ub_writer.
//
// Only the epoch protects the data (the fence of the writer's transaction); the lease decides when
// another writer may take over. All times are the database's; should its clock go back, a lease
// that was given in what is the future now is void. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/log_mark.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/streams/partition_states.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

// Reason of an ABORTED error: another writer, or an operator, has moved the partition on.
inline constexpr std::string_view kPartitionLost = "LOST";

// A partition that we own: what the fence compares and where reading goes on.
struct OwnedPartition {
    domain::PartitionId id;
    std::int64_t epoch = 0;
    std::int64_t last_seq = 0;
    std::int64_t stream_created_ms = 0;
    std::string stopped_reason;        // not "": wait for an operator
    std::optional<LogMark> mark = {};  // of the message at last_seq, if it is known
    // Up to here an operator gave what cannot be read to dead_letter (ResumeBurying); 0 = nowhere.
    std::int64_t buried_to = 0;
};

// Says that `owner` is alive for `ttl`, forgets instances that are not, and returns the live
// ones in order, the caller included.
Result<std::vector<std::string>> Heartbeat(pg::Pool& pool, std::string_view owner, Millis ttl);
// Takes `owner` off the list at once (graceful stop).
Status RemoveInstance(pg::Pool& pool, std::string_view owner);

// Makes the row of a partition whose stream was created at `stream_created_ms`; an existing row
// stays as it is.
Status EnsurePartition(pg::Pool& pool, domain::PartitionId id, std::int64_t stream_created_ms);

// Takes those of `wanted` that are free or whose lease has expired or is void: owner, epoch + 1, a
// new lease. Returns the taken ones. Rows that another transaction holds at the moment are passed
// over, never waited for.
Result<std::vector<OwnedPartition>> TakePartitions(
    pg::Pool& pool,
    std::string_view owner,
    const std::vector<domain::PartitionId>& wanted,
    Millis lease
);
// Ends the connections of writers that stand still in the middle of a pipeline for `frozen`: the
// server waits for the rest of it while their transaction holds its locks, and counts that as work,
// so idle_in_transaction_session_timeout does not see it. Returns how many were ended.
Result<std::int64_t> EndFrozenWriters(pg::Pool& pool, Millis frozen);
// Extends the lease of what is still owned with the same epoch and returns it; what is absent in
// the answer is lost. last_seq and stopped_reason are current. A partition is renewed even after
// its lease expired, as long as nobody took it.
Result<std::vector<OwnedPartition>> RenewPartitions(
    pg::Pool& pool, std::string_view owner, const std::vector<OwnedPartition>& owned, Millis lease
);
// The same without waiting, for regular renewal: a partition that a transaction holds is answered
// as it stood before, and has its lease renewed by that transaction's commit.
Result<std::vector<OwnedPartition>> ExtendLeases(
    pg::Pool& pool, std::string_view owner, const std::vector<OwnedPartition>& owned, Millis lease
);
// Gives up: owner NULL, lease over. Only with the same owner and epoch; the epoch stays (the next
// one raises it).
Status ReleasePartitions(
    pg::Pool& pool, std::string_view owner, const std::vector<OwnedPartition>& owned
);

// Stops a partition with an alarm (its owner, under its epoch; ABORTED if it was taken over).
Status StopPartition(pg::Pool& pool, const OwnedPartition& owned, std::string_view reason);

// A place in a stream of the log: reading goes on behind last_seq.
struct LogPlace {
    std::int64_t stream_created_ms = 0;
    std::int64_t last_seq = 0;
    std::optional<LogMark> mark;  // of the message at last_seq, if there is one
};
// What is known of what a stream lost besides.
struct LogLoss {
    std::int64_t stream_last_seq = 0;  // where it ends now
    std::int64_t unwritten_count = 0;  // events that were seen in it and never written, at least
};
// Its owner, under its epoch (else ABORTED), after the stream was made anew or came back with
// another history: counts from `place` on, without an owner, under a new epoch. Records in
// ingest_break what is known of the loss.
Status RestartPartition(
    pg::Pool& pool,
    std::string_view owner,
    const OwnedPartition& owned,
    const LogPlace& place,
    const LogLoss& loss
);
// Places at which the partition once stood in the stream that it counts in, below `below_seq`, each
// with its mark; by last_seq.
Result<std::vector<LogPlace>> ListKnownPlaces(
    pg::Pool& pool, const OwnedPartition& owned, std::int64_t below_seq
);

}  // namespace unibox::store
