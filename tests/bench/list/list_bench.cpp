// The inbox list through gRPC: tenants × conversations in PostgreSQL, callers in a closed loop that
// each ask for the first page of another tenant, with its own API key.
//
// Beside it the same statement on as many connections, without authentication and transport, at the
// primary and by the router at a replica, in turns; printed are the medians of the rounds.
//
// usage: list_bench [tenants 10000] [conversations 200] [callers 2] [seconds 5] [rounds 3]
#include "bench/common/cpu_seconds.hpp"
#include "gateway/service.hpp"
#include "pg/read_router.hpp"
#include "pg/transaction.hpp"
#include "store/inbox/lists.hpp"
#include "support/eventually.hpp"
#include "support/no_limits.hpp"
#include "support/pg_replica.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace unibox::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    int tenant_count = 10'000;
    int conversation_count = 200;
    int caller_count = 2;  // As many as the machine has processors: more would measure a queue.
    int run_s = 5;
    int round_count = 3;
};

std::string KeyOf(int tenant) {
    return fmt::format("ubk_{:0>42}0", tenant);  // The last character carries four bits alone.
}

void Populate(test::PgServer& server, const std::string& database, const Options& options) {
    const auto run = [&](const char* what, const std::string& sql) {
        const auto begin = Clock::now();
        server.Run(database, sql);
        const std::chrono::duration<double> took = Clock::now() - begin;
        std::printf("  %-22s %6.1f s\n", what, took.count());
        std::fflush(stdout);
    };
    const std::string tenants = fmt::format("generate_series(1, {}) t", options.tenant_count);
    const std::string rows =
        fmt::format("{}, generate_series(1, {}) n", tenants, options.conversation_count);
    const std::string id =
        "('00000000-0000-7000-8000-' || lpad((t::bigint * 1000000 + n)::text, "
        "12, '0'))::uuid";
    const std::string time =
        "timestamptz '2026-07-01' + (t * 7919 + n * 104729) % 2592000 * "
        "interval '1 second'";
    const std::string key = "sha256(convert_to('ubk_' || lpad(t::text, 42, '0') || '0', 'UTF8'))";
    run("tenants, keys",
        "INSERT INTO tenants (tenant_id, slug, name) SELECT t, 't' || t, 't' FROM " + tenants +
            "; INSERT INTO api_keys (tenant_id, key_id, name, key_hash, scopes) SELECT t, "
            "gen_random_uuid(), 'bench', " +
            key + ", '{inbox:read}' FROM " + tenants +
            "; INSERT INTO directory (kind, key_hash, tenant, object_id) SELECT 1, key_hash, "
            "tenant_id, key_id FROM api_keys");
    run("contacts",
        "INSERT INTO contacts (tenant_id, contact_id, channel_id, contact_key, display_name, "
        "created_at, updated_at) SELECT t, " +
            id +
            ", '00000000-0000-7000-8000-000000000001', "
            "'351' || n, 'Contact ' || n, now(), now() FROM " +
            rows);
    run("conversations",
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, unread_count, message_count, preview, preview_direction, "
        "last_activity_at, created_at, version) SELECT t, " +
            id +
            ", "
            "'00000000-0000-7000-8000-000000000001', '351' || n, " +
            id +
            ", 2, 1, n % 3, 9, "
            "'Hello, I would like to know when my order will arrive ' || n, 1, " +
            time + ", " + time + ", 9 FROM " + rows);
    run("analyze", "VACUUM (ANALYZE) conversations");
    run("analyze", "VACUUM (ANALYZE) contacts");
}

// One call for a tenant; true if it brought what it should.
using Call = std::function<bool(int tenant)>;

bool IsWhole(int conversation_count, const Options& options) {
    return conversation_count == std::min(50, options.conversation_count);
}

Call ThroughGateway(const std::string& address, const Options& options, int caller) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("bench.caller", caller);  // A connection of its own.
    const auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    const std::shared_ptr stub = v1::InboxService::NewStub(channel);
    return [stub, options](int tenant) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + KeyOf(tenant));
        v1::ListConversationsResponse response;
        const auto status = stub->ListConversations(&context, {}, &response);
        return status.ok() && IsWhole(response.conversations_size(), options);
    };
}

