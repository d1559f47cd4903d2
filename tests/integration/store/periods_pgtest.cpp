#include "pg/sqlstate.hpp"
#include "store/schema/periods.hpp"
#include "store_fixture.hpp"
#include "support/detached_leaf.hpp"

#include <thread>

namespace unibox::store {
namespace {

using test::HasCode;
using test::StoreFixture;

constexpr std::int64_t kDayMs = 86'400'000;

constexpr const char* kLeafCount =
    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'ext_ref'::regclass";

TEST_CASE("Periods: there after a migration, made again when missing", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE(EnsurePeriods(fixture.writer()).value() == 0);
    REQUIRE(PeriodsAhead(fixture.writer()).value() == 3);
    const auto last = fixture.Owner(
        "SELECT max(c.relname::text) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "
        "WHERE i.inhparent = 'messages'::regclass AND c.relkind = 'r'"
    );
    REQUIRE_OK(last);
    REQUIRE_OK(fixture.Owner("DROP TABLE " + std::string((*last)[0].Text(0))));
    REQUIRE(PeriodsAhead(fixture.admin()).value() == 2);
    REQUIRE(EnsurePeriods(fixture.admin()).value() == 1);
    REQUIRE(PeriodsAhead(fixture.writer()).value() == 3);
}

TEST_CASE(
    "Periods: a row without a leaf is a 23514 without a constraint, then finds one", "[pg][store]"
) {
    StoreFixture fixture;
    const std::string insert =
        "INSERT INTO ext_ref (tenant_id, channel_id, event_key, seen_at) VALUES (1, "
        "gen_random_uuid(), gen_random_uuid(), now() - interval '100 days')";
    const auto refused = fixture.Run("ub_writer", insert);
    REQUIRE(refused.status().reason() == "23514");
    REQUIRE(pg::ErrorConstraint(refused.status()).empty());
    const std::int64_t then = SystemClock().UnixMillis() - 100 * kDayMs;
    REQUIRE(EnsurePeriodFor(fixture.writer(), "ext_ref", then).value());
    REQUIRE_FALSE(EnsurePeriodFor(fixture.writer(), "ext_ref", then).value());
    REQUIRE_OK(fixture.Run("ub_writer", insert));
}

TEST_CASE("Periods: not for any table and not for any time", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t now = SystemClock().UnixMillis();
    for (const char* table : {"contacts", "pg_class", "messages; DROP TABLE messages", ""}) {
        CAPTURE(table);
        const auto refused = EnsurePeriodFor(fixture.writer(), table, now);
        REQUIRE(refused.status().reason() == "22023");
    }
    for (const std::int64_t when :
         {now + 500 * kDayMs,
          now - 500 * kDayMs,
          pg::kInfinity.unix_ms,
          pg::kMinusInfinity.unix_ms}) {
        CAPTURE(when);
        const auto refused = EnsurePeriodFor(fixture.writer(), "messages", when);
        REQUIRE_THAT(refused.status(), HasCode(Code::kOutOfRange));
    }
    REQUIRE_FALSE(EnsurePeriodFor(fixture.writer(), "conversations", pg::kInfinity.unix_ms).value()
    );
}

TEST_CASE("Periods: eight keepers at once make each leaf once", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t then = SystemClock().UnixMillis() - 200 * kDayMs;
    pg::Pool& pool = fixture.writer();
    std::vector<Result<bool>> made(8);
    std::vector<std::thread> threads;
    for (auto& one : made) {
        threads.emplace_back([&] { one = EnsurePeriodFor(pool, "messages", then); });
    }
    for (std::thread& thread : threads) thread.join();
    int count = 0;
    for (const auto& one : made) {
        REQUIRE_OK(one);
        count += one.value() ? 1 : 0;
    }
    REQUIRE(count == 1);
}

using Names = std::vector<std::string>;

Names Detached(StoreFixture& fixture) {
    const auto survey = SurveyLeaves(fixture.writer());
    REQUIRE_OK(survey);
    return survey->detached.Names();
}

std::string LeafOf(StoreFixture& fixture, const std::string& table, const std::string& at) {
    const auto rows = fixture.Owner("SELECT leaf FROM ub_leaf_of('" + table + "', " + at + ")");
    REQUIRE_OK(rows);
    return std::string((*rows)[0].Text(0));
}

TEST_CASE("Periods: a detached leaf is told, and not made anew", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t mark = SurveyLeaves(fixture.writer())->mark;
    CHECK(Detached(fixture).empty());
    const auto [table, at] = GENERATE(
        std::pair("messages", "now()"),
        std::pair("conversations", "now()"),
        std::pair("conversations", "'infinity'"),
        std::pair("ext_ref", "now()")
    );
    const std::string leaf = LeafOf(fixture, table, at);
    CAPTURE(leaf);
    REQUIRE_OK(fixture.Owner(test::DetachLeafSql(table, at)));
    const auto survey = SurveyLeaves(fixture.admin());
    REQUIRE_OK(survey);
    CHECK(survey->detached.Names() == Names{leaf});
    CHECK(survey->mark != mark);
    const std::int64_t now = SystemClock().UnixMillis();
    const bool live = at == std::string("'infinity'");
    const auto made = EnsurePeriodFor(fixture.writer(), table, live ? pg::kInfinity.unix_ms : now);
    CHECK(made.status().reason() == "55000");
    const auto& leaves = table == std::string("messages")        ? survey->detached.messages
                         : table == std::string("conversations") ? survey->detached.conversations
                                                                 : survey->detached.ext_refs;
    REQUIRE(leaves.size() == 1);
    CHECK(leaves[0].Holds(now) == !live);
    CHECK(leaves[0].Holds(pg::kInfinity.unix_ms) == live);
    // The others are made all the same.
    REQUIRE_OK(fixture.Owner("DROP TABLE " + LeafOf(fixture, "messages", "now() + '60 days'")));
    CHECK(EnsurePeriods(fixture.writer()).value() == 1);
    REQUIRE_OK(fixture.Owner(test::AttachLeavesSql()));
    CHECK(Detached(fixture).empty());
}

TEST_CASE("Periods: what was given up on purpose is not told", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t now = SystemClock().UnixMillis();
    const std::int64_t mark = SurveyLeaves(fixture.writer())->mark;
    const std::string leaf = LeafOf(fixture, "messages", "now()");
    const auto gone = [&](const std::string& sql) {
        REQUIRE_OK(fixture.Owner(test::DetachLeafSql("messages")));
        CHECK(Detached(fixture) == Names{leaf});
        REQUIRE_OK(fixture.Owner(sql));
        CHECK(Detached(fixture).empty());
        CHECK(SurveyLeaves(fixture.writer())->mark != mark);
        REQUIRE(EnsurePeriodFor(fixture.writer(), "messages", now).value());
    };
    gone("ALTER TABLE " + leaf + " RENAME TO archived");
    REQUIRE_OK(fixture.Owner("CREATE SCHEMA archive"));
    gone("ALTER TABLE " + leaf + " SET SCHEMA archive");
    gone("DROP TABLE " + leaf);
    // Weeks of keys that nobody looks through any more, and any table with another name.
    REQUIRE(EnsurePeriodFor(fixture.writer(), "ext_ref", now - 70 * kDayMs).value());
    REQUIRE_OK(fixture.Owner(test::DetachLeafSql("ext_ref", "now() - '70 days'::interval")));
    REQUIRE_OK(fixture.Owner("CREATE TABLE messages_2026_13 (a int)"));
    CHECK(Detached(fixture).empty());
}

TEST_CASE("Periods: a detaching that was not finished is told", "[pg][store]") {
    StoreFixture fixture;
    const std::string leaf = LeafOf(fixture, "messages", "now()");
    test::CutOffDetach(fixture.database().url(), "messages", leaf);
    CHECK(Detached(fixture) == Names{leaf});
    const auto made = EnsurePeriodFor(fixture.writer(), "messages", SystemClock().UnixMillis());
    CHECK(made.status().reason() == "55000");
    REQUIRE_OK(fixture.Owner("ALTER TABLE messages DETACH PARTITION " + leaf + " FINALIZE"));
    REQUIRE_OK(fixture.Owner(test::AttachLeavesSql()));
    CHECK(Detached(fixture).empty());
}

TEST_CASE(
    "Periods: a refusal says which times are served; what is there is served", "[pg][store]"
) {
    StoreFixture fixture;
    const std::int64_t then = 990'000'000'000;
    const auto refused = EnsurePeriodFor(fixture.writer(), "messages", then);
    REQUIRE_THAT(refused.status(), HasCode(Code::kOutOfRange));
    CHECK(refused.status().message().find("2001-05-16 08:00:00") != std::string::npos);
    CHECK(refused.status().message().find("are served") != std::string::npos);
    REQUIRE_OK(fixture.Owner(
        "CREATE TABLE messages_2001_05 PARTITION OF messages FOR VALUES FROM ('2001-05-01 00:00Z') "
        "TO ('2001-06-01 00:00Z')"
    ));
    CHECK_FALSE(EnsurePeriodFor(fixture.writer(), "messages", then).value());
}

TEST_CASE("Periods: a leaf can be attached while the table is written", "[pg][store]") {
    StoreFixture fixture;
    auto busy = pg::SystemTx::Begin(fixture.writer(), pg::Access::kReadWrite).value();
    REQUIRE_OK(busy.ExecuteUnprepared("SET LOCAL idle_in_transaction_session_timeout = 0"));
    REQUIRE_OK(busy.ExecuteUnprepared(
        "INSERT INTO ext_ref (tenant_id, channel_id, event_key, seen_at) VALUES (1, "
        "gen_random_uuid(), gen_random_uuid(), now())"
    ));
    const std::int64_t later = SystemClock().UnixMillis() + 100 * kDayMs;
    REQUIRE(EnsurePeriodFor(fixture.writer(), "ext_ref", later).value());
    // Dropping one needs the table for itself and gives way.
    const std::int64_t old = SystemClock().UnixMillis() - 100 * kDayMs;
    REQUIRE(EnsurePeriodFor(fixture.writer(), "ext_ref", old).value());
    const std::int64_t old_audit = SystemClock().UnixMillis() - 399 * kDayMs;
    REQUIRE(EnsurePeriodFor(fixture.writer(), "admin_audit", old_audit).value());
    REQUIRE(DropOldLeaves(fixture.writer()).status().reason() == "55P03");
    // The audit's is gone all the same.
    REQUIRE(EnsurePeriodFor(fixture.writer(), "admin_audit", old_audit).value());
    REQUIRE_OK(busy.Commit());
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 2);
}

TEST_CASE("Periods: weeks older than eight go, younger ones stay", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t now = SystemClock().UnixMillis();
    const std::int64_t before = fixture.Number(kLeafCount);
    REQUIRE(EnsurePeriodFor(fixture.writer(), "ext_ref", now - 55 * kDayMs).value());
    for (const std::int64_t days : {64, 80, 300}) {
        REQUIRE(EnsurePeriodFor(fixture.writer(), "ext_ref", now - days * kDayMs).value());
    }
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 3);
    REQUIRE(fixture.Number(kLeafCount) == before + 1);
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 0);
}

