#include "store/writer/upkeep.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

// "unibox" and the number of the lock: the keeper.
constexpr pg::Statement kHoldLock{"upkeep_lock", R"sql(
SELECT set_config('idle_session_timeout', $1, false),
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1970170210
                  AND objid = 2 AND pid = pg_backend_pid() AND granted)
       OR pg_try_advisory_lock(1970170210, 2))sql"};

constexpr pg::Statement kDropParked{"upkeep_drop_parked", R"sql(
DELETE FROM parked_events WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM parked_events WHERE parked_at < now() - interval '14 days' LIMIT $1)))sql"};

// Passes over what a transaction holds: that one may be giving an old key a new answer.
constexpr pg::Statement kDropKeys{"upkeep_drop_keys", R"sql(
DELETE FROM request_keys WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM request_keys WHERE created_at < now() - interval '24 hours'
    ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)))sql"};

constexpr pg::Statement kTakeCheckpoint{"upkeep_checkpoint", R"sql(
INSERT INTO ingest_checkpoint (generation, partition, taken_at, stream_created, last_seq, msg_id,
    stored_at)
SELECT generation, partition, now(), stream_created, last_seq,
       CASE WHEN marked_seq = last_seq THEN marked_msg_id END, marked_stored_at
FROM ingest_partition
ON CONFLICT DO NOTHING)sql"};

constexpr pg::Statement kForgetCheckpoints{
    "upkeep_forget_checkpoints",
    "DELETE FROM ingest_checkpoint WHERE taken_at < now() - interval '9 days'"};

constexpr pg::Statement kListNeeds{"upkeep_needs", R"sql(
SELECT p.generation, p.partition, p.last_seq,
       coalesce((SELECT c.last_seq FROM ingest_checkpoint c
                 WHERE c.generation = p.generation AND c.partition = p.partition
                   AND c.stream_created = p.stream_created
                   AND c.taken_at <= now() - $1::bigint * interval '1 ms'
                 ORDER BY c.taken_at DESC LIMIT 1), 0),
       p.stream_created, CASE WHEN p.marked_seq = p.last_seq THEN p.marked_msg_id END,
       p.marked_stored_at
FROM ingest_partition p ORDER BY 1, 2)sql"};

constexpr pg::Statement kHorizon{"upkeep_horizon", R"sql(
SELECT (extract(epoch FROM now() - min(c.taken_at)) * 1000)::bigint
FROM ingest_checkpoint c JOIN ingest_partition p USING (generation, partition, stream_created)
WHERE c.generation = $1 AND c.partition = $2 AND c.last_seq >= $3 - 1)sql"};

}  // namespace

Result<bool> HoldUpkeepLock(pg::Session& session, Millis silent_max) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(session, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows,
        tx.ExecuteAndCommit(kHoldLock, pg::Params::Of(std::to_string(silent_max.count())))
    );
    return rows[0].Bool(1);
}

Result<std::int64_t> DropOldParkedEvents(pg::Pool& pool, std::int64_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows, tx.ExecuteAndCommit(kDropParked, pg::Params::Of(count_max))
    );
    return rows.affected();
}

Result<std::int64_t> DropOldRequestKeys(pg::Pool& pool, std::int64_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows, tx.ExecuteAndCommit(kDropKeys, pg::Params::Of(count_max))
    );
    return rows.affected();
}

Status TakeCheckpoint(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kTakeCheckpoint, {}).status());
    return tx.ExecuteAndCommit(kForgetCheckpoints, {}).status();
}

Result<std::vector<LogNeed>> ListLogNeeds(pg::Pool& pool, Millis keep) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows, tx.ExecuteAndCommit(kListNeeds, pg::Params::Of(keep.count()))
    );
    std::vector<LogNeed> needs;
    for (const pg::Row row : rows) {
        LogNeed& need = needs.emplace_back();
        need.id = {row.Int32(0), row.Int32(1)};
        need.last_seq = row.Int64(2);
        need.old_seq = row.Int64(3);
        need.stream_created_ms = row.Timestamp(4).unix_ms;
        if (row.IsNull(5)) continue;
        need.mark = LogMark{std::string(row.Text(5)), row.Timestamp(6).unix_ms};
    }
    return needs;
}

Result<std::optional<Millis>> RestoreHorizon(
    pg::Pool& pool, domain::PartitionId id, std::int64_t first_seq
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const pg::Rows rows,
        tx.ExecuteAndCommit(kHorizon, pg::Params::Of(id.generation, id.partition, first_seq))
    );
    const auto ms = rows[0].OptionalInt64(0);
    return ms ? std::optional(Millis(*ms)) : std::nullopt;
}

}  // namespace unibox::store
