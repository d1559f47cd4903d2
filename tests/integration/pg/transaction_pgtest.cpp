#include "pg_fixture.hpp"
#include "support/eventually.hpp"

namespace unibox::pg {
namespace {

using test::HasCode;
using test::PgFixture;

constexpr Statement kTenantSetting{"t_tenant", "SELECT current_setting('app.tenant_id', true)"};
constexpr Statement kInsert{"t_insert", "INSERT INTO t (a) VALUES ($1)"};
constexpr Statement kCount{"t_count", "SELECT count(*) FROM t"};

struct TableFixture : PgFixture {
    explicit TableFixture(const std::function<void(Settings&)>& change = {}) : PgFixture(change) {
        REQUIRE_OK(Run("CREATE TABLE t (a int PRIMARY KEY CHECK (a >= 0))"));
    }
};

TEST_CASE("TenantTx: the tenant is set inside the transaction and gone after it", "[pg]") {
    PgFixture fixture([](Settings& settings) { settings.connection_count_max = 1; });
    {
        auto tx = TenantTx::Begin(*fixture.pool, TenantId{77}, Access::kReadOnly).value();
        REQUIRE(tx.Execute(kTenantSetting, {}).value()[0].Text(0) == "77");
        REQUIRE_OK(tx.Commit());
    }
    const auto after = fixture.Run("SELECT coalesce(current_setting('app.tenant_id', true), '')");
    REQUIRE_OK(after);
    REQUIRE((*after)[0].Text(0).empty());
    REQUIRE(fixture.pool->open_count() == 1);  // It was the same connection.
}

TEST_CASE("Transactions that write tell who acts, in all three kinds", "[pg]") {
    PgFixture fixture([](Settings& settings) {
        settings.connection_count_max = 1;
        settings.actor = Actor{"jane@desk", "streams seal", "r-1"};
    });
    constexpr Statement kWho{
        "t_who",
        "SELECT concat_ws(',', current_setting('app.actor', true), "
        "current_setting('app.verb', true), current_setting('app.request_id', true))"};
    const std::string who = "jane@desk,streams seal,r-1";
    {
        auto of_tenant = TenantTx::Begin(*fixture.pool, TenantId{77}, Access::kReadWrite).value();
        CHECK(of_tenant.ExecuteAndCommit(kWho, {}).value()[0].Text(0) == who);
    }
    {
        auto of_system = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
        CHECK(of_system.Execute(kWho, {}).value()[0].Text(0) == who);
        REQUIRE_OK(of_system.Commit());
    }
    auto of_writer = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(of_writer.Send(kWho, {}));
    const auto rows = of_writer.Commit();
    REQUIRE_OK(rows);
    CHECK((*rows)[0][0].Text(0) == who);
    CHECK(of_writer.statement_count() == 1);
    // What reads changes nothing that could be told; and nothing stays in the connection.
    auto reads = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
    CHECK(reads.ExecuteAndCommit(kWho, {}).value()[0].Text(0) == ",,");
    CHECK(fixture.pool->open_count() == 1);
}

TEST_CASE("TenantTx: statements are counted, BEGIN and COMMIT are not", "[pg]") {
    TableFixture fixture;
    auto tx = TenantTx::Begin(*fixture.pool, TenantId{1}, Access::kReadOnly).value();
    REQUIRE(tx.statement_count() == 0);
    REQUIRE_OK(tx.Execute(kCount, {}));
    REQUIRE_OK(tx.ExecuteAndCommit(kCount, {}));
    REQUIRE(tx.statement_count() == 2);
    REQUIRE_THAT(tx.Execute(kCount, {}).status(), HasCode(Code::kFailedPrecondition));
}

TEST_CASE("TenantTx: read-only transactions cannot write", "[pg]") {
    TableFixture fixture;
    auto tx = TenantTx::Begin(*fixture.pool, TenantId{1}, Access::kReadOnly).value();
    REQUIRE(tx.Execute(kInsert, Params::Of(1)).status().reason() == "25006");
}

TEST_CASE("SystemTx: commits what was asked, rolls back what was forgotten", "[pg]") {
    TableFixture fixture;
    {
        auto tx = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
        REQUIRE_OK(tx.Execute(kInsert, Params::Of(1)));
    }
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 0);
    auto tx = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
    REQUIRE_OK(tx.Execute(kInsert, Params::Of(1)));
    REQUIRE_OK(tx.Execute(kInsert, Params::Of(2)));
    REQUIRE_OK(tx.Commit());
    REQUIRE_THAT(tx.Commit(), HasCode(Code::kFailedPrecondition));
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 2);
}

