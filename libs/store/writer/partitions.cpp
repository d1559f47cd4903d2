#include "store/writer/partitions.hpp"

#include "pg/transaction.hpp"
#include "store/streams/detail/partition_sql.hpp"

// How far an operator buried, in the history that the partition counts in.
#define UNIBOX_BURIED_COLUMN                                                              \
    "coalesce((SELECT max(b.last_seq) FROM ingest_burial b WHERE b.generation = "         \
    "p.generation AND b.partition = p.partition AND b.stream_created = p.stream_created " \
    "AND NOT EXISTS (SELECT FROM ingest_break k WHERE k.generation = b.generation "       \
    "AND k.partition = b.partition AND k.id > b.last_break)), 0)"
#define UNIBOX_OWNED_COLUMNS                                             \
    "p.generation, p.partition, p.epoch, p.last_seq, p.stream_created, " \
    "p.stopped_reason, " UNIBOX_MARK_COLUMNS ", " UNIBOX_BURIED_COLUMN

namespace unibox::store {
namespace {

// The order (generation, partition) in which all lock rows, the writer's fence included.
constexpr pg::Statement kHeartbeat{
    "instance_heartbeat",
    "INSERT INTO writer_instances (owner, seen_at, seen_until) "
    "VALUES ($1, clock_timestamp(), clock_timestamp() + $2 * interval '1 ms') "
    "ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at, "
    "seen_until = excluded.seen_until"};
constexpr pg::Statement kForget{
    "instance_forget",
    "DELETE FROM writer_instances WHERE owner IN (SELECT owner FROM writer_instances "
    "WHERE seen_until < clock_timestamp() OR seen_at > " UNIBOX_FUTURE "FOR UPDATE SKIP LOCKED)"};
constexpr pg::Statement kInstances{
    "instance_list",
    "SELECT owner FROM writer_instances WHERE seen_until >= clock_timestamp() "
    "AND NOT seen_at > " UNIBOX_FUTURE "ORDER BY owner"};
constexpr pg::Statement kRemove{"instance_remove", "DELETE FROM writer_instances WHERE owner = $1"};
// Looks first: ON CONFLICT alone would wait for whoever holds the row.
constexpr pg::Statement kEnsure{
    "partition_ensure",
    "INSERT INTO ingest_partition (generation, partition, stream_created) SELECT $1, $2, $3 "
    "WHERE NOT EXISTS (SELECT FROM ingest_partition WHERE generation = $1 AND partition = $2) "
    "ON CONFLICT DO NOTHING"};
constexpr pg::Statement kTake{
    "partition_take",
    "WITH free AS (SELECT p.generation, p.partition FROM ingest_partition p "
    "JOIN unnest($2::int[], $3::int[]) AS w (generation, partition) USING (generation, partition) "
    "WHERE p.owner IS NULL OR p.lease_until < clock_timestamp() "
    "OR p.leased_at > " UNIBOX_FUTURE
    "ORDER BY p.generation, p.partition FOR NO KEY UPDATE OF p SKIP LOCKED) "
    "UPDATE ingest_partition p SET owner = $1, epoch = p.epoch + 1, "
    "leased_at = clock_timestamp(), lease_until = clock_timestamp() + $4 * interval '1 ms' FROM "
    "free f "
    "WHERE p.generation = f.generation AND p.partition = f.partition "
    "RETURNING " UNIBOX_OWNED_COLUMNS};
// "active" and waiting for the client: to send the next message of a pipeline, or to take an answer
// that no buffer has room for. Chosen first and ended
// afterwards: in one WHERE the planner may put the ending before the conditions.
constexpr pg::Statement kEndFrozen{
    "partition_end_frozen",
    "WITH frozen AS MATERIALIZED (SELECT pid FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() "
    "AND state = 'active' AND wait_event IN ('ClientRead', 'ClientWrite') AND xact_start IS NOT "
    "NULL "
    "AND query_start NOT BETWEEN clock_timestamp() - $1 * interval '1 ms' "
    "AND clock_timestamp() + $1 * interval '1 ms') "
    "SELECT pid FROM frozen WHERE pg_terminate_backend(pid)"};
constexpr pg::Statement kRenew{
    "partition_renew",
    "WITH mine AS (SELECT p.generation, p.partition FROM ingest_partition p "
    "JOIN unnest($2::int[], $3::int[], $4::bigint[]) AS w (generation, partition, epoch) "
    "ON p.generation = w.generation AND p.partition = w.partition AND p.epoch = w.epoch "
    "WHERE p.owner = $1 ORDER BY p.generation, p.partition FOR NO KEY UPDATE OF p) "
    "UPDATE ingest_partition p SET leased_at = clock_timestamp(), lease_until = clock_timestamp() "
    "+ $5 * interval '1 ms' "
    "FROM mine m WHERE p.generation = m.generation AND p.partition = m.partition "
    "RETURNING " UNIBOX_OWNED_COLUMNS};
// Rows that a transaction holds are its owner's all the same: its commit renews their lease.
constexpr pg::Statement kExtend{
    "partition_extend",
    "WITH wanted AS (SELECT * FROM unnest($2::int[], $3::int[], $4::bigint[]) "
    "AS w (generation, partition, epoch)), "
    "free AS (SELECT generation, partition FROM ingest_partition p "
    "JOIN wanted USING (generation, partition, epoch) "
    "WHERE p.owner = $1 ORDER BY generation, partition FOR NO KEY UPDATE OF p SKIP LOCKED), "
    "extended AS (UPDATE ingest_partition p "
    "SET leased_at = clock_timestamp(), lease_until = clock_timestamp() + $5 * interval '1 ms' "
    "FROM free f "
    "WHERE p.generation = f.generation AND p.partition = f.partition) "
    "SELECT " UNIBOX_OWNED_COLUMNS
    " FROM ingest_partition p JOIN wanted USING (generation, partition, epoch) WHERE p.owner = $1"};
constexpr pg::Statement kRelease{
    "partition_release",
    "WITH mine AS (SELECT p.generation, p.partition FROM ingest_partition p "
    "JOIN unnest($2::int[], $3::int[], $4::bigint[]) AS w (generation, partition, epoch) "
    "ON p.generation = w.generation AND p.partition = w.partition AND p.epoch = w.epoch "
    "WHERE p.owner = $1 ORDER BY p.generation, p.partition FOR NO KEY UPDATE OF p) "
    "UPDATE ingest_partition p SET owner = NULL, lease_until = '-infinity' FROM mine m "
    "WHERE p.generation = m.generation AND p.partition = m.partition"};
constexpr pg::Statement kStop{
    "partition_stop",
    "UPDATE ingest_partition SET stopped_reason = $4 "
    "WHERE generation = $1 AND partition = $2 AND epoch = $3"};
// With the values from before in the record: what is compared is what the owner believes.
constexpr pg::Statement kRestart{
    "partition_restart",
    "WITH before AS (SELECT * FROM ingest_partition "
    "WHERE generation = $1 AND partition = $2 AND owner = $3 AND epoch = $4 FOR NO KEY UPDATE), "
    "told AS (INSERT INTO ingest_break (generation, partition, found_by, common_seq, "
    "committed_seq, committed_stored_at, stream_created, stream_last_seq, unwritten_count) "
    "SELECT generation, partition, owner, $6, last_seq, "
    "CASE WHEN marked_seq = last_seq THEN marked_stored_at END, $5, $9, $10 FROM before) "
    "UPDATE ingest_partition p SET stream_created = $5, last_seq = $6, stopped_reason = '', "
    "marked_seq = CASE WHEN $7::text IS NULL THEN -1 ELSE $6 END, marked_msg_id = coalesce($7, "
    "''), "
    "marked_stored_at = coalesce($8, '-infinity'), "
    "epoch = p.epoch + 1, owner = NULL, lease_until = '-infinity', "
    "committed_at = clock_timestamp() FROM before b "
    "WHERE p.generation = b.generation AND p.partition = b.partition"};
constexpr pg::Statement kPlaces{
    "partition_places",
    "SELECT last_seq, stored_at, msg_id FROM (SELECT DISTINCT ON (c.last_seq) c.last_seq, "
    "c.stored_at, c.msg_id FROM ingest_checkpoint c "
    "WHERE c.generation = $1 AND c.partition = $2 AND c.stream_created = $3 AND c.last_seq > 0 "
    "AND c.last_seq < $4 AND c.msg_id IS NOT NULL ORDER BY c.last_seq, c.taken_at DESC) x "
    "ORDER BY last_seq"};

// $1 to $4: the owner, and three arrays that name its partitions and epochs.
pg::Params OwnedParams(std::string_view owner, const std::vector<OwnedPartition>& owned) {
    std::vector<std::int32_t> generations, partitions;
    std::vector<std::int64_t> epochs;
    for (const OwnedPartition& partition : owned) {
        generations.push_back(partition.id.generation);
        partitions.push_back(partition.id.partition);
        epochs.push_back(partition.epoch);
    }
    pg::Params params;
    params.Add(owner).AddArray(generations).AddArray(partitions).AddArray(epochs);
    return params;
}

Result<pg::Rows> Write(pg::Pool& pool, const pg::Statement& statement, const pg::Params& params) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(statement, params);
}

Status TakenOver() {
    return Status(Code::kAborted, "the partition was taken over").WithReason(kPartitionLost);
}

std::vector<OwnedPartition> ToOwned(const pg::Rows& rows) {
    std::vector<OwnedPartition> owned;
    for (const pg::Row row : rows) {
        owned.push_back(
            {{row.Int32(0), row.Int32(1)},
             row.Int64(2),
             row.Int64(3),
             row.Timestamp(4).unix_ms,
             std::string(row.Text(5)),
             detail::ToMark(row, 6),
             row.Int64(8)}
        );
    }
    std::sort(owned.begin(), owned.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return owned;
}

}  // namespace

Result<std::vector<std::string>> Heartbeat(pg::Pool& pool, std::string_view owner, Millis ttl) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kHeartbeat, pg::Params::Of(owner, ttl.count())).status());
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kForget, {}).status());
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kInstances, {}));
    std::vector<std::string> owners;
    for (const pg::Row row : rows) owners.emplace_back(row.Text(0));
    return owners;
}

