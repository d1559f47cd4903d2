#include "gateway_fixture.hpp"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
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
    CHECK(known.body.find("database_unavailable") != std::string::npos);
    CHECK(known.Find("retry-after").has_value());
    const auto unknown = fixture.Get("/v1/conversations", unseen);
    CHECK(unknown.status == 503);
    CHECK(unknown.body.find("directory_unavailable") != std::string::npos);
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