// The floor: the same statement on as many connections, without authentication and transport.
Call StatementAlone(pg::Pool& pool, const Options& options) {
    return [&pool, options](int tenant) {
        const auto page = store::ListConversations(
            pool, TenantId{tenant}, {}, {}, Clock::now() + std::chrono::seconds(10)
        );
        return page.ok() && IsWhole(static_cast<int>(page->conversations.size()), options);
    };
}

// The same where a replica is: what the choice of the server and the proof of its place cost.
Call ByTheRouter(pg::ReadRouter& router, const Options& options) {
    return [&router, options](int tenant) {
        const auto page = router.Do(
            {},
            Clock::now() + std::chrono::seconds(10),
            [tenant](pg::Pool& pool, SteadyTime deadline) {
                return store::ListConversations(pool, TenantId{tenant}, {}, {}, deadline);
            }
        );
        return page.ok() && IsWhole(static_cast<int>(page->conversations.size()), options);
    };
}

struct Measurement {
    std::string name;
    std::vector<double> latencies_ms;  // sorted
    double own_cpu_s = 0;
    double postgres_cpu_s = 0;
    int failure_count = 0;

    double PerSecond(double run_s) const {
        return static_cast<double>(latencies_ms.size()) / run_s;
    }
    double At(double part) const {
        const auto last = static_cast<double>(latencies_ms.size() - 1);
        return latencies_ms[static_cast<std::size_t>(part * last)];
    }
};

// Callers in a closed loop, each asking for another tenant every time.
Measurement Run(
    std::string name,
    const std::vector<Call>& calls,
    const Options& options,
    int run_s,
    pid_t postgres
) {
    const double own_before = OwnCpuSeconds();
    const double postgres_before = CpuSecondsOfTree(postgres);
    const auto end = Clock::now() + std::chrono::seconds(run_s);
    std::atomic<int> failure_count{0};
    std::vector<std::vector<double>> parts(calls.size());
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        callers.emplace_back([&, i] {
            std::mt19937 random(static_cast<unsigned>(i + 1));
            std::uniform_int_distribution<int> tenant(1, options.tenant_count);
            while (Clock::now() < end) {
                const auto begin = Clock::now();
                if (!calls[i](tenant(random))) ++failure_count;
                const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
                parts[i].push_back(took.count());
            }
        });
    }
    Measurement measurement;
    measurement.name = std::move(name);
    for (std::size_t i = 0; i < calls.size(); ++i) {
        callers[i].join();
        auto& all = measurement.latencies_ms;
        all.insert(all.end(), parts[i].begin(), parts[i].end());
    }
    std::sort(measurement.latencies_ms.begin(), measurement.latencies_ms.end());
    measurement.own_cpu_s = OwnCpuSeconds() - own_before;
    measurement.postgres_cpu_s = CpuSecondsOfTree(postgres) - postgres_before;
    measurement.failure_count = failure_count;
    return measurement;
}

// The round whose 99th percentile is the median.
const Measurement& MedianOf(std::vector<Measurement>& rounds) {
    std::sort(rounds.begin(), rounds.end(), [](const auto& a, const auto& b) {
        return a.At(0.99) < b.At(0.99);
    });
    return rounds[rounds.size() / 2];
}

void Print(const Measurement& measurement, double floor_per_second, int run_s) {
    const auto per_million = [&](double seconds) {
        return seconds * 1e6 / static_cast<double>(measurement.latencies_ms.size());
    };
    std::printf(
        "%-18s%9.0f%8.2f%9.2f%9.2f%9.2f%9.2f%12.0f%12.0f\n",
        measurement.name.c_str(),
        measurement.PerSecond(run_s),
        measurement.PerSecond(run_s) / floor_per_second,
        measurement.At(0.5),
        measurement.At(0.9),
        measurement.At(0.99),
        measurement.latencies_ms.back(),
        per_million(measurement.own_cpu_s),
        per_million(measurement.postgres_cpu_s)
    );
}

struct Contender {
    std::string name;
    std::vector<Call> calls;  // One for each caller.
    pid_t postgres;
    std::vector<Measurement> rounds;
};

// The last one is the floor.
int PrintTable(std::vector<Contender>& contenders, int run_s) {
    std::printf(
        "CPU-seconds are of a million calls, callers included\n%-18s%9s%8s%9s%9s%9s%9s%12s%12s\n",
        "",
        "calls/s",
        "ratio",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "max ms",
        "this side",
        "postgres"
    );
    int failure_count = 0;
    const double floor_per_second = MedianOf(contenders.back().rounds).PerSecond(run_s);
    for (Contender& contender : contenders) {
        for (const auto& round : contender.rounds) failure_count += round.failure_count;
        Print(MedianOf(contender.rounds), floor_per_second, run_s);
    }
    std::printf("%d calls failed\n", failure_count);
    return failure_count == 0 ? 0 : 1;
}

