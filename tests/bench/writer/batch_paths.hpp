// A backlog of events, and ways to bring it into a fresh database: the writer's statements alone
// with everything decided before, and one transaction an event. Thread safety: one thread.
#pragma once

#include "support/pg_server.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace unibox::bench {

inline constexpr int kPartitionCount = 8;

struct Timing {
    std::string name;
    std::int64_t events = 0;
    double seconds = 0;
    double batch_p99_ms = 0;    // from BEGIN to COMMIT
    bool p99_is_bound = false;  // the sum of what its phases stay below
    double own_cpu_seconds = 0;
    double postgres_cpu_seconds = 0;
    double nats_cpu_seconds = 0;
};

using Events = std::vector<event::v1::InboundEvent>;

// Messages and, one in ten, receipts of echoes; no two alike, of `threads` contacts in turn.
struct Backlog {
    int events = 200'000;
    int threads = 20'000;
    std::size_t text_bytes = 400;
};
Events MakeBacklog(const Backlog& backlog);

// What each connection writes: all events of its partitions, in order.
std::vector<Events> SharesOf(const Events& backlog, std::size_t connections);

// One connection for each share, all at once: plans and effects are at hand, what is left is to
// turn them into arrays and to run the statements. (They are decided first, in another database,
// and not timed there.)
Timing StatementsAlone(
    test::PgServer& server, const std::vector<Events>& shares, std::size_t batch_size
);
// One connection for each share, all at once: plan, read, decide and write for every single event.
Timing RowByRow(test::PgServer& server, const std::vector<Events>& shares);

// The value below which 99 of 100 lie; 0 of none.
double P99(std::vector<double> values);

}  // namespace unibox::bench