Status RemoveInstance(pg::Pool& pool, std::string_view owner) {
    return Write(pool, kRemove, pg::Params::Of(owner)).status();
}

Status EnsurePartition(pg::Pool& pool, domain::PartitionId id, std::int64_t stream_created_ms) {
    const auto params =
        pg::Params::Of(id.generation, id.partition, pg::TimestampMs{stream_created_ms});
    return Write(pool, kEnsure, params).status();
}

Result<std::vector<OwnedPartition>> TakePartitions(
    pg::Pool& pool,
    std::string_view owner,
    const std::vector<domain::PartitionId>& wanted,
    Millis lease
) {
    if (wanted.empty()) return std::vector<OwnedPartition>();
    std::vector<std::int32_t> generations, partitions;
    for (const domain::PartitionId id : wanted) {
        generations.push_back(id.generation);
        partitions.push_back(id.partition);
    }
    pg::Params params;
    params.Add(owner).AddArray(generations).AddArray(partitions).Add(lease.count());
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Write(pool, kTake, params));
    return ToOwned(rows);
}

Result<std::int64_t> EndFrozenWriters(pg::Pool& pool, Millis frozen) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Write(pool, kEndFrozen, pg::Params::Of(frozen.count()))
    );
    return std::int64_t{rows.size()};
}

