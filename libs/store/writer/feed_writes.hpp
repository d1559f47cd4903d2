// What message-writer writes down of the feed's epoch and of the end of its stream. Role ub_writer.
//
// Errors: those of libs/pg; FAILED_PRECONDITION when the table feed has lost its row.
// Thread safety: any thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/streams/feed.hpp"

#include <cstdint>

namespace unibox::store {

// The stream was created at `stream_created_ms`, unless that is known already. Returns the feed as
// it is then.
Result<Feed> AdoptFeedStream(pg::Pool& pool, std::int64_t stream_created_ms);
// The end moved on to `end`, if the epoch still is `epoch`; never back. Returns the feed as it is
// then: another epoch means that nothing was written.
Result<Feed> MarkFeed(pg::Pool& pool, const Uuid& epoch, const FeedEnd& end);

struct BegunEpoch {
    Feed feed;  // as it is then
    bool is_ours = false;
};
// A new epoch, for a stream that was created at `stream_created_ms` and ends with `end`, unless it
// is another than `old_epoch` already.
Result<BegunEpoch> BeginFeedEpoch(
    pg::Pool& pool, const Uuid& old_epoch, std::int64_t stream_created_ms, const FeedEnd& end
);

}  // namespace unibox::store
