// Noisy tenants and a quiet one, through the whole gateway. What is counted are turns, not seconds:
// how many of the others' calls end while one of the quiet tenant's is under way.
#include "gateway_fixture.hpp"
#include "pg/transaction.hpp"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/raw_socket.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::GatewayFixture;

namespace {

// Calls in a closed loop, so many at once, without a thread for each.
class Noise {
public:
    Noise(const std::string& address, const std::vector<std::string>& keys, int call_count) {
        for (int i = 0; i < kChannelCount; ++i) {
            grpc::ChannelArguments arguments;
            arguments.SetInt("test.channel", i);  // A connection of its own.
            stubs_.push_back(v1::InboxService::NewStub(
                grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)
            ));
        }
        for (int i = 0; i < call_count; ++i) {
            Begin(static_cast<std::size_t>(i), keys[static_cast<std::size_t>(i) % keys.size()]);
        }
    }
    ~Noise() {
        stopping_ = true;
        REQUIRE(test::Eventually(60s, [&] { return running_ == 0; }));
    }
    Noise(const Noise&) = delete;
    Noise& operator=(const Noise&) = delete;

    int done() const { return done_; }

private:
    static constexpr int kChannelCount = 4;
    struct Call {
        grpc::ClientContext context;
        v1::ListConversationsRequest request;
        v1::ListConversationsResponse response;
    };

    void Begin(std::size_t index, const std::string& key) {
        ++running_;
        const auto call = std::make_shared<Call>();
        call->context.AddMetadata("authorization", "Bearer " + key);
        call->request.set_page_size(100);
        stubs_[index % kChannelCount]->async()->ListConversations(
            &call->context,
            &call->request,
            &call->response,
            [this, index, key, call](const grpc::Status&) {
                ++done_;
                if (!stopping_) Begin(index, key);
                --running_;
            }
        );
    }

    std::vector<std::unique_ptr<v1::InboxService::Stub>> stubs_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> done_{0};
    std::atomic<int> running_{0};
};

gateway::Config Config() {
    auto config = GatewayFixture::DefaultConfig();
    config.work.thread_count = 12;
    config.postgres.connection_count_max = 14;
    config.postgres.acquire_timeout_ms = 60'000;
    config.postgres.statement_timeout_ms = 60'000;
    config.postgres.lock_timeout_ms = 60'000;
    config.postgres.io_timeout_ms = 120'000;
    config.grpc.deadline_default_ms = 60'000;
    config.http.handler_timeout_ms = 60'000;
    return config;
}

// Nobody reads the list of conversations while it lives.
class Lock {
public:
    explicit Lock(GatewayFixture& fixture) {
        auto settings = fixture.settings("postgres");
        settings.idle_in_tx_timeout_ms = 300'000;
        auto pool = pg::Pool::Create(settings, metrics_);
        REQUIRE_OK(pool);
        pool_ = std::move(pool).value();
        auto tx = pg::SystemTx::Begin(*pool_, pg::Access::kReadWrite);
        REQUIRE_OK(tx);
        REQUIRE_OK(tx->ExecuteUnprepared("LOCK TABLE conversations"));
        tx_ = std::move(tx).value();
    }

private:
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
    std::optional<pg::SystemTx> tx_;
};

double Metric(GatewayFixture& fixture, const std::string& name) {
    const std::string text = fixture.metrics().Render();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
}

std::vector<std::string> KeysOf(GatewayFixture& fixture, int tenant_count) {
    std::vector<std::string> keys;
    for (int i = 0; i < tenant_count; ++i) {
        const auto tenant = fixture.AddTenant(fmt::format("noisy-{}", i));
        fixture.AddConversations(tenant, 1, 100, false);
        keys.push_back(tenant.key);
        REQUIRE(fixture.Get("/v1/conversations?pageSize=1", tenant.key).status == 200);
    }
    return keys;
}

}  // namespace

