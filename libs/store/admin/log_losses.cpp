#include "store/admin/log_losses.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kBreaks{
    "log_breaks",
    "SELECT generation, partition, found_at, found_by, common_seq, committed_seq, "
    "committed_stored_at, stream_created, stream_last_seq, unwritten_count FROM ingest_break "
    "ORDER BY id DESC LIMIT $1"};
constexpr pg::Statement kGaps{
    "log_gaps",
    "SELECT generation, partition, first_seq, last_seq, acknowledged_by, created_at "
    "FROM ingest_gap ORDER BY id DESC LIMIT $1"};

Result<pg::Rows> Read(pg::Pool& pool, const pg::Statement& statement, std::int32_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    return tx.ExecuteAndCommit(statement, pg::Params::Of(count_max));
}

}  // namespace

Result<std::vector<LogBreak>> ListLogBreaks(pg::Pool& pool, std::int32_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(const pg::Rows rows, Read(pool, kBreaks, count_max));
    std::vector<LogBreak> breaks;
    for (const pg::Row row : rows) {
        LogBreak& one = breaks.emplace_back();
        one.id = {row.Int32(0), row.Int32(1)};
        one.found_at_ms = row.Timestamp(2).unix_ms;
        one.found_by = row.Text(3);
        one.common_seq = row.Int64(4);
        one.committed_seq = row.Int64(5);
        if (const auto at = row.OptionalTimestamp(6)) one.committed_stored_at_ms = at->unix_ms;
        one.stream_created_ms = row.Timestamp(7).unix_ms;
        one.stream_last_seq = row.Int64(8);
        one.unwritten_count = row.Int64(9);
    }
    return breaks;
}

Result<std::vector<LogGap>> ListLogGaps(pg::Pool& pool, std::int32_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(const pg::Rows rows, Read(pool, kGaps, count_max));
    std::vector<LogGap> gaps;
    for (const pg::Row row : rows) {
        gaps.push_back(
            {{row.Int32(0), row.Int32(1)},
             row.Int64(2),
             row.Int64(3),
             std::string(row.Text(4)),
             row.Timestamp(5).unix_ms}
        );
    }
    return gaps;
}

}  // namespace unibox::store
