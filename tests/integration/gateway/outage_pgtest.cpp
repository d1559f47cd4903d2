#include "gateway_fixture.hpp"
#include "pg/transaction.hpp"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::GatewayFixture;

TEST_CASE("Outage: PostgreSQL away is 503, and the gateway recovers by itself", "[pg][gateway]") {
    test::PgServer server;
    GatewayFixture fixture(server);
    const auto tenant = fixture.AddTenant("outage");
    const auto unseen = fixture.AddKey(tenant, "unseen", "inbox:read");
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);

    server.Kill9();
    // The key is known, the data is away; a key never seen cannot be judged: neither is a 401 or a
    // 500.
    const auto known = fixture.Get("/v1/conversations", tenant.key);
    CHECK(known.status == 503);
    CHECK(known.body.find("DATABASE_UNAVAILABLE") != std::string::npos);
    CHECK(known.Find("retry-after").has_value());
    const auto unknown = fixture.Get("/v1/conversations", unseen);
    CHECK(unknown.status == 503);
    CHECK(unknown.body.find("DIRECTORY_UNAVAILABLE") != std::string::npos);
    v1::ListConversationsResponse response;
    const auto status =
        fixture.stub().ListConversations(GatewayFixture::Context(tenant.key).get(), {}, &response);
    CHECK_THAT(rpc::FromGrpc(status), test::HasCode(Code::kUnavailable));

    server.Start();
    CHECK(test::Eventually(20s, [&] {
        return fixture.Get("/v1/conversations", tenant.key).status == 200;
    }));
    CHECK(fixture.Get("/v1/conversations", unseen).status == 200);
}

