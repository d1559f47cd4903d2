// How fast a backlog becomes committed rows and published events.
//
//   writer_bench [EVENTS] [BATCH] [CONNECTIONS]      default 200000 1000 2
//
// First the real Writer, from UB_IN to rows and UB_EV; then its statements alone, with everything
// decided before, on as many connections; then one transaction an event, a twentieth of them.
#include "batch_paths.hpp"
#include "drain.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

void Print(const unibox::bench::Timing& timing, double reference_per_second) {
    const auto events = static_cast<double>(timing.events);
    const auto per_million = [&](double seconds) { return seconds * 1e6 / events; };
    const double per_second = events / timing.seconds;
    std::printf(
        "%-24s%10.0f%10.2f%13.1f%12.1f%12.1f%12.1f\n",
        timing.name.c_str(),
        per_second,
        per_second / reference_per_second,
        timing.batch_p99_ms,
        per_million(timing.own_cpu_seconds),
        per_million(timing.postgres_cpu_seconds),
        per_million(timing.nats_cpu_seconds)
    );
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace unibox::bench;
    Backlog backlog;
    if (argc > 1) backlog.events = std::max(1'000, std::atoi(argv[1]));
    const std::size_t batch = argc > 2 ? std::max(1UL, std::strtoul(argv[2], nullptr, 10)) : 1'000;
    const std::size_t lanes = argc > 3 ? std::max(1UL, std::strtoul(argv[3], nullptr, 10)) : 2;
    backlog.threads = std::max(1, backlog.events / 10);
    unibox::test::PgServer server(
        {"fsync = on",
         "synchronous_commit = on",
         "full_page_writes = on",
         "shared_buffers = 1GB",
         "max_wal_size = 8GB",
         "autovacuum = on"}
    );
    const Events events = MakeBacklog(backlog);
    Timing writer = DrainBacklog(server, events, lanes, batch);
    Timing alone = StatementsAlone(server, SharesOf(events, lanes), batch);
    alone.name = "statements alone";
    const Events few(events.begin(), events.begin() + backlog.events / 20);
    Timing rows = RowByRow(server, SharesOf(few, lanes));
    rows.name = "one event a transaction";
    const double reference = static_cast<double>(alone.events) / alone.seconds;
    std::printf(
        "%d events, batches of up to %zu, %zu connections; CPU-seconds a million events\n"
        "%-24s%10s%10s%13s%12s%12s%12s\n",
        backlog.events,
        batch,
        lanes,
        "",
        "events/s",
        "ratio",
        "batch p99 ms",
        "this side",
        "postgres",
        "nats-server"
    );
    for (const Timing& timing : {writer, alone, rows}) Print(timing, reference);
    return 0;
}
