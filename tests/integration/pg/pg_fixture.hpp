// One empty database with a pool and a session, for the tests of libs/pg.
// Thread safety: as its members.
#pragma once

#include "pg/pool.hpp"
#include "pg/sqlstate.hpp"
#include "pg/transaction.hpp"
#include "support/pg_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace unibox::test {

struct PgFixture {
    explicit PgFixture(const std::function<void(pg::Settings&)>& change = {})
        : PgFixture(PgServer::Shared(), change) {}
    explicit PgFixture(PgServer& server, const std::function<void(pg::Settings&)>& change = {})
        : database(server.CreateEmptyDatabase()), settings(database.settings()) {
        if (change) change(settings);
        pool = pg::Pool::Create(settings, metrics).value();
        session = pg::Session::Create(settings, metrics).value();
    }

    // Runs one statement in a transaction of its own.
    Result<pg::Rows> Run(const std::string& sql, const pg::Params& params = {}) const {
        auto tx = pg::SystemTx::Begin(*pool, pg::Access::kReadWrite);
        if (!tx.ok()) return tx.status();
        auto rows = tx->ExecuteUnprepared(sql, params);
        if (!rows.ok()) return rows;
        const Status committed = tx->Commit();
        if (!committed.ok()) return committed;
        return rows;
    }
    std::int64_t Number(const std::string& sql) const {
        const auto rows = Run(sql);
        REQUIRE_OK(rows);
        return (*rows)[0].Int64(0);
    }

    PgDatabase database;
    pg::Settings settings;
    obs::Metrics metrics;
    std::unique_ptr<pg::Pool> pool;
    std::unique_ptr<pg::Session> session;
};

}  // namespace unibox::test
