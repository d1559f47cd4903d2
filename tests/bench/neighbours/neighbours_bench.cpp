// A quiet tenant beside noisy ones, through gRPC: one call after the other with a pause between,
// alone and while N tenants keep `calls` calls of 100 entries under way in a closed loop. What
// counts is the ratio of the two 99th percentiles, and that no quiet call is refused. The noise
// comes from a process of its own, so that its answers do not wait before the quiet one's.
//
// usage: neighbours_bench [calls 400] [seconds 5] [rounds 3]
#include "gateway/service.hpp"
#include "support/no_limits.hpp"
#include "support/pg_server.hpp"
#include "support/process.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace unibox::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Stub = v1::InboxService::Stub;

constexpr int kTenantCount = 51;  // The first one is quiet.
constexpr std::array<int, 4> kNoisy = {1, 2, 5, 50};
constexpr std::chrono::milliseconds kPause{20};

struct Options {
    int call_count = 400;
    int run_s = 5;
    int round_count = 3;
};

std::string KeyOf(int tenant) {
    return fmt::format("ubk_{:0>42}0", tenant);  // The last character carries four bits alone.
}

void Populate(test::PgServer& server, const std::string& database) {
    const std::string tenants = fmt::format("generate_series(1, {}) t", kTenantCount);
    const std::string id =
        "('00000000-0000-7000-8000-' || lpad((t * 1000 + n)::text, 12, '0'))::uuid";
    server.Run(
        database,
        "INSERT INTO tenants (tenant_id, slug, name) SELECT t, 't' || t, 't' FROM " + tenants +
            "; INSERT INTO api_keys (tenant_id, key_id, name, key_hash, scopes) SELECT t, "
            "gen_random_uuid(), 'bench', sha256(convert_to('ubk_' || lpad(t::text, 42, '0') || "
            "'0', 'UTF8')), '{inbox:read}' FROM " +
            tenants +
            "; INSERT INTO directory (kind, key_hash, tenant, object_id) SELECT 1, key_hash, "
            "tenant_id, key_id FROM api_keys"
    );
    server.Run(
        database,
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, unread_count, message_count, preview, preview_direction, "
        "last_activity_at, created_at, version) SELECT t, " +
            id + ", " + id + ", 'k' || n, " + id +
            ", 2, 1, n % 3, 9, 'Hello, I would like to know when my order will arrive ' || n, 1, "
            "now() - n * interval '1 s', now(), 9 FROM " +
            tenants + ", generate_series(1, 200) n"
    );
    server.Run(database, "VACUUM (ANALYZE) conversations");
}

std::unique_ptr<Stub> Connect(const std::string& address, int number) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("bench.caller", number);  // A connection of its own.
    return v1::InboxService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)
    );
}

// Closed loops without a thread for each.
class Noise {
public:
    Noise(const std::string& address, int tenant_count, int call_count) {
        for (int i = 0; i < kConnectionCount; ++i) stubs_.push_back(Connect(address, i));
        for (int i = 0; tenant_count > 0 && i < call_count; ++i) Begin(i, 2 + i % tenant_count);
    }
    Noise(const Noise&) = delete;
    Noise& operator=(const Noise&) = delete;

    int done() const { return done_; }

private:
    static constexpr int kConnectionCount = 4;
    struct Call {
        grpc::ClientContext context;
        v1::ListConversationsRequest request;
        v1::ListConversationsResponse response;
    };

    void Begin(int index, int tenant) {
        const auto call = std::make_shared<Call>();
        call->context.AddMetadata("authorization", "Bearer " + KeyOf(tenant));
        call->request.set_page_size(100);
        stubs_[static_cast<std::size_t>(index % kConnectionCount)]->async()->ListConversations(
            &call->context,
            &call->request,
            &call->response,
            [this, index, tenant, call](const grpc::Status& status) {
                done_ += status.ok() ? 1 : 0;
                Begin(index, tenant);
            }
        );
    }

    std::vector<std::unique_ptr<Stub>> stubs_;
    std::atomic<int> done_{0};
};

struct Quiet {
    std::vector<double> latencies_ms;  // sorted
    int failure_count = 0;
    double noise_per_s = 0;

    double At(double part) const {
        const auto last = static_cast<double>(latencies_ms.size() - 1);
        return latencies_ms[static_cast<std::size_t>(part * last)];
    }
};

// Until it is killed; a line each second says how many calls were answered in it.
int MakeNoise(const std::string& address, int tenant_count, int call_count) {
    const Noise noise(address, tenant_count, call_count);
    for (int before = 0;;) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
        const int done = noise.done();
        std::printf("%d\n", done - before);
        std::fflush(stdout);
        before = done;
    }
}

