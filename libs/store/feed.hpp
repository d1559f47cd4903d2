// The feed's epoch, and what is known of the end of its stream UB_EV. Role ub_writer writes.
//
// Errors: those of libs/pg; FAILED_PRECONDITION when the table has lost its row. Thread safety: any
// thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace unibox::store {

// The last event that the stream is known to have stored. seq 0: none is known.
struct FeedEnd {
    std::int64_t seq = 0;
    std::string msg_id;
};

struct Feed {
    Uuid epoch;
    std::optional<std::int64_t> stream_created_ms;
    FeedEnd end;  // of this epoch
};
Result<Feed> GetFeed(pg::Pool& pool);
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
// A new epoch after a restore of the database; told in the audit (audit.hpp). Role ub_admin.
Result<Feed> RenewFeedEpoch(pg::Pool& pool);

}  // namespace unibox::store
