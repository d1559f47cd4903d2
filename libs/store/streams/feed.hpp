// The feed's epoch, and what is known of the end of its stream UB_EV. Every role may read it.
//
// Errors: those of libs/pg; FAILED_PRECONDITION when the table has lost its row.
// Thread safety: any thread.
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

}  // namespace unibox::store
