#include "drain.hpp"

#include "bench/common/cpu_seconds.hpp"
#include "bench/common/must.hpp"
#include "message-writer/service.hpp"
#include "nats/publisher.hpp"
#include "nats/streams.hpp"
#include "pg/transaction.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/inbound_events.hpp"
#include "support/nats_server.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <sstream>
#include <thread>

namespace unibox::bench {
namespace {

using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kInFlightMax = 2'000;
constexpr seconds kPatience{900};
// Looking costs the servers processor time too.
constexpr std::chrono::milliseconds kLookInterval(25);

// The log with the streams, and a connection of the bench's own.
struct Log {
    Log() {
        nats::Settings settings;
        settings.url = server.url();
        connection = Must(nats::Connection::Connect(settings, metrics));
        if (!test::Eventually(seconds(10), [&] { return connection->connected(); })) {
            Fail("nats-server does not answer");
        }
        nats::StreamOptions options;
        options.partition_count = kPartitionCount;
        for (const nats::StreamSpec& spec : nats::UniboxStreams(options)) {
            if (const Status made = nats::Streams(*connection).Ensure(spec); !made.ok()) {
                Fail(made.ToString());
            }
        }
    }

    void Store(const Events& backlog) {
        std::atomic<std::size_t> stored = 0;
        std::atomic<bool> refused = false;
        auto publisher = Must(nats::Publisher::Create(*connection, {}, metrics));
        for (const auto& event : backlog) {
            if (!test::Eventually(kPatience, [&] {
                    return publisher->in_flight() < kInFlightMax;
                })) {
                Fail("the backlog cannot be stored");
            }
            const int partition = test::PartitionOfEvent(event, kPartitionCount);
            nats::Outgoing message{
                subjects::InSubject(1, partition, TenantId{event.tenant_id()}),
                "",
                subjects::InStream(1, partition),
                event.SerializeAsString(),
                ""};
            publisher
                ->Publish(std::move(message), Steady::now() + kPatience, [&](const auto& result) {
                    if (!result.ok()) refused = true;
                    ++stored;
                });
        }
        test::Eventually(kPatience, [&] { return stored == backlog.size(); });
        if (refused || stored != backlog.size()) Fail("the backlog was not stored whole");
    }
    std::int64_t FeedCount() {
        const auto info = Must(nats::Streams(*connection).Info(subjects::kEvStream));
        return static_cast<std::int64_t>(info.messages);
    }

    obs::Metrics metrics;
    test::NatsServer server;
    std::unique_ptr<nats::Connection> connection;
};

std::int64_t Ask(pg::Pool& pool, const std::string& sql) {
    auto tx = Must(pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    return Must(tx.ExecuteUnprepared("SELECT coalesce((" + sql + "), 0)::bigint"))[0].Int64(0);
}

// The bucket in which the 99th percentile of a phase lies, by its upper bound, in ms.
double PhaseP99BoundMs(const std::string& exposition, const std::string& phase) {
    std::istringstream lines(exposition);
    std::vector<std::pair<double, double>> buckets;  // upper bound, batches up to it
    const std::string prefix = "unibox_writer_phase_seconds_bucket{phase=\"" + phase + "\",le=\"";
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(prefix)) continue;
        const auto bound_end = line.find('"', prefix.size());
        const std::string bound = line.substr(prefix.size(), bound_end - prefix.size());
        buckets.emplace_back(
            bound == "+Inf" ? HUGE_VAL : std::stod(bound), std::stod(line.substr(bound_end + 2))
        );
    }
    for (const auto& [bound, count] : buckets) {
        if (count >= 0.99 * buckets.back().second) return bound * 1e3;
    }
    return 0;
}

writer::Config ConfigFor(
    const test::PgDatabase& database, const Log& log, std::size_t lanes, std::size_t batch_size
) {
    writer::Config config;
    config.postgres = database.settings("ub_writer");
    config.nats.url = log.server.url();
    config.batch.lane_count = static_cast<int>(lanes);
    config.batch.event_count_max = batch_size;
    config.ownership.owner = "bench";
    return config;
}

// Waits until everything is committed and published; seconds since the first commit seen.
double TimeDraining(pg::Pool& pool, Log& log, std::int64_t event_count, std::int64_t* timed) {
    std::optional<Steady::time_point> first;
    std::int64_t versions = 0;
    const bool done = test::Eventually(kPatience, [&] {
        std::this_thread::sleep_for(kLookInterval);
        const std::int64_t committed = Ask(pool, "SELECT sum(last_seq) FROM ingest_partition");
        if (committed > 0 && !first) {
            first = Steady::now();
            *timed = event_count - committed;
        }
        if (committed < event_count) return false;
        if (versions == 0) versions = Ask(pool, "SELECT sum(version) FROM conversation_counters");
        return log.FeedCount() >= versions;
    });
    if (!done) Fail("the writer does not finish the backlog");
    return std::chrono::duration<double>(Steady::now() - *first).count();
}

}  // namespace

Timing DrainBacklog(
    test::PgServer& server, const Events& backlog, std::size_t lanes, std::size_t batch_size
) {
    Log log;
    log.Store(backlog);
    const test::PgDatabase database = server.CreateDatabase();
    server.Run(
        database.name(),
        "INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'acme', 'Acme');"
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) VALUES "
        "(1, '" +
            test::TestChannel().ToString() + "', 'tg', 'Telegram', 1, '')"
    );
    obs::Metrics metrics, bench_metrics;
    const auto pool = Must(pg::Pool::Create(database.settings(), bench_metrics));
    const double own_before = OwnCpuSeconds();
    const double postgres_before = CpuSecondsOfTree(server.pid());
    const double nats_before = CpuSecondsOfTree(log.server.pid());
    auto writer = Must(
        writer::CreateService(ConfigFor(database, log, lanes, batch_size), SystemClock(), metrics)
    );
    if (const Status started = writer->Start(); !started.ok()) Fail(started.ToString());
    Timing timing{.name = "message-writer"};
    timing.seconds =
        TimeDraining(*pool, log, static_cast<std::int64_t>(backlog.size()), &timing.events);
    // Of all events, those before the first look included.
    const double share = static_cast<double>(timing.events) / static_cast<double>(backlog.size());
    timing.own_cpu_seconds = (OwnCpuSeconds() - own_before) * share;
    timing.postgres_cpu_seconds = (CpuSecondsOfTree(server.pid()) - postgres_before) * share;
    timing.nats_cpu_seconds = (CpuSecondsOfTree(log.server.pid()) - nats_before) * share;
    writer->Stop(Millis(10'000));
    const std::string exposition = metrics.Render();
    for (const char* phase : {"read", "decide", "write"}) {
        timing.batch_p99_ms += PhaseP99BoundMs(exposition, phase);
    }
    timing.p99_is_bound = true;
    return timing;
}

}  // namespace unibox::bench
