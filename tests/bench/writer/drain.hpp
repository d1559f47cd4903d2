// The real Writer, from a backlog in UB_IN to committed rows and acknowledged events in UB_EV.
// Thread safety: one thread.
#pragma once

#include "batch_paths.hpp"

#include <cstddef>

namespace unibox::bench {

// Stores the backlog in the streams of a private nats-server, then starts a Writer with so many
// lanes and times it from its first commit on (until then it takes its partitions) to the moment
// when every event is committed and every version of every conversation is in UB_EV; CPU seconds
// cover all of it. Exits with a message when it does not come to that.
Timing DrainBacklog(
    test::PgServer& server, const Events& backlog, std::size_t lanes, std::size_t batch_size
);

}  // namespace unibox::bench
