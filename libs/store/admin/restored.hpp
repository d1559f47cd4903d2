// What must be done once after the database was restored from a backup, before writers start.
//
// Told in the audit (audit.hpp), in the same transaction. Role ub_admin. Errors: those of libs/pg.
// Thread safety: any thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"

#include <cstdint>

namespace unibox::store {

// Raises every epoch of partitions and slots by `by` (at least 1) and ends all leases.
Status RaiseAllEpochs(pg::Pool& pool, std::int64_t by);

// Begins a new epoch of the feed; its stream and what is known of its end stay. Returns the epoch.
// FAILED_PRECONDITION: the table feed has lost its row.
Result<Uuid> RenewFeedEpoch(pg::Pool& pool);

}  // namespace unibox::store
