// Time partitions of the tables in time_partitioned: making them ahead, and dropping old ones. The
// work is done by SECURITY DEFINER functions (deploy/migrations); roles ub_writer and ub_admin may
// call them. Thread safety: any thread, any number of processes (advisory lock inside).
#pragma once

#include "base/status.hpp"
#include "domain/batch_state.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <string_view>

namespace unibox::store {

// Makes the previous, current and next three periods of every partitioned table, except detached
// ones. Returns how many were missing. ABORTED (55P03) if a table stayed locked for 2 s: call
// again.
Result<std::int32_t> EnsurePeriods(pg::Pool& pool);

// Makes the one leaf of `table` (one of time_partitioned) that holds `unix_ms`, for a row that
// found none (23514 without a constraint name). false = it was there. OUT_OF_RANGE (22008)
// more than 400 days from now, in words that say which times are served. FAILED_PRECONDITION
// (55000): it is detached.
Result<bool> EnsurePeriodFor(pg::Pool& pool, std::string_view table, std::int64_t unix_ms);

// Which leaves statements see, and which of those that they should see are detached: a relation has
// the leaf's name and is no partition (or its detaching is not finished). What is dropped, renamed
// or moved to another schema is given up on purpose and not told; nor is what is older than the
// times that are served (400 days; of ext_ref 8 weeks).
struct LeafSurvey {
    std::int64_t mark = 0;  // another one: leaves were attached or detached since
    domain::DetachedLeaves detached;
};
Result<LeafSurvey> SurveyLeaves(pg::Pool& pool);
// Reason of an error that says: the survey is out of date, take another one and repeat.
inline constexpr std::string_view kLeavesChanged = "LEAVES_CHANGED";

// Drops leaves whose rows are all older than the table keeps them (time_partitioned: of ext_ref 8
// weeks, of the two audits 12 months). Returns how many. ABORTED (55P03): a table was locked, call
// again; those of the other tables are gone.
Result<std::int32_t> DropOldLeaves(pg::Pool& pool);

// Whole periods that exist beyond the current one, the least over all partitioned tables: the gauge
// "partitions ahead". 3 right after EnsurePeriods; alarm below 2.
Result<std::int32_t> PeriodsAhead(pg::Pool& pool);

}  // namespace unibox::store
