// The primary dies and a replica takes its place: whoever writes finds it by itself.
#include "pg_fixture.hpp"
#include "support/eventually.hpp"
#include "support/pg_replica.hpp"
#include "support/tcp_gate.hpp"

#include <fmt/format.h>

namespace unibox::pg {
namespace {

using namespace std::chrono_literals;
using test::Eventually;
using test::HasCode;
using test::PgReplica;
using test::PgServer;
using test::TcpGate;

constexpr Statement kInsert{"fo_insert", "INSERT INTO t VALUES ($1)"};

struct FailoverFixture {
    FailoverFixture()
        : primary(PgReplica::PrimarySettings()),
          database(primary.CreateEmptyDatabase()),
          replica(primary) {
        primary.Run(database.name(), "CREATE TABLE t (a bigint)");
        REQUIRE(Eventually(30s, [&] { return Has(replica, "to_regclass('t') IS NOT NULL"); }));
    }

    // To the servers at these ports, of which one takes writes.
    Settings To(const std::vector<int>& ports, std::int64_t connect_timeout_ms = 5'000) const {
        std::string hosts;
        for (const int port : ports) {
            hosts += fmt::format("{}127.0.0.1:{}", hosts.empty() ? "" : ",", port);
        }
        Settings settings;
        settings.url =
            fmt::format("postgresql://postgres@{}/{}?sslmode=disable", hosts, database.name());
        if (ports.size() > 1) settings.url += "&target_session_attrs=read-write";
        settings.connect_timeout_ms = connect_timeout_ms;
        return settings;
    }
    bool Has(const PgServer& server, const std::string& condition) {
        auto settings = test::PgDatabase(server.port(), database.name()).settings();
        auto pool = Pool::Create(settings, metrics).value();
        auto tx = SystemTx::Begin(*pool, Access::kReadOnly);
        if (!tx.ok()) return false;
        const auto rows = tx->ExecuteUnprepared("SELECT " + condition);
        return rows.ok() && (*rows)[0].Bool(0);
    }

    PgServer primary;
    test::PgDatabase database;
    PgReplica replica;
    obs::Metrics metrics;
};

Status Write(Session& session, std::int64_t value) {
    auto tx = WriterTx::Begin(session);
    if (!tx.ok()) return tx.status();
    const Status sent = tx->Send(kInsert, Params::Of(value));
    if (!sent.ok()) return sent;
    const auto committed = tx->Commit();
    return committed.ok() ? Status() : committed.status();
}

TEST_CASE("Failover: a writer finds the new primary among several hosts", "[pg][failover]") {
    FailoverFixture fixture;
    const auto settings = fixture.To({fixture.primary.port(), fixture.replica.port()});
    auto session = Session::Create(settings, fixture.metrics).value();
    auto pool = Pool::Create(settings, fixture.metrics).value();
    REQUIRE_OK(Write(*session, 1));
    REQUIRE_OK(pool->Ping());
    REQUIRE(Eventually(30s, [&] {
        return fixture.Has(fixture.replica, "EXISTS (SELECT FROM t WHERE a = 1)");
    }));
    fixture.primary.Kill9();
    const Status between = Write(*session, 2);
    CHECK_THAT(between, HasCode(Code::kUnavailable));
    CHECK(IsTransient(between));
    fixture.replica.Promote();
    CHECK(Eventually(30s, [&] { return Write(*session, 3).ok(); }));
    CHECK(Eventually(30s, [&] { return pool->Ping().ok(); }));
    CHECK(fixture.Has(fixture.replica, "array_agg(a ORDER BY a) = '{1,3}' FROM t"));
}

TEST_CASE("Failover: a writer finds the new primary under the same URL", "[pg][failover]") {
    FailoverFixture fixture;
    TcpGate gate(fixture.primary.port());
    auto session = Session::Create(fixture.To({gate.port()}), fixture.metrics).value();
    REQUIRE_OK(Write(*session, 1));
    fixture.primary.Kill9();
    fixture.replica.Promote();
    gate.SetTarget(fixture.replica.port());
    CHECK(Eventually(30s, [&] { return Write(*session, 2).ok(); }));
}

TEST_CASE("Failover: a standby where the primary should be is left again", "[pg][failover]") {
    FailoverFixture fixture;
    TcpGate gate(fixture.replica.port());
    const auto settings = fixture.To({gate.port()});
    auto session = Session::Create(settings, fixture.metrics).value();
    auto pool = Pool::Create(settings, fixture.metrics).value();
    const auto write_in_pool = [&] {
        auto tx = SystemTx::Begin(*pool, Access::kReadWrite);
        if (!tx.ok()) return tx.status();
        const auto rows = tx->ExecuteAndCommit(kInsert, Params::Of(std::int64_t{5}));
        return rows.ok() ? Status() : rows.status();
    };
    for (int i = 0; i < 2; ++i) {
        for (const Status& refused : {Write(*session, 1), write_in_pool()}) {
            CHECK_THAT(refused, HasCode(Code::kUnavailable));
            CHECK(refused.reason() == kReadOnlySqlTransaction);
            CHECK(IsTransient(refused));
        }
    }
    gate.SetTarget(fixture.primary.port());  // Connections that are open stay where they are.
    REQUIRE_OK(Write(*session, 2));
    REQUIRE_OK(write_in_pool());
}

TEST_CASE("Failover: a host that is silent does not hide the others", "[pg][failover]") {
    FailoverFixture fixture;
    TcpGate gate(fixture.replica.port());
    gate.SetMode(TcpGate::Mode::kDrop);
    const auto settings = fixture.To({gate.port(), fixture.primary.port()}, 4'000);
    auto session = Session::Create(settings, fixture.metrics).value();
    REQUIRE_OK(Write(*session, 1));
    // The next connection begins with the host that was good.
    const auto asked = gate.bytes_to_server();
    const int connections = gate.connections();
    session->Disconnect();
    REQUIRE_OK(Write(*session, 2));
    CHECK(gate.connections() <= connections);
    CHECK(gate.bytes_to_server() == asked);
}

}  // namespace
}  // namespace unibox::pg
