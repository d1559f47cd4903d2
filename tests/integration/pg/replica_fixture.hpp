// A primary, a replica behind a gate, and a router that reads from them.
// Thread safety: as its members.
#pragma once

#include "pg/read_router.hpp"
#include "pg/transaction.hpp"
#include "support/eventually.hpp"
#include "support/pg_replica.hpp"
#include "support/status_matchers.hpp"
#include "support/tcp_gate.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace unibox::test {

using namespace std::chrono_literals;

// What a read saw, and where.
struct SeenRead {
    std::int64_t last = 0;
    bool at_replica = false;
};

class ReplicaFixture {
public:
    static constexpr Millis kEventually{30'000};

    // A bound that no test is waited for.
    explicit ReplicaFixture(std::int64_t lag_ms_max = 60'000)
        : primary(PgReplica::PrimarySettings()),
          database(primary.CreateEmptyDatabase()),
          replica(std::make_unique<PgReplica>(primary)),
          gate(replica->port()),
          primary_gate(primary.port()) {
        reads.lag_ms_max = lag_ms_max;
        reads.probe_interval_ms = 20;
        reads.timeout_ms = 1'000;
        primary.Run(database.name(), "CREATE TABLE t (a bigint); INSERT INTO t VALUES (0)");
        OpenRouter();
    }

    std::string UrlOf(int port) const {
        return fmt::format(
            "postgresql://{}@127.0.0.1:{}/{}?sslmode=disable", user, port, database.name()
        );
    }
    void OpenRouter() {
        pg::Settings settings;
        settings.url = UrlOf(primary_gate.port());
        settings.connect_timeout_ms = 2'000;
        reads.urls = {UrlOf(gate.port())};
        router.reset();
        pool = pg::Pool::Create(settings, metrics).value();
        router = pg::ReadRouter::Create(*pool, settings, reads, metrics).value();
    }

    // Returns when it is committed, with its token.
    pg::Lsn Write(std::int64_t value) {
        auto tx = pg::SystemTx::Begin(*pool, pg::Access::kReadWrite);
        REQUIRE_OK(tx);
        REQUIRE_OK(
            tx->ExecuteAndCommit({"r_write", "INSERT INTO t VALUES ($1)"}, pg::Params::Of(value))
        );
        auto after = pg::SystemTx::Begin(*pool, pg::Access::kReadOnly);
        REQUIRE_OK(after);
        const auto rows =
            after->ExecuteAndCommit({"r_token", "SELECT pg_current_wal_flush_lsn()::text"}, {});
        REQUIRE_OK(rows);
        return pg::ParseLsn((*rows)[0].Text(0)).value();
    }

    Result<SeenRead> Read(std::optional<pg::Lsn> token = {}, Millis within = 20s) const {
        const auto deadline = std::chrono::steady_clock::now() + within;
        return router->Do(token, deadline, ReadLast);
    }
    bool ReadsAtReplica(std::optional<pg::Lsn> token = {}) const {
        const auto seen = Read(token);
        return seen.ok() && seen->at_replica;
    }
    bool EventuallyAtReplica(std::optional<pg::Lsn> token = {}) const {
        return Eventually(kEventually, [&] { return ReadsAtReplica(token); });
    }
    bool EventuallyAtPrimary() const {
        return Eventually(kEventually, [&] {
            const auto seen = Read();
            return seen.ok() && !seen->at_replica;
        });
    }
    double Gauge(const std::string& name) {
        const std::string replica_name = fmt::format("127.0.0.1:{}", gate.port());
        return metrics.GetGauge(name, "", {{"replica", replica_name}}).Get();
    }
    bool EventuallyUsable(bool usable) {
        return Eventually(kEventually, [&] {
            return Gauge("unibox_pg_read_replica_usable") == (usable ? 1 : 0);
        });
    }
    // By the probe. How far it is behind is told anew each time.
    bool LookedAtAgain() {
        const double before = Gauge("unibox_pg_read_lag_seconds");
        return Eventually(kEventually, [&] {
            return Gauge("unibox_pg_read_lag_seconds") != before;
        });
    }
    double Fallbacks(const std::string& reason) {
        return metrics.GetCounter("unibox_pg_read_fallbacks_total", "", {{"reason", reason}}).Get();
    }

    static Result<SeenRead> ReadLast(pg::Pool& from, SteadyTime deadline) {
        auto tx = pg::SystemTx::Begin(from, pg::Access::kReadOnly, deadline);
        if (!tx.ok()) return tx.status();
        const auto rows = tx->ExecuteAndCommit(
            {"r_last", "SELECT max(a)::bigint, pg_is_in_recovery() FROM t"}, {}
        );
        if (!rows.ok()) return rows.status();
        return SeenRead{(*rows)[0].Int64(0), (*rows)[0].Bool(1)};
    }

    std::string user = "postgres";
    PgServer primary;
    PgDatabase database;
    std::unique_ptr<PgReplica> replica;
    TcpGate gate;          // To the replica.
    TcpGate primary_gate;  // To the primary.
    obs::Metrics metrics;
    pg::ReadSettings reads;
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<pg::ReadRouter> router;
};

}  // namespace unibox::test