TEST_CASE("Periods: another table is a row of time_partitioned", "[pg][store]") {
    StoreFixture fixture;
    for (const char* sql :
         {"CREATE TABLE sends (at timestamptz NOT NULL) PARTITION BY RANGE (at)",
          "ALTER TABLE sends OWNER TO ub_owner",
          "INSERT INTO time_partitioned VALUES ('sends', 'week', '14 days')"}) {
        REQUIRE_OK(fixture.Owner(sql));
    }
    REQUIRE(PeriodsAhead(fixture.writer()).value() == 0);
    REQUIRE(EnsurePeriods(fixture.writer()).value() == 5);
    REQUIRE(PeriodsAhead(fixture.writer()).value() == 3);
    const std::int64_t now = SystemClock().UnixMillis();
    REQUIRE(EnsurePeriodFor(fixture.writer(), "sends", now - 60 * kDayMs).value());
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 1);
}

TEST_CASE("Periods: rows that have no end are never dropped", "[pg][store]") {
    StoreFixture fixture;
    const std::int64_t then = SystemClock().UnixMillis() - 399 * kDayMs;
    REQUIRE(EnsurePeriodFor(fixture.writer(), "messages", then).value());
    const auto refused = fixture.Run("ub_writer", "SELECT ub_drop_old_leaves('messages')");
    CHECK(refused.status().reason() == "22023");
    REQUIRE(DropOldLeaves(fixture.writer()).value() == 0);
    CHECK_FALSE(EnsurePeriodFor(fixture.writer(), "messages", then).value());
}

}  // namespace
}  // namespace unibox::store
