#include "store/admin/partition_repairs.hpp"

#include "pg/transaction.hpp"

// What an operator can change.
#define UNIBOX_AUDITED_COLUMNS                                                    \
    "jsonb_build_object('last_seq', last_seq, 'stream_created', stream_created, " \
    "'stopped_reason', stopped_reason, 'epoch', epoch)"

namespace unibox::store {
namespace {

constexpr pg::Statement kLockOne{
    "partition_lock",
    "SELECT last_seq, stream_created, stopped_reason, " UNIBOX_AUDITED_COLUMNS
    "::text FROM ingest_partition WHERE generation = $1 AND partition = $2 FOR UPDATE"};
// $3: what kLockOne answered last.
constexpr pg::Statement kAudit{
    "partition_audit",
    "SELECT ub_audit(NULL, 'partition', generation || '/' || partition, "
    "$3::jsonb, " UNIBOX_AUDITED_COLUMNS
    ", 'done') FROM ingest_partition WHERE generation = $1 AND partition = $2"};
constexpr pg::Statement kRecordGap{
    "partition_gap",
    "INSERT INTO ingest_gap (generation, partition, first_seq, last_seq, acknowledged_by) "
    "VALUES ($1, $2, $3, $4, $5)"};
constexpr pg::Statement kBury{
    "partition_bury",
    "INSERT INTO ingest_burial (generation, partition, stream_created, last_break, first_seq, "
    "last_seq, undecodable_count, buried_by, reason) SELECT $1, $2, $3, (SELECT "
    "coalesce(max(id), 0) FROM ingest_break WHERE generation = $1 AND partition = $2), "
    "$4, $5, $6, $7, $8"};
constexpr pg::Statement kMove{
    "partition_move",
    "UPDATE ingest_partition SET last_seq = $3, stopped_reason = '', epoch = epoch + 1, "
    "owner = NULL, lease_until = '-infinity', committed_at = clock_timestamp() "
    "WHERE generation = $1 AND partition = $2"};
constexpr pg::Statement kReset{
    "partition_reset",
    "UPDATE ingest_partition SET stream_created = $3, last_seq = $4, stopped_reason = '', "
    "marked_seq = -1, epoch = epoch + 1, owner = NULL, lease_until = '-infinity', "
    "committed_at = clock_timestamp() WHERE generation = $1 AND partition = $2"};

}  // namespace

Result<std::int64_t> SkipGap(
    pg::Pool& pool, domain::PartitionId id, std::int64_t skip_to, std::string_view acknowledged_by
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto key = pg::Params::Of(id.generation, id.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kLockOne, key));
    if (rows.empty()) return NotFound("no such partition");
    const std::int64_t last_seq = rows[0].Int64(0);
    const std::string before(rows[0].Text(3));
    if (skip_to < last_seq) {
        return Status(Code::kOutOfRange, "already written up to " + std::to_string(last_seq));
    }
    if (skip_to > last_seq) {
        const auto gap =
            pg::Params::Of(id.generation, id.partition, last_seq + 1, skip_to, acknowledged_by);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kRecordGap, gap).status());
    }
    const auto move = pg::Params::Of(id.generation, id.partition, skip_to);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kMove, move).status());
    const auto audit = pg::Params::Of(id.generation, id.partition, before);
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteAndCommit(kAudit, audit).status());
    return skip_to - last_seq;
}

Status ResumeBurying(pg::Pool& pool, const Burial& burial) {
    const domain::PartitionId id = burial.id;
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto key = pg::Params::Of(id.generation, id.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kLockOne, key));
    if (rows.empty()) return NotFound("no such partition");
    const std::int64_t last_seq = rows[0].Int64(0);
    if (rows[0].Timestamp(1).unix_ms != burial.stream_created_ms) {
        return FailedPrecondition("the partition counts in another stream");
    }
    if (rows[0].Text(2).empty()) return FailedPrecondition("the partition is not stopped");
    if (last_seq + 1 != burial.first_seq) {
        return Status(
            Code::kAborted, "the partition was moved meanwhile, to " + std::to_string(last_seq)
        );
    }
    const auto row = pg::Params::Of(
        id.generation,
        id.partition,
        pg::TimestampMs{burial.stream_created_ms},
        burial.first_seq,
        burial.last_seq,
        burial.undecodable_count,
        burial.by,
        burial.reason
    );
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kBury, row).status());
    const auto stay = pg::Params::Of(id.generation, id.partition, last_seq);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kMove, stay).status());
    const auto audit = pg::Params::Of(id.generation, id.partition, rows[0].Text(3));
    return tx.ExecuteAndCommit(kAudit, audit).status();
}

Status ResetPartition(
    pg::Pool& pool, domain::PartitionId id, std::int64_t stream_created_ms, std::int64_t last_seq
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto key = pg::Params::Of(id.generation, id.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kLockOne, key));
    if (rows.empty()) return NotFound("no such partition");
    const auto params =
        pg::Params::Of(id.generation, id.partition, pg::TimestampMs{stream_created_ms}, last_seq);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kReset, params).status());
    const auto audit = pg::Params::Of(id.generation, id.partition, std::string(rows[0].Text(3)));
    return tx.ExecuteAndCommit(kAudit, audit).status();
}

}  // namespace unibox::store
