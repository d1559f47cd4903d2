#include "batch_paths.hpp"

#include "bench/common/cpu_seconds.hpp"
#include "bench/common/medians.hpp"
#include "bench/common/must.hpp"
#include "decide/decide.hpp"
#include "decide/plan.hpp"
#include "replay.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/partitions.hpp"
#include "support/inbound_events.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <thread>

namespace unibox::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr Millis kLease(600'000);
constexpr std::int64_t kStreamCreatedMs = 1'785'000'000'000;

// One connection that owns one partition, and what it measured.
struct Lane {
    Lane(const test::PgDatabase& database, pg::Pool& pool, int partition) {
        pg::Settings settings = database.settings("ub_writer");
        settings.statement_timeout_ms = 60'000;
        session = Must(pg::Session::Create(settings, metrics));
        Must(store::EnsurePartition(pool, {1, partition}, kStreamCreatedMs));
        owned = Must(store::TakePartitions(pool, "bench", {{1, partition}}, kLease)).at(0);
        leaves = Must(store::SurveyLeaves(pool));
    }

    store::BatchTx Begin() { return Must(store::BatchTx::Begin(*session, kLease)); }
    domain::BatchState Read(store::BatchTx& tx, const domain::BatchPlan& plan, std::size_t events) {
        const std::int64_t from = owned.last_seq;
        owned.last_seq += static_cast<std::int64_t>(events);
        const store::PartitionAdvance advance{owned.id, owned.epoch, from, owned.last_seq};
        return Must(tx.Read({.partitions = {&advance, 1}}, plan, leaves));
    }
    void Commit(store::BatchTx& tx, const domain::Effects& effects) {
        acknowledged = Must(tx.Commit(effects, {{}, acknowledged})).outbox;
    }

    obs::Metrics metrics;
    std::unique_ptr<pg::Session> session;
    store::OwnedPartition owned;
    store::LeafSurvey leaves;
    std::vector<store::OutboxId> acknowledged;
    std::vector<double> batch_ms;
};

// A fresh database with the channel, and lanes.
struct Target {
    Target(test::PgServer& server, std::size_t lane_count) : database(server.CreateDatabase()) {
        server.Run(
            database.name(),
            "INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'acme', 'Acme');"
            "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
            "VALUES (1, '" +
                test::TestChannel().ToString() + "', 'tg', 'Telegram', 1, '')"
        );
        pool = Must(pg::Pool::Create(database.settings("ub_writer"), metrics));
        for (std::size_t i = 0; i < lane_count; ++i) {
            lanes.push_back(std::make_unique<Lane>(database, *pool, static_cast<int>(i)));
        }
    }

    obs::Metrics metrics;
    test::PgDatabase database;
    std::unique_ptr<pg::Pool> pool;
    std::vector<std::unique_ptr<Lane>> lanes;
};

// Plan, read, decide and write in one transaction.
Replay WriteBatch(Lane& lane, std::span<const event::v1::InboundEvent> batch) {
    std::vector<domain::BatchItem> events;
    for (const auto& event : batch) events.push_back({lane.owned.id.Shard(), event});
    Replay replay{.events = batch.size(), .plan = decide::Plan(events), .effects = {}};
    auto tx = lane.Begin();
    replay.effects = decide::Decide(events, lane.Read(tx, replay.plan, replay.events));
    lane.Commit(tx, replay.effects);
    return replay;
}

std::vector<Replay> DecideAll(Lane& lane, const Events& share, std::size_t batch_size) {
    std::vector<Replay> replays;
    const std::span all(share);
    for (std::size_t at = 0; at < all.size(); at += batch_size) {
        replays.push_back(WriteBatch(lane, all.subspan(at, std::min(batch_size, all.size() - at))));
    }
    return replays;
}

void InMilliseconds(Lane& lane, const std::function<void()>& batch) {
    const auto start = Steady::now();
    batch();
    lane.batch_ms.push_back(std::chrono::duration<double, std::milli>(Steady::now() - start).count()
    );
}

// Runs `work(lane, index)` on all lanes at once.
Timing Measure(
    test::PgServer& server,
    std::size_t lane_count,
    const std::function<void(Lane&, std::size_t)>& work
) {
    Target target(server, lane_count);
    Timing timing;
    const double own_before = OwnCpuSeconds();
    const double postgres_before = CpuSecondsOfTree(server.pid());
    const auto start = Steady::now();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < lane_count; ++i) {
        threads.emplace_back([&, i] { work(*target.lanes[i], i); });
    }
    for (std::thread& thread : threads) thread.join();
    timing.seconds = std::chrono::duration<double>(Steady::now() - start).count();
    timing.own_cpu_seconds = OwnCpuSeconds() - own_before;
    timing.postgres_cpu_seconds = CpuSecondsOfTree(server.pid()) - postgres_before;
    std::vector<double> batch_ms;
    for (const auto& lane : target.lanes) {
        timing.events += lane->owned.last_seq;
        batch_ms.insert(batch_ms.end(), lane->batch_ms.begin(), lane->batch_ms.end());
    }
    timing.batch_p99_ms = P99(std::move(batch_ms));
    return timing;
}

}  // namespace

double P99(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return Percentile(values, 99);
}

Events MakeBacklog(const Backlog& backlog) {
    Events events;
    const std::string text(backlog.text_bytes, 'x');
    const std::int64_t start_ms = test::NowMs() - backlog.events;
    for (int i = 0; i < backlog.events; ++i) {
        const std::string contact = "4915112" + std::to_string(i % backlog.threads);
        const std::string id = "wamid." + std::to_string(i);
        auto builder = test::AMessage(id).WithText(text).Named("Ada Lovelace");
        if (i % 10 == 8) builder.Outbound();
        if (i % 10 == 9) {  // of the echo of another batch; in the same thread
            const int echo = i - 1 - backlog.threads;
            if (echo >= 0) {
                builder = test::AReceipt("wamid." + std::to_string(echo), v1::DELIVERY_STATE_READ);
                events.push_back(builder.From("4915112" + std::to_string(echo % backlog.threads))
                                     .At(start_ms + i)
                                     .Build());
                continue;
            }
        }
        events.push_back(builder.From(contact).At(start_ms + i).Build());
    }
    return events;
}

std::vector<Events> SharesOf(const Events& backlog, std::size_t connections) {
    std::vector<Events> shares(connections);
    for (const auto& event : backlog) {
        const auto partition = test::PartitionOfEvent(event, kPartitionCount);
        shares[static_cast<std::size_t>(partition) % connections].push_back(event);
    }
    return shares;
}

Timing StatementsAlone(
    test::PgServer& server, const std::vector<Events>& shares, std::size_t batch_size
) {
    std::vector<std::vector<Replay>> replays(shares.size());
    Measure(server, shares.size(), [&](Lane& lane, std::size_t i) {
        replays[i] = DecideAll(lane, shares[i], batch_size);
    });
    return Measure(server, shares.size(), [&](Lane& lane, std::size_t i) {
        for (const Replay& replay : replays[i]) {
            InMilliseconds(lane, [&] {
                auto tx = lane.Begin();
                static_cast<void>(lane.Read(tx, replay.plan, replay.events));
                lane.Commit(tx, replay.effects);
            });
        }
    });
}

Timing RowByRow(test::PgServer& server, const std::vector<Events>& shares) {
    return Measure(server, shares.size(), [&](Lane& lane, std::size_t i) {
        for (const auto& event : shares[i]) {
            InMilliseconds(lane, [&] { static_cast<void>(WriteBatch(lane, {&event, 1})); });
        }
    });
}

}  // namespace unibox::bench
