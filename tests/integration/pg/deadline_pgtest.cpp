// A transaction with a deadline ends with it, wherever it happens to wait. The settings' own limits
// are far beyond: if one of them were the end of it, the test would time out.
#include "pg_fixture.hpp"
#include "support/eventually.hpp"

#include <signal.h>

#include <chrono>

namespace unibox::pg {
namespace {

using namespace std::chrono_literals;
using test::Eventually;
using test::HasCode;
using test::PgFixture;
using test::PgServer;

constexpr Statement kPid{"d_pid", "SELECT pg_backend_pid()"};
constexpr Statement kLong{"d_long", "SELECT pg_sleep(600)"};
constexpr Statement kTimeout{
    "d_timeout", "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'"};
constexpr TenantId kTenant{1};

void Patient(Settings& settings) {
    settings.connection_count_max = 1;
    settings.acquire_timeout_ms = 300'000;
    settings.connect_timeout_ms = 300'000;
    settings.statement_timeout_ms = 300'000;
    settings.io_timeout_ms = 300'000;
}

SteadyTime Soon() {
    return std::chrono::steady_clock::now() + 400ms;
}

Result<Rows> Run(Pool& pool, SteadyTime deadline, const Statement& statement) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, TenantTx::Begin(pool, kTenant, Access::kReadOnly, deadline));
    return tx.ExecuteAndCommit(statement, {});
}

TEST_CASE("Deadline: the server cancels the statement, the connection stays", "[pg]") {
    PgFixture fixture(Patient);
    const auto backend = [&] {
        const auto rows = Run(*fixture.pool, SteadyTime::max(), kPid);
        REQUIRE_OK(rows);
        return (*rows)[0].Int32(0);
    };
    // On a busy machine the server can be later than the client waits; then the client gives up.
    REQUIRE(Eventually(60s, [&] {
        const std::int32_t before = backend();
        const Status late = Run(*fixture.pool, Soon(), kLong).status();
        REQUIRE_THAT(late, HasCode(Code::kDeadlineExceeded));
        return late.reason() == "57014" && backend() == before;
    }));
}

TEST_CASE("Deadline: it bounds its own transaction and no later one", "[pg]") {
    PgFixture fixture(Patient);
    const auto timeout_ms = [&](SteadyTime deadline) {
        return (*Run(*fixture.pool, deadline, kTimeout))[0].Int64(0);
    };
    REQUIRE(timeout_ms(SteadyTime::max()) == 300'000);
    const std::int64_t left_ms = timeout_ms(std::chrono::steady_clock::now() + 100s);
    REQUIRE(left_ms <= 100'000);
    REQUIRE(left_ms > 1'000);
    REQUIRE(timeout_ms(std::chrono::steady_clock::now() + 1h) == 300'000);
    REQUIRE(timeout_ms(SteadyTime::max()) == 300'000);
}

TEST_CASE("Deadline: a frozen backend is given up, and replaced", "[pg][fault]") {
    PgFixture fixture(Patient);
    const pid_t backend = (*Run(*fixture.pool, SteadyTime::max(), kPid))[0].Int32(0);
    kill(backend, SIGSTOP);
    const auto silent = Run(*fixture.pool, Soon(), kPid);
    const auto other = Run(*fixture.pool, SteadyTime::max(), kPid);
    kill(backend, SIGCONT);
    REQUIRE_THAT(silent.status(), HasCode(Code::kDeadlineExceeded));
    REQUIRE_OK(other);
    REQUIRE((*other)[0].Int32(0) != backend);
}

TEST_CASE("Deadline: a frozen server does not hold up connecting", "[pg][fault]") {
    PgServer server;
    PgFixture fixture(server, Patient);
    kill(server.pid(), SIGSTOP);
    const Status frozen = Run(*fixture.pool, Soon(), kPid).status();
    kill(server.pid(), SIGCONT);
    REQUIRE_THAT(frozen, HasCode(Code::kDeadlineExceeded));
    REQUIRE(Eventually(10s, [&] { return fixture.pool->Ping().ok(); }));
}

TEST_CASE("Deadline: nobody waits beyond it for a connection", "[pg]") {
    PgFixture fixture(Patient);
    auto holder = SystemTx::Begin(*fixture.pool, Access::kReadOnly);
    REQUIRE_OK(holder);
    const Status waited = Run(*fixture.pool, Soon(), kPid).status();
    REQUIRE_THAT(waited, HasCode(Code::kResourceExhausted));
    REQUIRE(waited.reason() == "POOL_EXHAUSTED");
}

}  // namespace
}  // namespace unibox::pg
