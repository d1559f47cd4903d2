// PostgreSQL is killed, stopped or frozen, and comes back.
#include "pg_fixture.hpp"
#include "support/eventually.hpp"

#include <signal.h>

namespace unibox::pg {
namespace {

using namespace std::chrono_literals;
using test::Eventually;
using test::HasCode;
using test::PgFixture;
using test::PgServer;

constexpr Statement kInsert{"f_insert", "INSERT INTO t (a) VALUES ($1)"};

TEST_CASE("Fault: the server is killed in a transaction and started again", "[pg][fault]") {
    PgServer server;
    PgFixture fixture(server);
    REQUIRE_OK(fixture.Run("CREATE TABLE t (a int)"));
    REQUIRE_OK(fixture.Run("INSERT INTO t VALUES (1)"));
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send(kInsert, Params::Of(2)));
    REQUIRE_OK(tx.Sync());
    server.Kill9();
    const auto lost = tx.Commit();
    REQUIRE_THAT(lost.status(), HasCode(Code::kUnavailable));
    REQUIRE(lost.status().reason().empty());
    REQUIRE(tx.outcome_unknown());
    REQUIRE(IsTransient(fixture.pool->Ping()));
    server.Start();
    REQUIRE(Eventually(20s, [&] { return fixture.pool->Ping().ok(); }));
    REQUIRE(fixture.Number("SELECT sum(a)::bigint FROM t") == 1);
    auto again = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(again.Send(kInsert, Params::Of(2)));
    REQUIRE_OK(again.Commit());
    REQUIRE(fixture.Number("SELECT sum(a)::bigint FROM t") == 3);
}

TEST_CASE("Fault: an orderly restart between two transactions is not noticed", "[pg][fault]") {
    PgServer server;
    PgFixture fixture(server);
    constexpr Statement kOne{"f_one", "SELECT 1"};
    const auto write = [&] {
        auto tx = WriterTx::Begin(*fixture.session);
        if (!tx.ok()) return tx.status();
        const Status sent = tx->Send(kOne, {});
        return sent.ok() ? tx->Commit().status() : sent;
    };
    REQUIRE_OK(fixture.pool->Ping());
    REQUIRE_OK(write());
    server.Restart();
    REQUIRE_OK(fixture.pool->Ping());
    REQUIRE_OK(write());
    REQUIRE(fixture.session->connection_count() == 2);
}

TEST_CASE("Fault: a server that does not answer is given up in time", "[pg][fault]") {
    PgFixture fixture;
    REQUIRE_OK(fixture.Run("CREATE TABLE t (a int)"));
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send({"f_pid", "SELECT pg_backend_pid()"}, {}));
    const pid_t backend = tx.Sync().value()[0][0].Int32(0);
    REQUIRE_OK(tx.Send(kInsert, Params::Of(1)));
    fixture.session->SetIoTimeout(Millis(300));
    kill(backend, SIGSTOP);
    const auto silent = tx.Commit();
    kill(backend, SIGCONT);
    REQUIRE_THAT(silent.status(), HasCode(Code::kDeadlineExceeded));
    REQUIRE(tx.outcome_unknown());
    REQUIRE(IsTransient(silent.status()));
    // It was only slow: the commit did take place. That is what "unknown" means.
    REQUIRE(Eventually(10s, [&] { return fixture.Number("SELECT count(*) FROM t") == 1; }));
}

TEST_CASE("Fault: a frozen server does not hold up connecting", "[pg][fault]") {
    PgServer server;
    PgFixture fixture(server, [](Settings& settings) { settings.connect_timeout_ms = 300; });
    kill(server.pid(), SIGSTOP);
    const Status frozen = fixture.pool->Ping();
    kill(server.pid(), SIGCONT);
    REQUIRE_THAT(frozen, HasCode(Code::kDeadlineExceeded));
    REQUIRE(Eventually(10s, [&] { return fixture.pool->Ping().ok(); }));
}

TEST_CASE("Fault: more connections than the server allows", "[pg][fault]") {
    PgServer server({"max_connections = 5", "superuser_reserved_connections = 0"});
    PgFixture fixture(server, [](Settings& settings) { settings.connection_count_max = 10; });
    std::vector<SystemTx> open;
    Status refused;
    while (open.size() < 10 && refused.ok()) {
        auto tx = SystemTx::Begin(*fixture.pool, Access::kReadOnly);
        if (!tx.ok()) refused = tx.status();
        if (tx.ok()) open.push_back(std::move(tx).value());
    }
    REQUIRE(IsTransient(refused));
    REQUIRE(refused.message().find("too many clients") != std::string::npos);
    open.clear();
    REQUIRE_OK(fixture.pool->Ping());
}

}  // namespace
}  // namespace unibox::pg
