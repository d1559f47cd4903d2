#include "store/schema/periods.hpp"

#include "pg/transaction.hpp"
#include "store/schema/detail/leaf_mark.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kEnsure{"periods_ensure", "SELECT ub_make_partitions()"};
constexpr pg::Statement kEnsureFor{"periods_ensure_for", "SELECT ub_make_partition($1, $2)"};
constexpr pg::Statement kSurvey{
    "periods_survey",
    "SELECT l.parent, l.leaf, l.first, l.past, " UNIBOX_LEAF_MARK
    " FROM (SELECT) one LEFT JOIN ub_detached_leaves() l ON true"};
constexpr pg::Statement kAgingTables{
    "periods_aging", "SELECT parent FROM time_partitioned WHERE kept IS NOT NULL ORDER BY parent"};
constexpr pg::Statement kDropOld{"periods_drop", "SELECT ub_drop_old_leaves($1)"};
constexpr pg::Statement kAhead{"periods_ahead", "SELECT ub_periods_ahead()"};

Result<pg::Rows> Call(pg::Pool& pool, const pg::Statement& statement, const pg::Params& params) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(statement, params);
}

}  // namespace

Result<std::int32_t> EnsurePeriods(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Call(pool, kEnsure, {}));
    return rows[0].Int32(0);
}

Result<bool> EnsurePeriodFor(pg::Pool& pool, std::string_view table, std::int64_t unix_ms) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Call(pool, kEnsureFor, pg::Params::Of(table, pg::TimestampMs{unix_ms}))
    );
    return rows[0].Bool(0);
}

Result<LeafSurvey> SurveyLeaves(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kSurvey, {}));
    LeafSurvey survey;
    for (const pg::Row row : rows) {
        survey.mark = row.Int64(4);
        if (row.IsNull(0)) break;
        domain::DetachedLeaf leaf{std::string(row.Text(1)), row.Timestamp(2).unix_ms};
        leaf.past_ms = row.IsNull(3) ? domain::kInfinity : row.Timestamp(3).unix_ms;
        const std::string_view table = row.Text(0);
        auto& leaves = table == "messages"        ? survey.detached.messages
                       : table == "conversations" ? survey.detached.conversations
                                                  : survey.detached.ext_refs;
        leaves.push_back(std::move(leaf));
    }
    return survey;
}

// A transaction for each table: one that is locked does not keep the rows of the others.
Result<std::int32_t> DropOldLeaves(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(const auto tables, Call(pool, kAgingTables, {}));
    std::int32_t count = 0;
    Status first_error;
    for (const pg::Row table : tables) {
        const auto dropped = Call(pool, kDropOld, pg::Params::Of(table.Text(0)));
        if (dropped.ok()) {
            count += (*dropped)[0].Int32(0);
        } else if (first_error.ok()) {
            first_error = dropped.status();
        }
    }
    UNIBOX_RETURN_IF_ERROR(first_error);
    return count;
}

Result<std::int32_t> PeriodsAhead(pg::Pool& pool) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Call(pool, kAhead, {}));
    return rows[0].Int32(0);
}

}  // namespace unibox::store
