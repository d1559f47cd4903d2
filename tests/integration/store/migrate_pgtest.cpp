#include "pg/transaction.hpp"
#include "store/inbox/reads.hpp"
#include "store/schema/migrate.hpp"
#include "store/schema/periods.hpp"
#include "support/pg_server.hpp"
#include "support/status_matchers.hpp"

#include <fmt/format.h>

#include <fstream>
#include <thread>

namespace unibox::store {
namespace {

using test::HasCode;
using test::PgDatabase;
using test::PgServer;
using test::TempDir;

struct Target {
    explicit Target(const PgDatabase& given, std::string_view role = "postgres")
        : database(given),
          session(pg::Session::Create(given.settings(role), metrics).value()),
          pool(pg::Pool::Create(given.settings(role), metrics).value()) {}

    std::int64_t Number(const std::string& sql) {
        auto tx = pg::SystemTx::Begin(*pool, pg::Access::kReadOnly).value();
        return tx.ExecuteUnprepared(sql).value()[0].Int64(0);
    }

    PgDatabase database;
    obs::Metrics metrics;
    std::unique_ptr<pg::Session> session;
    std::unique_ptr<pg::Pool> pool;
};

Migration Of(std::int32_t number, std::string sql) {
    const std::string name = fmt::format("{:04}_test", number);
    const TempDir folder;
    std::ofstream(folder / (name + ".sql")) << sql;
    return ReadMigrations(folder.path()).value()[0];
}

TEST_CASE("Migrate: an empty database becomes current, a second run does nothing", "[pg][store]") {
    Target target(PgServer::Shared().CreateEmptyDatabase());
    REQUIRE_THAT(SchemaIsCurrent(*target.pool), HasCode(Code::kFailedPrecondition));
    const auto first = Migrate(*target.session, EmbeddedMigrations());
    REQUIRE_OK(first);
    REQUIRE(first->applied.size() == EmbeddedMigrations().size());
    REQUIRE(first->version == NewestMigration());
    REQUIRE_OK(SchemaIsCurrent(*target.pool));
    const auto second = Migrate(*target.session, EmbeddedMigrations());
    REQUIRE_OK(second);
    REQUIRE(second->applied.empty());
    REQUIRE(second->partitions_made == 0);
    REQUIRE(PeriodsAhead(*target.pool).value() == 3);
    REQUIRE(
        target.Number("SELECT count(*) FROM schema_migrations") ==
        static_cast<std::int64_t>(EmbeddedMigrations().size())
    );
}

TEST_CASE("Migrate: the embedded files are those of the folder", "[pg][store]") {
    const auto files = ReadMigrations(std::string(UNIBOX_SOURCE_DIR) + "/deploy/migrations");
    REQUIRE_OK(files);
    const auto embedded = EmbeddedMigrations();
    REQUIRE(files->size() == embedded.size());
    for (std::size_t i = 0; i < embedded.size(); ++i) {
        CAPTURE(embedded[i].name);
        REQUIRE((*files)[i].name == embedded[i].name);
        REQUIRE((*files)[i].checksum == embedded[i].checksum);
    }
}

TEST_CASE("Migrate: channels from before belong to the only app, or to none", "[pg][store]") {
    const int app_count = GENERATE(0, 1, 2);
    CAPTURE(app_count);
    Target target(PgServer::Shared().CreateEmptyDatabase());
    auto migrations = EmbeddedMigrations();
    const std::vector<Migration> before(migrations.begin(), migrations.begin() + 8);
    REQUIRE_OK(Migrate(*target.session, before));
    PgServer::Shared().Run(
        target.database.name(),
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
        "VALUES (1, gen_random_uuid(), 'wa', 'WhatsApp', 2, '111');"
        "INSERT INTO provider_apps (app_id, slug, provider, verify_token_sealed) "
        "SELECT gen_random_uuid(), 'app' || n, 'meta', '' FROM generate_series(1, " +
            std::to_string(app_count) + ") n"
    );
    REQUIRE_OK(Migrate(*target.session, migrations));
    const int bound = app_count == 1 ? 1 : 0;
    CHECK(
        target.Number("SELECT count(*) FROM channels JOIN provider_apps USING (app_id)") == bound
    );
    CHECK(target.Number("SELECT count(app_id) FROM channels") == bound);
}

// Of a version before commands; by the owner of the database, who sees no row of a tenant.
TEST_CASE("Migrate: conversations from before are answered for as they stand", "[pg][store]") {
    const PgDatabase database = PgServer::Shared().CreateEmptyDatabase();
    const std::string installer = "installer_of_rows";
    PgServer::Shared().Run("postgres", "CREATE ROLE " + installer + " LOGIN CREATEROLE");
    PgServer::Shared().Run(
        "postgres", "ALTER DATABASE " + database.name() + " OWNER TO " + installer
    );
    Target target(database, installer);
    const auto migrations = EmbeddedMigrations();
    std::vector<Migration> before;
    for (const Migration& one : migrations) {
        if (one.number < 21) before.push_back(one);
    }
    REQUIRE_OK(Migrate(*target.session, before));
    // By number: waits, was answered, is closed; of WhatsApp (2) and Telegram (1).
    PgServer::Shared().Run(
        database.name(),
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, last_activity_at, last_customer_at, last_agent_at, "
        "created_at, closed_at, version) SELECT 1, "
        "('00000000-0000-7000-8000-00000000000' || n)::uuid, gen_random_uuid(), n::text, "
        "gen_random_uuid(), 1 + n / 4, CASE n % 4 WHEN 3 THEN 4 ELSE 1 END, now(), '2026-11-01 "
        "10:00Z', CASE n % 4 WHEN 2 THEN '2026-11-01 11:00Z'::timestamptz END, now(), "
        "CASE n % 4 WHEN 3 THEN now() ELSE 'infinity' END, 1 FROM generate_series(1, 7) n "
        "WHERE n <> 4;"
        "INSERT INTO conversation_counters (tenant_id, conversation_id, closed_at) "
        "SELECT tenant_id, conversation_id, closed_at FROM conversations"
    );
    REQUIRE_OK(Migrate(*target.session, migrations));
    Target gateway(database, "ub_gateway");
    constexpr std::int64_t kAskedAt = 1'793'527'200;  // 2026-11-01 10:00 UTC
    for (int n : {1, 2, 3, 5, 6, 7}) {
        CAPTURE(n);
        const auto id =
            Uuid::Parse("00000000-0000-7000-8000-00000000000" + std::to_string(n)).value();
        const auto shown =
            GetConversation(*gateway.pool, TenantId{1}, {}, ConversationId{id}, SteadyTime::max());
        REQUIRE_OK(shown);
        const bool waits = n % 4 == 1;
        CHECK(shown->has_waiting_since_time() == waits);
        CHECK(shown->waiting_since_time().seconds() == (waits ? kAskedAt : 0));
        const bool has_window = n > 4;
        CHECK(shown->has_can_reply_until_time() == has_window);
        CHECK(shown->can_reply_until_time().seconds() == (has_window ? kAskedAt + 86'400 : 0));
        CHECK(shown->labels().empty());
        CHECK(shown->priority() == v1::PRIORITY_UNSPECIFIED);
    }
    // What is written from now on is as it says.
    PgServer::Shared().Run(
        database.name(),
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, last_activity_at, created_at, version) VALUES (1, "
        "gen_random_uuid(), gen_random_uuid(), 'new', gen_random_uuid(), 2, 1, now(), now(), 1)"
    );
    Target owner(database);
    CHECK(
        owner.Number("SELECT count(*) FROM conversations WHERE waiting_since IS NULL "
                     "AND can_reply_until IS NULL") == 1
    );
    CHECK(
        owner.Number("SELECT count(*) FROM conversations WHERE waiting_since = '-infinity'") == 6
    );
}

TEST_CASE("Migrate: refuses what was changed, is unknown, or comes too late", "[pg][store]") {
    Target target(PgServer::Shared().CreateEmptyDatabase());
    const Migration one = Of(1, "CREATE TABLE one (id int)");
    const Migration three = Of(3, "CREATE TABLE three (id int)");
    REQUIRE_OK(Migrate(*target.session, {one, three}));

    const auto changed = Migrate(*target.session, {Of(1, "CREATE TABLE one (id bigint)"), three});
    REQUIRE_THAT(changed.status(), HasCode(Code::kFailedPrecondition));
    REQUIRE(changed.status().message().find("0001_test was changed") != std::string::npos);

    const auto unknown = Migrate(*target.session, {one});
    REQUIRE_THAT(unknown.status(), HasCode(Code::kFailedPrecondition));
    REQUIRE(unknown.status().message().find("0003_test") != std::string::npos);

    const auto late = Migrate(*target.session, {one, Of(2, "CREATE TABLE two (id int)"), three});
    REQUIRE_THAT(late.status(), HasCode(Code::kFailedPrecondition));
    REQUIRE(target.Number("SELECT count(*) FROM pg_class WHERE relname = 'two'") == 0);
    const auto twice = Migrate(*target.session, {one, one, three});
    REQUIRE_THAT(twice.status(), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Migrate: a faulty file leaves nothing behind and says which it was", "[pg][store]") {
    Target target(PgServer::Shared().CreateEmptyDatabase());
    const auto broken = Migrate(
        *target.session,
        {Of(1, "CREATE TABLE one (id int)"), Of(2, "CREATE TABLE two (id int); SELECT nonsense()")}
    );
    REQUIRE(broken.status().reason() == "42883");
    REQUIRE(broken.status().message().find("0002_test") != std::string::npos);
    REQUIRE(target.Number("SELECT count(*) FROM pg_class WHERE relname = 'one'") == 1);
    REQUIRE(target.Number("SELECT count(*) FROM pg_class WHERE relname = 'two'") == 0);
    REQUIRE(target.Number("SELECT count(*) FROM schema_migrations") == 1);
}

TEST_CASE("Migrate: parallel runs wait for each other", "[pg][store]") {
    const PgDatabase database = PgServer::Shared().CreateEmptyDatabase();
    std::vector<Result<MigrateReport>> reports(4);
    std::vector<std::thread> threads;
    for (auto& report : reports) {
        threads.emplace_back([&] {
            Target target(database);
            report = Migrate(*target.session, EmbeddedMigrations());
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t applied = 0;
    for (const auto& report : reports) {
        REQUIRE_OK(report);
        applied += report->applied.size();
    }
    REQUIRE(applied == EmbeddedMigrations().size());
}

TEST_CASE("Migrate: two databases of one cluster at the same time", "[pg][store]") {
    const std::vector<PgDatabase> databases = {
        PgServer::Shared().CreateEmptyDatabase(), PgServer::Shared().CreateEmptyDatabase()};
    std::vector<Result<MigrateReport>> reports(2);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
            Target target(databases[i]);
            reports[i] = Migrate(*target.session, EmbeddedMigrations());
        });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE_OK(reports[0]);
    REQUIRE_OK(reports[1]);
}

TEST_CASE("Migrate: gives way to whoever holds a lock, and comes back", "[pg][store]") {
    Target target(PgServer::Shared().CreateEmptyDatabase());
    REQUIRE_OK(Migrate(*target.session, {Of(1, "CREATE TABLE busy (id int)")}));
    auto holder = pg::SystemTx::Begin(*target.pool, pg::Access::kReadWrite).value();
    REQUIRE_OK(holder.ExecuteUnprepared("SET LOCAL idle_in_transaction_session_timeout = 0"));
    REQUIRE_OK(holder.ExecuteUnprepared("LOCK TABLE busy IN ACCESS SHARE MODE"));
    MigrateOptions hasty;
    hasty.lock_timeout = Millis(50);
    hasty.retry_pause = Millis(1);
    hasty.attempts_max = 2;
    const std::vector<Migration> both = {
        Of(1, "CREATE TABLE busy (id int)"), Of(2, "ALTER TABLE busy ADD COLUMN more int")};
    const auto blocked = Migrate(*target.session, both, hasty);
    REQUIRE(blocked.status().reason() == "55P03");
    REQUIRE_OK(holder.Commit());
    REQUIRE_OK(Migrate(*target.session, both, hasty));
}

TEST_CASE("Migrate: the owner of a database needs no superuser, only CREATEROLE", "[pg][store]") {
    const PgDatabase database = PgServer::Shared().CreateEmptyDatabase();
    PgServer::Shared().Run("postgres", "CREATE ROLE installer LOGIN CREATEROLE");
    PgServer::Shared().Run("postgres", "ALTER DATABASE " + database.name() + " OWNER TO installer");
    Target target(database, "installer");
    const auto report = Migrate(*target.session, EmbeddedMigrations());
    REQUIRE_OK(report);
    REQUIRE(report->version == NewestMigration());
    REQUIRE(PeriodsAhead(*target.pool).ok());
    Target gateway(database, "ub_gateway");
    REQUIRE_OK(SchemaIsCurrent(*gateway.pool));
    REQUIRE(gateway.Number("SELECT count(*) FROM messages") == 0);
}

TEST_CASE("SchemaIsCurrent: every service's role may ask", "[pg][store]") {
    const PgDatabase database = PgServer::Shared().CreateDatabase();
    for (const char* role : {"ub_writer", "ub_ingest", "ub_gateway", "ub_admin"}) {
        CAPTURE(role);
        Target target(database, role);
        REQUIRE_OK(SchemaIsCurrent(*target.pool));
    }
    Target owner(database);
    auto tx = pg::SystemTx::Begin(*owner.pool, pg::Access::kReadWrite).value();
    REQUIRE_OK(tx.ExecuteUnprepared("DELETE FROM schema_migrations WHERE number > 1"));
    REQUIRE_OK(tx.Commit());
    REQUIRE_THAT(SchemaIsCurrent(*owner.pool), HasCode(Code::kFailedPrecondition));
}

}  // namespace
}  // namespace unibox::store
