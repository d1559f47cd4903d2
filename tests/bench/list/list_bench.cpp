// The inbox list through gRPC: tenants × conversations in PostgreSQL, callers in a closed loop that
// each ask for the first page of another tenant, with its own API key.
//
// usage: list_bench [tenants 10000] [conversations 200] [callers 4] [seconds 10]
#include "gateway/server.hpp"
#include "support/pg_server.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
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
    int caller_count = 4;
    int run_s = 10;
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

double CpuSeconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Latencies in milliseconds of one caller's calls until `end`; counts failures.
std::vector<double> CallUntil(
    v1::InboxService::Stub& stub,
    const Options& options,
    unsigned seed,
    Clock::time_point end,
    std::atomic<int>& failure_count
) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> tenant(1, options.tenant_count);
    std::vector<double> latencies_ms;
    while (Clock::now() < end) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + KeyOf(tenant(random)));
        v1::ListConversationsResponse response;
        const auto begin = Clock::now();
        const auto status = stub.ListConversations(&context, {}, &response);
        const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
        const int expected = std::min(50, options.conversation_count);
        if (!status.ok() || response.conversations_size() != expected) ++failure_count;
        latencies_ms.push_back(took.count());
    }
    return latencies_ms;
}

std::vector<double> RunCallers(
    const std::string& address,
    const Options& options,
    std::chrono::seconds run_for,
    std::atomic<int>& failure_count
) {
    const auto end = Clock::now() + run_for;
    std::vector<std::vector<double>> parts(static_cast<std::size_t>(options.caller_count));
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        callers.emplace_back([&, i] {
            grpc::ChannelArguments arguments;
            arguments.SetInt("bench.caller", static_cast<int>(i));  // A connection of its own.
            const auto stub = v1::InboxService::NewStub(
                grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)
            );
            const auto seed = static_cast<unsigned>(i + 1);
            parts[i] = CallUntil(*stub, options, seed, end, failure_count);
        });
    }
    std::vector<double> all;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        callers[i].join();
        all.insert(all.end(), parts[i].begin(), parts[i].end());
    }
    std::sort(all.begin(), all.end());
    return all;
}

int Main(const Options& options) {
    std::printf(
        "list: %d tenants x %d conversations, %d callers\n",
        options.tenant_count,
        options.conversation_count,
        options.caller_count
    );
    test::PgServer server({"shared_buffers = 1GB", "max_wal_size = 8GB", "autovacuum = off"});
    const auto database = server.CreateDatabase();
    Populate(server, database.name(), options);
    gateway::Config config;
    config.http.listen = "127.0.0.1:0";
    config.grpc.listen = "127.0.0.1:0";
    config.postgres.url = database.url("ub_gateway");
    obs::Metrics metrics;
    auto gateway = gateway::Server::Start(config, SystemClock(), metrics);
    if (!gateway.ok()) {
        std::fprintf(stderr, "%s\n", gateway.status().ToString().c_str());
        return 1;
    }
    std::atomic<int> failure_count{0};
    const std::string address = (*gateway)->grpc_address();
    RunCallers(address, options, std::chrono::seconds(3), failure_count);  // Warm caches.
    const double cpu_before = CpuSeconds();
    const auto latencies =
        RunCallers(address, options, std::chrono::seconds(options.run_s), failure_count);
    const double cpu_s = CpuSeconds() - cpu_before;
    const auto count = static_cast<double>(latencies.size());
    const auto at = [&](double part) {
        return latencies[static_cast<std::size_t>(part * (count - 1))];
    };
    std::printf(
        "list: %.0f calls/s  p50 %.2f ms  p90 %.2f ms  p99 %.2f ms  max %.2f ms  failures %d\n"
        "list: %.0f CPU-seconds a million calls (gateway and callers together; PostgreSQL not)\n",
        count / options.run_s,
        at(0.5),
        at(0.9),
        at(0.99),
        latencies.back(),
        failure_count.load(),
        cpu_s / count * 1e6
    );
    return failure_count == 0 ? 0 : 1;
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    unibox::bench::Options options;
    if (argc > 1) options.tenant_count = std::atoi(argv[1]);
    if (argc > 2) options.conversation_count = std::atoi(argv[2]);
    if (argc > 3) options.caller_count = std::atoi(argv[3]);
    if (argc > 4) options.run_s = std::atoi(argv[4]);
    return unibox::bench::Main(options);
}