Result<std::vector<OwnedPartition>> RenewPartitions(
    pg::Pool& pool, std::string_view owner, const std::vector<OwnedPartition>& owned, Millis lease
) {
    if (owned.empty()) return std::vector<OwnedPartition>();
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Write(pool, kRenew, OwnedParams(owner, owned).Add(lease.count()))
    );
    return ToOwned(rows);
}

Result<std::vector<OwnedPartition>> ExtendLeases(
    pg::Pool& pool, std::string_view owner, const std::vector<OwnedPartition>& owned, Millis lease
) {
    if (owned.empty()) return std::vector<OwnedPartition>();
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Write(pool, kExtend, OwnedParams(owner, owned).Add(lease.count()))
    );
    return ToOwned(rows);
}

Status ReleasePartitions(
    pg::Pool& pool, std::string_view owner, const std::vector<OwnedPartition>& owned
) {
    if (owned.empty()) return {};
    return Write(pool, kRelease, OwnedParams(owner, owned)).status();
}

Status StopPartition(pg::Pool& pool, const OwnedPartition& owned, std::string_view reason) {
    const auto params =
        pg::Params::Of(owned.id.generation, owned.id.partition, owned.epoch, reason);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Write(pool, kStop, params));
    if (rows.affected() == 1) return {};
    return TakenOver();
}

Status RestartPartition(
    pg::Pool& pool,
    std::string_view owner,
    const OwnedPartition& owned,
    const LogPlace& place,
    const LogLoss& loss
) {
    std::optional<std::string> msg_id;
    std::optional<pg::TimestampMs> stored_at;
    if (place.mark) {
        msg_id = place.mark->msg_id;
        stored_at = pg::TimestampMs{place.mark->stored_ms};
    }
    const auto params = pg::Params::Of(
        owned.id.generation,
        owned.id.partition,
        owner,
        owned.epoch,
        pg::TimestampMs{place.stream_created_ms},
        place.last_seq,
        msg_id,
        stored_at,
        loss.stream_last_seq,
        loss.unwritten_count
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Write(pool, kRestart, params));
    return rows.affected() == 1 ? Status() : TakenOver();
}

Result<std::vector<LogPlace>> ListKnownPlaces(
    pg::Pool& pool, const OwnedPartition& owned, std::int64_t below_seq
) {
    const pg::TimestampMs created{owned.stream_created_ms};
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    const auto params = pg::Params::Of(owned.id.generation, owned.id.partition, created, below_seq);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kPlaces, params));
    std::vector<LogPlace> places;
    for (const pg::Row row : rows) {
        const LogMark mark{std::string(row.Text(2)), row.Timestamp(1).unix_ms};
        places.push_back({owned.stream_created_ms, row.Int64(0), mark});
    }
    return places;
}

}  // namespace unibox::store
