// The row of the table feed. Private to store. Thread safety: pure functions.
#pragma once

#include "pg/transaction.hpp"
#include "store/streams/feed.hpp"

namespace unibox::store::detail {

inline constexpr pg::Statement kGetFeed{
    "feed_get", "SELECT feed_epoch, stream_created, marked_seq, marked_msg_id FROM feed"};

// Of the rows of kGetFeed.
Result<Feed> ToFeed(const pg::Rows& rows);

}  // namespace unibox::store::detail
