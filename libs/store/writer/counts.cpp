#include "store/writer/counts.hpp"

#include "pg/transaction.hpp"
#include "store/writer/detail/count_sql.hpp"

#include <vector>

namespace unibox::store {
namespace {

Result<pg::Rows> Write(pg::Pool& pool, const pg::Statement& statement, const pg::Params& params) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    return tx.ExecuteAndCommit(statement, params);
}

Result<std::int64_t> FoldTable(
    pg::Pool& pool, const pg::Statement& fold, const pg::Statement& drop, std::int64_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto folded, Write(pool, fold, pg::Params::Of(count_max)));
    if (folded.empty()) return std::int64_t{0};
    std::vector<std::int64_t> tenants;
    std::int64_t count = 0;
    for (const pg::Row row : folded) {
        tenants.push_back(row.Int64(0));
        count += row.Int64(1);
    }
    pg::Params params;
    UNIBOX_RETURN_IF_ERROR(Write(pool, drop, params.AddArray(tenants)).status());
    return count;
}

}  // namespace

Result<std::int64_t> FoldCounts(pg::Pool& pool, std::int64_t count_max) {
    UNIBOX_ASSIGN_OR_RETURN(
        const std::int64_t tallies,
        FoldTable(pool, detail::kFoldTallies, detail::kDropEmptyTallies, count_max)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        const std::int64_t volumes,
        FoldTable(pool, detail::kFoldVolumes, detail::kDropOldHours, count_max)
    );
    return tallies + volumes;
}

}  // namespace unibox::store