std::vector<std::string> PrimarySettings() {
    auto settings = test::PgReplica::PrimarySettings();
    settings.insert(
        settings.end(), {"shared_buffers = 1GB", "max_wal_size = 8GB", "autovacuum = off"}
    );
    return settings;
}

// Until the replica has all of it and is read from.
bool AwaitReplica(pg::ReadRouter& router) {
    return test::Eventually(std::chrono::minutes(5), [&] {
        bool at_replica = false;
        const auto look = [&](pg::Pool& pool, SteadyTime deadline) -> Result<pg::Rows> {
            UNIBOX_ASSIGN_OR_RETURN(
                auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly, deadline)
            );
            UNIBOX_ASSIGN_OR_RETURN(
                auto rows, tx.ExecuteAndCommit({"b_where", "SELECT pg_is_in_recovery()"}, {})
            );
            at_replica = rows[0].Bool(0);
            return rows;
        };
        return router.Do({}, Clock::now() + std::chrono::seconds(10), look).ok() && at_replica;
    });
}

int Main(const Options& options) {
    std::printf(
        "list: %d tenants x %d conversations, %d callers, %d rounds of %d s\n",
        options.tenant_count,
        options.conversation_count,
        options.caller_count,
        options.round_count,
        options.run_s
    );
    test::PgServer server(PrimarySettings());
    const auto database = server.CreateDatabase();
    Populate(server, database.name(), options);
    const test::PgReplica replica(server);
    gateway::Config config;
    config.http.listen = "127.0.0.1:0";
    config.grpc.listen = "127.0.0.1:0";
    config.nats.url = "nats://127.0.0.1:1";  // Away: nothing is changed here.
    config.redis.url = test::kAwayRedis;
    config.limits = test::NoLimits();
    config.postgres.url = database.url("ub_gateway");
    pg::ReadSettings reads;
    reads.urls = {replica.Database(database).url("ub_gateway")};
    reads.lag_ms_max = 10'000;  // Nothing is written; callers leave the probe little time.
    obs::Metrics metrics, pool_metrics;
    const auto gateway = gateway::CreateService(config, SystemClock(), metrics);
    const auto pool = pg::Pool::Create(config.postgres, pool_metrics);
    if (!gateway.ok() || !pool.ok()) {
        const Status& status = gateway.ok() ? pool.status() : gateway.status();
        std::fprintf(stderr, "%s\n", status.ToString().c_str());
        return 1;
    }
    const auto router = pg::ReadRouter::Create(**pool, config.postgres, reads, pool_metrics);
    const Status started = (*gateway)->Start();
    if (!started.ok() || !router.ok() || !AwaitReplica(**router)) {
        std::fprintf(stderr, "%s\n", started.ToString().c_str());
        return 1;
    }
    std::vector<Contender> contenders = {
        {"gateway, gRPC", {}, server.pid(), {}},
        {"by the router", {}, replica.pid(), {}},
        {"statement alone", {}, server.pid(), {}}};
    for (int i = 0; i < options.caller_count; ++i) {
        const std::string address = (*gateway)->address("grpc");
        contenders[0].calls.push_back(ThroughGateway(address, options, i));
        contenders[1].calls.push_back(ByTheRouter(**router, options));
        contenders[2].calls.push_back(StatementAlone(**pool, options));
    }
    constexpr int kWarmUpS = 3;
    for (Contender& one : contenders) Run("", one.calls, options, kWarmUpS, one.postgres);
    for (int round = 0; round < options.round_count; ++round) {
        for (Contender& one : contenders) {
            one.rounds.push_back(Run(one.name, one.calls, options, options.run_s, one.postgres));
        }
    }
    return PrintTable(contenders, options.run_s);
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    unibox::bench::Options options;
    if (argc > 1) options.tenant_count = std::atoi(argv[1]);
    if (argc > 2) options.conversation_count = std::atoi(argv[2]);
    if (argc > 3) options.caller_count = std::atoi(argv[3]);
    if (argc > 4) options.run_s = std::atoi(argv[4]);
    if (argc > 5) options.round_count = std::max(1, std::atoi(argv[5]));
    return unibox::bench::Main(options);
}