TEST_CASE("SystemTx: after an error nothing of it remains and nothing more is accepted", "[pg]") {
    TableFixture fixture;
    {
        auto tx = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
        REQUIRE_OK(tx.Execute(kInsert, Params::Of(1)));
        const auto failed = tx.Execute(kInsert, Params::Of(1));
        REQUIRE_THAT(failed.status(), HasCode(Code::kAlreadyExists));
        REQUIRE(failed.status().reason() == "23505");
        REQUIRE(ErrorConstraint(failed.status()) == "t_pkey");
        REQUIRE(ErrorDetail(failed.status()) == "Key (a)=(1) already exists.");
        const auto after = tx.Execute(kInsert, Params::Of(2));
        REQUIRE_THAT(after.status(), HasCode(Code::kFailedPrecondition));
        REQUIRE_THAT(tx.Commit(), HasCode(Code::kFailedPrecondition));
    }
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 0);
    REQUIRE(fixture.pool->open_count() == 1);  // The connection is used again.
}

TEST_CASE("SystemTx: a failing ExecuteAndCommit does not commit", "[pg]") {
    TableFixture fixture;
    auto tx = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
    REQUIRE_OK(tx.Execute(kInsert, Params::Of(1)));
    const auto failed = tx.ExecuteAndCommit(kInsert, Params::Of(-1));
    REQUIRE(failed.status().reason() == "23514");
    REQUIRE(ErrorConstraint(failed.status()) == "t_a_check");
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 0);
}

TEST_CASE("SystemTx: scripts run whole or not at all", "[pg]") {
    TableFixture fixture;
    auto good = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
    REQUIRE_OK(good.ExecuteScript("INSERT INTO t VALUES (1); SELECT 1; INSERT INTO t VALUES (2)"));
    REQUIRE_OK(good.Execute(kInsert, Params::Of(3)));
    REQUIRE_OK(good.Commit());
    auto bad = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
    const Status failed = bad.ExecuteScript("INSERT INTO t VALUES (4); INSERT INTO t VALUES (1)");
    REQUIRE(failed.reason() == "23505");
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 3);
}

TEST_CASE("Statement: one name has one text and one list of types", "[pg]") {
    TableFixture fixture;
    auto tx = SystemTx::Begin(*fixture.session, Access::kReadWrite).value();
    REQUIRE_OK(tx.ExecuteAndCommit(kInsert, Params::Of(1)));
    auto other = SystemTx::Begin(*fixture.session, Access::kReadWrite).value();
    const auto refused = other.Execute(kInsert, Params::Of(std::int64_t{1}));
    REQUIRE_THAT(refused.status(), HasCode(Code::kInternal));
}

TEST_CASE("Statement: prepared once for a connection, or never if settings say so", "[pg]") {
    const bool prepared = GENERATE(true, false);
    TableFixture fixture([&](Settings& settings) { settings.prepared = prepared; });
    for (int i = 0; i < 3; ++i) {
        auto tx = SystemTx::Begin(*fixture.session, Access::kReadWrite).value();
        REQUIRE_OK(tx.ExecuteAndCommit(kInsert, Params::Of(i)));
    }
    auto tx = SystemTx::Begin(*fixture.session, Access::kReadOnly).value();
    const auto rows = tx.ExecuteUnprepared(
        "SELECT count(*) FROM pg_prepared_statements "
        "WHERE name = 't_insert'"
    );
    REQUIRE_OK(rows);
    REQUIRE((*rows)[0].Int64(0) == (prepared ? 1 : 0));
}

