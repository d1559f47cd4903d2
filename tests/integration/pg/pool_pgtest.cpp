#include "pg_fixture.hpp"

#include <atomic>
#include <thread>

namespace unibox::pg {
namespace {

using test::HasCode;
using test::PgFixture;

constexpr Statement kOne{"p_one", "SELECT 1"};
constexpr Statement kBackend{"p_backend", "SELECT pg_backend_pid()"};
constexpr Statement kTenant{"p_tenant", "SELECT current_setting('app.tenant_id')::bigint"};

TEST_CASE("Pool: refuses settings that cannot work", "[pg]") {
    obs::Metrics metrics;
    Settings settings;
    settings.connection_count_max = 0;
    REQUIRE_THAT(Pool::Create(settings, metrics).status(), HasCode(Code::kInvalidArgument));
    settings = Settings();
    settings.url.clear();
    REQUIRE_THAT(Pool::Create(settings, metrics).status(), HasCode(Code::kInvalidArgument));
    settings = Settings();
    settings.io_timeout_ms = 0;
    REQUIRE_THAT(Session::Create(settings, metrics).status(), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Pool: connects when asked and never more than its size", "[pg]") {
    PgFixture fixture([](Settings& settings) {
        settings.connection_count_max = 2;
        settings.acquire_timeout_ms = 30;
    });
    REQUIRE(fixture.pool->open_count() == 0);
    {
        auto first = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
        auto second = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
        REQUIRE(fixture.pool->in_use_count() == 2);
        const auto third = SystemTx::Begin(*fixture.pool, Access::kReadOnly);
        REQUIRE_THAT(third.status(), HasCode(Code::kResourceExhausted));
        REQUIRE(third.status().reason() == "POOL_EXHAUSTED");
        REQUIRE(IsTransient(third.status()));
    }
    REQUIRE(fixture.pool->in_use_count() == 0);
    REQUIRE_OK(fixture.pool->Ping());
    REQUIRE(fixture.pool->open_count() == 2);
}

TEST_CASE("Pool: whoever waits gets the connection that becomes free", "[pg]") {
    PgFixture fixture([](Settings& settings) {
        settings.connection_count_max = 1;
        settings.acquire_timeout_ms = 20'000;
    });
    std::optional<SystemTx> holder = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
    Status waited = Internal("not yet");
    std::thread waiter([&] { waited = fixture.pool->Ping(); });
    REQUIRE_OK(holder->Execute(kOne, {}));
    holder.reset();
    waiter.join();
    REQUIRE_OK(waited);
}

TEST_CASE("Pool: sixteen threads share four connections and never see another's tenant", "[pg]") {
    PgFixture fixture([](Settings& settings) {
        settings.connection_count_max = 4;
        settings.acquire_timeout_ms = 60'000;
    });
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&, i] {
            for (int n = 0; n < 50; ++n) {
                auto tx = TenantTx::Begin(*fixture.pool, TenantId{i}, Access::kReadOnly);
                const auto rows = tx.ok() ? tx->ExecuteAndCommit(kTenant, {}) : tx.status();
                if (!rows.ok() || (*rows)[0].Int64(0) != i) ++failures;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(failures == 0);
    REQUIRE(fixture.pool->open_count() <= 4);
    REQUIRE(fixture.pool->in_use_count() == 0);
}

TEST_CASE("Pool: a connection that the server ended is replaced before it is used", "[pg]") {
    PgFixture fixture([](Settings& settings) { settings.connection_count_max = 1; });
    const auto backend = [&] {
        auto tx = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
        return tx.ExecuteAndCommit(kBackend, {}).value()[0].Int32(0);
    };
    const std::int32_t first = backend();
    auto killer = SystemTx::Begin(*fixture.session, Access::kReadOnly).value();
    const auto params = Params::Of(first);
    REQUIRE_OK(killer.ExecuteUnprepared("SELECT pg_terminate_backend($1, 5000)", params));
    REQUIRE(backend() != first);
    REQUIRE(fixture.pool->open_count() == 1);
}

TEST_CASE("Pool: ended in the middle of a transaction, the state says why", "[pg]") {
    PgFixture fixture;
    auto tx = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
    const std::int32_t backend = tx.Execute(kBackend, {}).value()[0].Int32(0);
    REQUIRE_OK(fixture.Run("SELECT pg_terminate_backend($1, 5000)", Params::Of(backend)));
    const Status status = tx.Execute(kOne, {}).status();
    REQUIRE_THAT(status, HasCode(Code::kUnavailable));
    REQUIRE((status.reason() == "57P01" || status.reason().empty()));
    REQUIRE(IsTransient(status));
    REQUIRE_OK(fixture.pool->Ping());
}

TEST_CASE("Pool: nobody listens, or the url is none", "[pg]") {
    obs::Metrics metrics;
    Settings settings;
    settings.url = "postgresql://127.0.0.1:1/none";
    const auto pool = Pool::Create(settings, metrics).value();
    const Status refused = pool->Ping();
    REQUIRE_THAT(refused, HasCode(Code::kUnavailable));
    REQUIRE(refused.reason().empty());
    REQUIRE(pool->open_count() == 0);
    settings.url = "not a url";
    REQUIRE_FALSE(Pool::Create(settings, metrics).value()->Ping().ok());
}

TEST_CASE("Pool: metrics count connections and waiting", "[pg]") {
    PgFixture fixture;
    REQUIRE_OK(fixture.pool->Ping());
    const std::string text = fixture.metrics.Render();
    CAPTURE(text);
    REQUIRE(text.find("unibox_pg_connections_opened_total 1") != std::string::npos);
    REQUIRE(text.find("unibox_pg_pool_open 1") != std::string::npos);
    REQUIRE(text.find("unibox_pg_acquire_seconds_count 1") != std::string::npos);
}

}  // namespace
}  // namespace unibox::pg
