// The rows of the longest reads of a batch, put into its state. Private to store.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "domain/batch_state.hpp"
#include "pg/rows.hpp"

namespace unibox::store::detail {

Status ReadCounters(const pg::Rows& rows, domain::BatchState& state);       // of kLockCounters
Status ReadConversations(const pg::Rows& rows, domain::BatchState& state);  // of kReadConversations
Status ReadTargets(const pg::Rows& rows, domain::BatchState& state);        // of kReadTargets
// Of kReadContents, whose messages the state has. DATA_LOSS: a column that cannot be read.
Status ReadContents(const pg::Rows& rows, domain::BatchState& state);

}  // namespace unibox::store::detail