TEST_CASE("Statement: one that failed to parse can be tried again", "[pg]") {
    PgFixture fixture;
    for (int i = 0; i < 2; ++i) {
        auto tx = SystemTx::Begin(*fixture.session, Access::kReadOnly).value();
        REQUIRE(tx.Execute(kCount, {}).status().reason() == "42P01");
    }
    REQUIRE_OK(fixture.Run("CREATE TABLE t (a int)"));
    auto tx = SystemTx::Begin(*fixture.session, Access::kReadOnly).value();
    REQUIRE_OK(tx.Execute(kCount, {}));
}

TEST_CASE("Statement: a plan outdated by a migration asks for a repetition, which works", "[pg]") {
    TableFixture fixture;
    constexpr Statement kAll{"t_all", "SELECT * FROM t"};
    const auto read = [&] {
        auto tx = SystemTx::Begin(*fixture.session, Access::kReadOnly).value();
        return tx.ExecuteAndCommit(kAll, {});
    };
    REQUIRE_OK(read());
    REQUIRE_OK(fixture.Run("ALTER TABLE t ADD COLUMN b int"));
    REQUIRE_THAT(read().status(), HasCode(Code::kAborted));
    REQUIRE(read().value().column_count() == 2);
}

TEST_CASE("Limits: the server cancels a slow statement and a long wait for a lock", "[pg]") {
    TableFixture fixture([](Settings& settings) {
        settings.statement_timeout_ms = 5'000;
        settings.lock_timeout_ms = 20;
        settings.idle_in_tx_timeout_ms = 300'000;
    });
    auto slow = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
    const auto cancelled = slow.ExecuteUnprepared("SELECT pg_sleep(20)");
    REQUIRE_THAT(cancelled.status(), HasCode(Code::kDeadlineExceeded));
    REQUIRE(cancelled.status().reason() == "57014");

    auto holder = SystemTx::Begin(*fixture.pool, Access::kReadWrite).value();
    REQUIRE_OK(holder.ExecuteUnprepared("LOCK TABLE t"));
    auto waiter = SystemTx::Begin(*fixture.pool, Access::kReadOnly).value();
    REQUIRE(waiter.Execute(kCount, {}).status().reason() == "55P03");
}

TEST_CASE("Limits: a silent transaction is ended and leaves nothing", "[pg]") {
    TableFixture fixture;
    auto hasty = fixture.settings;
    hasty.idle_in_tx_timeout_ms = 1'000;
    const auto session = Session::Create(hasty, fixture.metrics).value();
    auto silent = SystemTx::Begin(*session, Access::kReadWrite).value();
    REQUIRE_OK(silent.Execute(kInsert, Params::Of(1)));
    REQUIRE(test::Eventually(std::chrono::seconds(10), [&] {
        return fixture.Number(
                   "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                   "current_database() AND state LIKE 'idle in trans%'"
               ) == 0;
    }));
    const Status ended = silent.Commit();
    REQUIRE_FALSE(ended.ok());
    REQUIRE(IsTransient(ended));
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 0);
    auto next = SystemTx::Begin(*session, Access::kReadWrite).value();
    REQUIRE_OK(next.ExecuteAndCommit(kInsert, Params::Of(1)));
    REQUIRE(session->connection_count() == 2);
}

TEST_CASE("Session: its locks outlive its transactions, not its connection", "[pg]") {
    PgFixture fixture;
    constexpr Statement kLock{"s_lock", "SELECT pg_try_advisory_lock(7)"};
    const auto try_lock = [&](Session& session) {
        auto tx = SystemTx::Begin(session, Access::kReadWrite).value();
        return tx.ExecuteAndCommit(kLock, {}).value()[0].Bool(0);
    };
    const auto other = Session::Create(fixture.settings, fixture.metrics).value();
    REQUIRE(try_lock(*fixture.session));
    REQUIRE_FALSE(try_lock(*other));
    fixture.session->Disconnect();
    REQUIRE(test::Eventually(std::chrono::seconds(5), [&] { return try_lock(*other); }));
}

}  // namespace
}  // namespace unibox::pg