double LastNumberIn(const std::string& lines) {
    const auto end = lines.find_last_of("0123456789");
    if (end == lines.npos) return 0;
    const auto line = lines.find_last_of('\n', end);
    return std::stod(lines.substr(line == lines.npos ? 0 : line + 1));
}

Quiet Run(const std::string& address, int noisy, const Options& options) {
    const auto stub = Connect(address, 100);
    std::optional<test::Process> noise;
    if (noisy > 0) {
        noise.emplace(
            "/proc/self/exe",
            test::ProcessOptions{
                {"noise", address, std::to_string(noisy), std::to_string(options.call_count)},
                {},
                {}}
        );
        noise->WaitForLine("\n", std::chrono::seconds(10));
    }
    Quiet quiet;
    const auto end = Clock::now() + std::chrono::seconds(options.run_s);
    while (Clock::now() < end) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + KeyOf(1));
        v1::ListConversationsRequest request;
        request.set_page_size(20);
        v1::ListConversationsResponse response;
        const auto begin = Clock::now();
        if (!stub->ListConversations(&context, request, &response).ok()) ++quiet.failure_count;
        const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
        quiet.latencies_ms.push_back(took.count());
        std::this_thread::sleep_for(kPause);
    }
    if (noise) quiet.noise_per_s = LastNumberIn(noise->output());
    std::sort(quiet.latencies_ms.begin(), quiet.latencies_ms.end());
    return quiet;
}

// The round whose 99th percentile is the median.
Quiet MedianOf(const std::string& address, int noisy, const Options& options) {
    std::vector<Quiet> rounds;
    for (int i = 0; i < options.round_count; ++i) rounds.push_back(Run(address, noisy, options));
    std::sort(rounds.begin(), rounds.end(), [](const auto& a, const auto& b) {
        return a.At(0.99) < b.At(0.99);
    });
    return rounds[rounds.size() / 2];
}

int Main(const Options& options) {
    std::printf(
        "neighbours: %d noisy calls under way, %d rounds of %d s\n",
        options.call_count,
        options.round_count,
        options.run_s
    );
    test::PgServer server({"shared_buffers = 256MB", "autovacuum = off"});
    const auto database = server.CreateDatabase();
    Populate(server, database.name());
    gateway::Config config;
    config.http.listen = "127.0.0.1:0";
    config.grpc.listen = "127.0.0.1:0";
    config.nats.url = "nats://127.0.0.1:1";  // Away: nothing is changed here.
    config.redis.url = test::kAwayRedis;
    config.limits = test::NoLimits();
    config.postgres.url = database.url("ub_gateway");
    obs::Metrics metrics;
    const auto gateway = gateway::CreateService(config, SystemClock(), metrics);
    const Status started = gateway.ok() ? (*gateway)->Start() : gateway.status();
    if (!started.ok()) {
        std::fprintf(stderr, "%s\n", started.ToString().c_str());
        return 1;
    }
    const std::string address = (*gateway)->address("grpc");
    std::printf(
        "%-8s%9s%9s%9s%11s%9s%12s\n",
        "noisy",
        "p50 ms",
        "p99 ms",
        "max ms",
        "p99 ratio",
        "refused",
        "noise /s"
    );
    int failure_count = 0;
    double alone_p99 = 0;
    const auto measure = [&](int noisy) {
        const Quiet quiet = MedianOf(address, noisy, options);
        if (noisy == 0) alone_p99 = quiet.At(0.99);
        failure_count += quiet.failure_count;
        std::printf(
            "%-8d%9.2f%9.2f%9.2f%11.2f%9d%12.0f\n",
            noisy,
            quiet.At(0.5),
            quiet.At(0.99),
            quiet.latencies_ms.back(),
            quiet.At(0.99) / alone_p99,
            quiet.failure_count,
            quiet.noise_per_s
        );
        std::fflush(stdout);
    };
    measure(0);
    for (const int noisy : kNoisy) measure(noisy);
    return failure_count == 0 ? 0 : 1;
}

}  // namespace
}  // namespace unibox::bench

int main(int argc, char** argv) {
    if (argc == 5 && std::string_view(argv[1]) == "noise") {
        return unibox::bench::MakeNoise(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
    }
    unibox::bench::Options options;
    if (argc > 1) options.call_count = std::atoi(argv[1]);
    if (argc > 2) options.run_s = std::atoi(argv[2]);
    if (argc > 3) options.round_count = std::max(1, std::atoi(argv[3]));
    return unibox::bench::Main(options);
}