TEST_CASE("Neighbours: a quiet tenant waits for a few turns of noisy ones", "[pg][gateway]") {
    constexpr int kCallCount = 400;
    constexpr int kQuietCalls = 30;
    for (const int noisy : {1, 2, 5, 50}) {
        GatewayFixture fixture(test::PgServer::Shared(), Config());
        const auto quiet = fixture.AddTenant("quiet");
        fixture.AddConversations(quiet, 1, 20, false);
        const auto keys = KeysOf(fixture, noisy);
        REQUIRE(fixture.Get("/v1/conversations", quiet.key).status == 200);
        std::vector<int> turns;
        {
            const Noise noise(fixture.gateway().address("grpc"), keys, kCallCount);
            CHECK(test::Eventually(60s, [&] { return noise.done() > kCallCount; }));
            for (int i = 0; i < kQuietCalls; ++i) {
                const int before = noise.done();
                CHECK(fixture.Get("/v1/conversations", quiet.key).status == 200);
                turns.push_back(noise.done() - before);
            }
        }
        std::sort(turns.begin(), turns.end());
        INFO(
            noisy << " noisy tenants; turns: median " << turns[kQuietCalls / 2] << ", most "
                  << turns.back()
        );
        // Behind all that wait it would be kCallCount and more; a slow machine makes some of it.
        CHECK(turns[kQuietCalls / 2] <= kCallCount / 2);
    }
}

