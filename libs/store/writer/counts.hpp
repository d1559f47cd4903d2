// Keeps the counts small: what transactions added under their shards goes into the totals.
// Role ub_writer. Errors: those of libs/pg. Thread safety: any thread; meant for one keeper.
#pragma once

#include "base/status.hpp"
#include "pg/pool.hpp"

#include <cstdint>

namespace unibox::store {

// One transaction for each table, of at most `count_max` rows: no sum changes by it. What another
// transaction holds is passed over. Returns how many rows were folded; 0: there is nothing left but
// what was passed over.
Result<std::int64_t> FoldCounts(pg::Pool& pool, std::int64_t count_max);

}  // namespace unibox::store
