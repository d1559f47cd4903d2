// The rows of the longest reads of a batch, put into its state. Private to store.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "domain/batch_state.hpp"
#include "pg/rows.hpp"

namespace unibox::store::detail {

// From the second to the fourth column, of kReadTargets and kReadContents.
domain::MessagePosition PositionOf(const pg::Row& row);

// From the columns of UNIBOX_CONTACT_COLUMNS, the first of them in this column.
domain::ContactRow ContactOf(const pg::Row& row, int first);

// DATA_LOSS: a column that cannot be read.
Status ReadCounters(const pg::Rows& rows, domain::BatchState& state);       // of kLockCounters
Status ReadConversations(const pg::Rows& rows, domain::BatchState& state);  // of kReadConversations
Status ReadTargets(const pg::Rows& rows, domain::BatchState& state);        // of kReadTargets
// Of kReadContents, whose messages the state has.
Status ReadContents(const pg::Rows& rows, domain::BatchState& state);
Status ReadChannels(const pg::Rows& rows, domain::BatchState& state);  // of kReadChannels

}  // namespace unibox::store::detail