namespace {

// Nothing but the deadline of a call ends it.
gateway::Config OnlyDeadlines(int deadline_ms) {
    auto config = GatewayFixture::DefaultConfig();
    config.grpc.deadline_default_ms = deadline_ms;
    config.http.handler_timeout_ms = 300'000;
    config.postgres.acquire_timeout_ms = 300'000;
    config.postgres.connect_timeout_ms = 300'000;
    config.postgres.statement_timeout_ms = 300'000;
    config.postgres.lock_timeout_ms = 300'000;
    config.postgres.io_timeout_ms = 300'000;
    return config;
}

class Superuser {
public:
    explicit Superuser(GatewayFixture& fixture) {
        auto settings = fixture.settings("postgres");
        settings.idle_in_tx_timeout_ms = 300'000;
        pool_ = pg::Pool::Create(settings, metrics_).value();
    }
    // Until the transaction dies, nobody reads the table.
    pg::SystemTx Lock(const std::string& table) {
        auto tx = pg::SystemTx::Begin(*pool_, pg::Access::kReadWrite);
        REQUIRE_OK(tx);
        REQUIRE_OK(tx->ExecuteUnprepared("LOCK TABLE " + table));
        return std::move(tx).value();
    }
    // Server processes that work for the gateway.
    std::vector<pid_t> GatewayBackends() {
        auto tx = pg::SystemTx::Begin(*pool_, pg::Access::kReadOnly);
        REQUIRE_OK(tx);
        const auto rows = tx->ExecuteUnprepared(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'ub_gateway' AND "
            "datname = current_database()"
        );
        REQUIRE_OK(rows);
        std::vector<pid_t> pids;
        for (const auto row : *rows) pids.push_back(row.Int32(0));
        return pids;
    }

private:
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
};

// SIGSTOP, and SIGCONT when it dies.
class Frozen {
public:
    explicit Frozen(std::vector<pid_t> pids) : pids_(std::move(pids)) { Signal(SIGSTOP); }
    ~Frozen() { Signal(SIGCONT); }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;

private:
    void Signal(int signal) {
        for (const pid_t pid : pids_) kill(pid, signal);
    }
    std::vector<pid_t> pids_;
};

// Answers to `count` requests at once.
std::vector<http::Response> Burst(GatewayFixture& fixture, const std::string& key, int count) {
    std::vector<std::future<Result<http::Response>>> running;
    const std::string url = "http://" + fixture.gateway().address("http") + "/v1/conversations";
    for (int i = 0; i < count; ++i) {
        running.push_back(std::async(std::launch::async, [url, key] {
            return http::Send("GET", url, {{"Authorization", "Bearer " + key}}, "", Millis(60'000));
        }));
    }
    std::vector<http::Response> responses;
    for (auto& one : running) {
        auto response = one.get();
        REQUIRE_OK(response);
        responses.push_back(std::move(response).value());
    }
    return responses;
}

}  // namespace

TEST_CASE("Deadline: it ends a call that is at work", "[pg][gateway]") {
    GatewayFixture fixture(test::PgServer::Shared(), OnlyDeadlines(4'000));
    const auto tenant = fixture.AddTenant("in-flight");
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
    v1::ListConversationsResponse response;
    CHECK(fixture.stub()
              .ListConversations(GatewayFixture::Context(tenant.key).get(), {}, &response)
              .ok());
    Superuser superuser(fixture);
    auto lock = std::make_optional(superuser.Lock("conversations"));

    const auto http = fixture.Get("/v1/conversations", tenant.key);
    CHECK(http.status == 503);
    CHECK(http.body.find("DATABASE_UNAVAILABLE") != std::string::npos);
    // gRPC's client does not wait for us, so look at the server: its thread is free again.
    const auto context = GatewayFixture::Context(tenant.key);
    context->set_deadline(std::chrono::system_clock::now() + 4s);
    const auto status = fixture.stub().ListConversations(context.get(), {}, &response);
    CHECK_THAT(rpc::FromGrpc(status), test::HasCode(Code::kDeadlineExceeded));
    const std::string ended =
        "unibox_rpc_seconds_count{code=\"UNAVAILABLE\",method=\"ListConversations\"} 2";
    CHECK(test::Eventually(20s, [&] {
        return fixture.metrics().Render().find(ended) != std::string::npos;
    }));

    lock.reset();
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
}

TEST_CASE("Deadline: it holds for a key that must be looked up", "[pg][gateway]") {
    GatewayFixture fixture(test::PgServer::Shared(), OnlyDeadlines(4'000));
    const auto tenant = fixture.AddTenant("lookup");
    Superuser superuser(fixture);
    auto lock = std::make_optional(superuser.Lock("api_keys"));
    const auto late = fixture.Get("/v1/conversations", tenant.key);
    CHECK(late.status == 503);
    CHECK(late.body.find("DIRECTORY_UNAVAILABLE") != std::string::npos);
    lock.reset();
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
}

TEST_CASE("Freeze: backends that do not answer are 503 in time, for everybody", "[pg][gateway]") {
    test::PgServer server;
    auto config = OnlyDeadlines(8'000);
    config.postgres.connection_count_max = 2;
    config.work.backlog_thread_count =
        config.work.thread_count;  // All that wait, wait for a connection.
    GatewayFixture fixture(server, config);
    const auto tenant = fixture.AddTenant("frozen");
    for (const auto& response : Burst(fixture, tenant.key, 8)) CHECK(response.status == 200);

    Superuser superuser(fixture);
    auto pids = superuser.GatewayBackends();
    REQUIRE_FALSE(pids.empty());
    pids.push_back(server.pid());  // No new connection either.
    auto frozen = std::make_unique<Frozen>(pids);
    // Two of them hold the connections, the others wait for one: no fault of theirs (429).
    for (const auto& response : Burst(fixture, tenant.key, 6)) {
        CHECK(response.status == 503);
        CHECK(response.body.find("DATABASE_UNAVAILABLE") != std::string::npos);
        CHECK(response.Find("retry-after").has_value());
    }
    frozen.reset();
    CHECK(test::Eventually(20s, [&] {
        return fixture.Get("/v1/conversations", tenant.key).status == 200;
    }));
}

TEST_CASE("Overload: a tenant with too many calls does not hold up another", "[pg][gateway]") {
    auto config = OnlyDeadlines(60'000);
    config.work.thread_count = 4;
    config.work.queue_count_max = 20;
    config.work.backlog_thread_count = 1;
    config.work.tenant_queue_percent = 25;  // One at work, five that wait.
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto busy = fixture.AddTenant("busy");
    const auto other = fixture.AddTenant("calm");
    fixture.AddConversations(other, 1, 1, false);
    const std::string contact = "/v1/contacts/" + GatewayFixture::ContactUuid(other, 1);
    CHECK(fixture.Get("/v1/conversations", busy.key).status == 200);
    CHECK(fixture.Get(contact, other.key).status == 200);

    Superuser superuser(fixture);
    auto lock = std::make_optional(superuser.Lock("conversations"));
    auto burst = std::async(std::launch::async, [&] { return Burst(fixture, busy.key, 12); });
    CHECK(test::Eventually(20s, [&] {
        const std::string refused = "unibox_gateway_tenant_refused_total 6";
        return fixture.metrics().Render().find(refused) != std::string::npos;
    }));
    // All that it may have is taken, and one thread of four.
    CHECK(fixture.Get(contact, other.key).status == 200);
    lock.reset();
    int good = 0;
    for (const auto& response : burst.get()) {
        if (response.status == 200) ++good;
        if (response.status == 200) continue;
        CHECK(response.status == 429);
        CHECK(response.body.find("TENANT_OVERLOADED") != std::string::npos);
        CHECK(response.Find("retry-after").has_value());
    }
    CHECK(good == 6);
}

TEST_CASE("Overload: what the queue cannot take is 429, and it passes", "[pg][gateway]") {
    auto config = GatewayFixture::DefaultConfig();
    config.work.thread_count = 1;
    config.work.queue_count_max = 1;
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("overload");
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);

    // Something holds every read of the list for a while.
    std::thread lock([&] {
        fixture.Sql("BEGIN; LOCK TABLE conversations; SELECT pg_sleep(3); COMMIT");
    });
    std::atomic<int> ok{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] {
            const auto begin = std::chrono::steady_clock::now();
            // As long as the lock may still be coming.
            while (refused == 0 && std::chrono::steady_clock::now() - begin < 20s) {
                v1::ListConversationsResponse response;
                const auto status = fixture.stub().ListConversations(
                    GatewayFixture::Context(tenant.key).get(), {}, &response
                );
                if (status.ok()) ++ok;
                if (rpc::FromGrpc(status).code() == Code::kResourceExhausted) ++refused;
            }
        });
    }
    for (auto& caller : callers) caller.join();
    lock.join();
    CHECK(refused > 0);
    CHECK(test::Eventually(20s, [&] {
        return fixture.Get("/v1/conversations", tenant.key).status == 200;
    }));
}
