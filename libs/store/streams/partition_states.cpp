#include "store/streams/partition_states.hpp"

#include "pg/transaction.hpp"
#include "store/streams/detail/partition_sql.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kList{
    "partition_list",
    "SELECT generation, partition, epoch, last_seq, stream_created, owner, "
    "owner IS NOT NULL AND lease_until >= clock_timestamp() "
    "AND NOT leased_at > " UNIBOX_FUTURE
    ", "
    "lease_until, committed_at, stopped_reason, " UNIBOX_MARK_COLUMNS
    " FROM ingest_partition p ORDER BY generation, partition"};

}  // namespace

Result<std::vector<PartitionState>> ListPartitions(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kList, {}));
    std::vector<PartitionState> states;
    for (const pg::Row row : rows) {
        PartitionState state;
        state.id = {row.Int32(0), row.Int32(1)};
        state.epoch = row.Int64(2);
        state.last_seq = row.Int64(3);
        state.stream_created_ms = row.Timestamp(4).unix_ms;
        state.owner = row.OptionalText(5);
        state.lease_live = row.Bool(6);
        state.lease_until_ms = row.Timestamp(7).unix_ms;
        state.committed_at_ms = row.Timestamp(8).unix_ms;
        state.stopped_reason = row.Text(9);
        state.mark = detail::ToMark(row, 10);
        states.push_back(std::move(state));
    }
    return states;
}

}  // namespace unibox::store
