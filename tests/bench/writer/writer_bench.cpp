// How fast a backlog becomes committed rows and published events.
//
//   writer_bench [EVENTS] [BATCH] [CONNECTIONS] [ROUNDS]      default 200000 1000 2 3
//
// In each round first the real Writer, from UB_IN to rows and UB_EV; then its statements alone,
// with everything decided before, on as many connections; then one transaction an event, a
// twentieth of them. Printed are the medians of the rounds.
#include "batch_paths.hpp"
#include "bench/common/durable_postgres.hpp"
#include "drain.hpp"
#include "obs/log.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

using unibox::bench::Timing;

constexpr int kContenders = 3;

double PerSecond(const Timing& timing) {
    return static_cast<double>(timing.events) / timing.seconds;
}

// The round whose speed is the median; its other figures belong together.
const Timing& MedianOf(std::vector<Timing>& rounds) {
    std::sort(rounds.begin(), rounds.end(), [](const Timing& a, const Timing& b) {
        return PerSecond(a) < PerSecond(b);
    });
    return rounds[rounds.size() / 2];
}

void Print(const Timing& timing, double reference_per_second) {
    const auto per_million = [&](double seconds) {
        return seconds * 1e6 / static_cast<double>(timing.events);
    };
    std::printf(
        "%-24s%10.0f%10.2f%4s%9.1f%12.1f%12.1f%12.1f\n",
        timing.name.c_str(),
        PerSecond(timing),
        PerSecond(timing) / reference_per_second,
        timing.p99_is_bound ? "<=" : "",
        timing.batch_p99_ms,
        per_million(timing.own_cpu_seconds),
        per_million(timing.postgres_cpu_seconds),
        per_million(timing.nats_cpu_seconds)
    );
    std::fflush(stdout);
}

void PrintTable(std::vector<std::vector<Timing>>& rounds_of) {
    std::printf(
        "CPU-seconds are of a million events\n%-24s%10s%10s%13s%12s%12s%12s\n",
        "",
        "events/s",
        "ratio",
        "batch p99 ms",
        "this side",
        "postgres",
        "nats-server"
    );
    const double reference = PerSecond(MedianOf(rounds_of[1]));
    for (auto& rounds : rounds_of) Print(MedianOf(rounds), reference);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace unibox::bench;
    Backlog backlog;
    if (argc > 1) backlog.events = std::max(1'000, std::atoi(argv[1]));
    const std::size_t batch = argc > 2 ? std::max(1UL, std::strtoul(argv[2], nullptr, 10)) : 1'000;
    const std::size_t lanes = argc > 3 ? std::max(1UL, std::strtoul(argv[3], nullptr, 10)) : 2;
    const int round_count = argc > 4 ? std::max(1, std::atoi(argv[4])) : 3;
    backlog.threads = std::max(1, backlog.events / 10);
    unibox::test::PgServer server(DurablePostgres());
    std::printf(
        "%d events, batches of up to %zu, %zu connections, %d rounds\n",
        backlog.events,
        batch,
        lanes,
        round_count
    );
    unibox::obs::ConfigureLog("writer_bench", unibox::obs::Level::kWarn);
    const Events events = MakeBacklog(backlog);
    const Events few(events.begin(), events.begin() + backlog.events / 20);
    std::vector<std::vector<Timing>> rounds_of(kContenders);
    for (int round = 0; round < round_count; ++round) {
        rounds_of[0].push_back(DrainBacklog(server, events, lanes, batch));
        rounds_of[1].push_back(StatementsAlone(server, SharesOf(events, lanes), batch));
        rounds_of[2].push_back(RowByRow(server, SharesOf(few, lanes)));
    }
    for (Timing& timing : rounds_of[1]) timing.name = "statements alone";
    for (Timing& timing : rounds_of[2]) timing.name = "one event a transaction";
    PrintTable(rounds_of);
    return 0;
}