TEST_CASE("Neighbours: hanging calls of noisy tenants leave threads to others", "[pg][gateway]") {
    auto config = Config();
    config.work.queue_count_max = 40;
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto quiet = fixture.AddTenant("calm");
    fixture.AddConversations(quiet, 1, 1, false);
    const auto keys = KeysOf(fixture, 5);
    const std::string contact = "/v1/contacts/" + GatewayFixture::ContactUuid(quiet, 1);
    CHECK(fixture.Get(contact, quiet.key).status == 200);

    auto lock = std::make_optional<Lock>(fixture);
    std::vector<std::future<Result<http::Response>>> calls;
    const std::string url = "http://" + fixture.gateway().address("http") + "/v1/conversations";
    for (int i = 0; i < 60; ++i) {
        const std::string key = keys[static_cast<std::size_t>(i) % keys.size()];
        calls.push_back(std::async(std::launch::async, [url, key] {
            return http::Send("GET", url, {{"Authorization", "Bearer " + key}}, "", Millis(90'000));
        }));
    }
    // The queue is full, and the longest are refused.
    CHECK(test::Eventually(60s, [&] {
        return Metric(fixture, "unibox_gateway_waiting{lane=\"work\"}") == 40 &&
               Metric(fixture, "unibox_gateway_tenant_refused_total") > 0;
    }));
    for (int i = 0; i < 5; ++i) CHECK(fixture.Get(contact, quiet.key).status == 200);
    lock.reset();
    int good = 0;
    for (auto& call : calls) {
        const auto response = call.get();
        REQUIRE_OK(response);
        CHECK((response->status == 200 || response->status == 429));
        good += response->status == 200 ? 1 : 0;
    }
    CHECK(good >= 40);
}

TEST_CASE("Neighbours: a full queue refuses the noisy, never the quiet one", "[pg][gateway]") {
    auto config = Config();
    config.work.thread_count = 2;
    config.work.queue_count_max = 10;
    config.work.backlog_thread_count = 2;
    config.work.tenant_queue_percent = 100;  // The noisy ones hold every thread.
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto quiet = fixture.AddTenant("late");
    const auto keys = KeysOf(fixture, 2);
    CHECK(fixture.Get("/v1/conversations", quiet.key).status == 200);

    auto lock = std::make_optional<Lock>(fixture);
    const std::string url = "http://" + fixture.gateway().address("http") + "/v1/conversations";
    const auto begin = [&](const std::string& key) {
        return std::async(std::launch::async, [url, key] {
            return http::Send("GET", url, {{"Authorization", "Bearer " + key}}, "", Millis(90'000));
        });
    };
    std::vector<std::future<Result<http::Response>>> noisy;
    for (int i = 0; i < 20; ++i) noisy.push_back(begin(keys[static_cast<std::size_t>(i) % 2]));
    CHECK(test::Eventually(60s, [&] {
        return Metric(fixture, "unibox_gateway_tenant_refused_total") == 8;
    }));
    auto late = begin(quiet.key);
    CHECK(test::Eventually(60s, [&] {
        return Metric(fixture, "unibox_gateway_tenant_refused_total") == 9;
    }));
    lock.reset();
    const auto response = late.get();
    REQUIRE_OK(response);
    CHECK(response->status == 200);
    int refused = 0;
    for (auto& call : noisy) {
        const auto answer = call.get();
        REQUIRE_OK(answer);
        refused += answer->status == 429 ? 1 : 0;
    }
    CHECK(refused == 9);
}

TEST_CASE("Neighbours: calls of clients that have gone are not run", "[pg][gateway]") {
    auto config = Config();
    config.work.thread_count = 2;
    config.work.backlog_thread_count = 1;  // One of them for this tenant.
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("gone");
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);

    auto lock = std::make_optional<Lock>(fixture);
    constexpr int kCallCount = 60;
    std::vector<std::unique_ptr<test::RawSocket>> sockets;
    for (int i = 0; i < kCallCount; ++i) {
        sockets.push_back(std::make_unique<test::RawSocket>(fixture.gateway().address("http")));
        REQUIRE(sockets.back()->Send(
            "GET /v1/conversations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + tenant.key +
            "\r\n\r\n"
        ));
    }
    CHECK(test::Eventually(60s, [&] {
        return Metric(fixture, "unibox_gateway_waiting{lane=\"work\"}") == kCallCount - 1;
    }));
    for (auto& socket : sockets) socket->Reset();
    CHECK(test::Eventually(60s, [&] {
        return Metric(fixture, "unibox_http_abandoned_total{listener=\"http\"}") == kCallCount;
    }));
    lock.reset();
    const std::string count = "unibox_rpc_seconds_count{code=\"";
    const std::string method = "\",method=\"ListConversations\"}";
    CHECK(test::Eventually(60s, [&] {
        return Metric(fixture, count + "CANCELLED" + method) == kCallCount - 1;
    }));
    // The first call of the test, and the one that was at work.
    CHECK(test::Eventually(60s, [&] { return Metric(fixture, count + "OK" + method) == 2; }));
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
}

TEST_CASE("Neighbours: made up keys wait for themselves and are limited", "[pg][gateway]") {
    auto config = Config();
    config.api_keys.failed_per_s = 1;
    config.api_keys.failed_burst = 10;
    GatewayFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.AddTenant("known");
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
    int unauthorized = 0;
    int limited = 0;
    for (int i = 0; i < 40; ++i) {
        std::string key = tenant.key;
        key.replace(10, 4, fmt::format("{:04}", i));
        const auto response = fixture.Get("/v1/conversations", key);
        unauthorized += response.status == 401 ? 1 : 0;
        if (response.status != 429) continue;
        ++limited;
        CHECK(response.body.find("\"reason\":\"LOOKUPS_LIMITED\"") != std::string::npos);
        CHECK(response.Find("retry-after") == "1");
    }
    CHECK(unauthorized >= 10);
    CHECK(limited > 0);
    CHECK(unauthorized + limited == 40);
    // Whoever is known goes on as before, and over gRPC the limit is the same one.
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
    std::string key = tenant.key;
    key.replace(10, 4, "zzzz");
    v1::ListConversationsResponse page;
    const auto status = rpc::FromGrpc(
        fixture.stub().ListConversations(GatewayFixture::Context(key).get(), {}, &page)
    );
    CHECK_THAT(status, test::HasCode(Code::kResourceExhausted));
    CHECK(status.retry_after() > Millis(0));
}
