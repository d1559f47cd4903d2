#include "pg_fixture.hpp"

namespace unibox::pg {
namespace {

using test::HasCode;
using test::PgFixture;

constexpr Statement kInsert{"w_insert", "INSERT INTO t (a, b) SELECT * FROM unnest($1, $2)"};
constexpr Statement kEcho{"w_echo", "SELECT $1"};

struct WriterFixture : PgFixture {
    explicit WriterFixture(const std::function<void(Settings&)>& change = {}) : PgFixture(change) {
        REQUIRE_OK(Run("CREATE TABLE t (a int PRIMARY KEY CHECK (a >= 0), b text)"));
    }
    static Params Lines(std::int32_t first, std::int32_t count) {
        std::vector<std::int32_t> numbers;
        std::vector<std::string> texts;
        for (std::int32_t i = first; i < first + count; ++i) {
            numbers.push_back(i);
            texts.push_back("row " + std::to_string(i));
        }
        Params params;
        params.AddArray(numbers).AddArray(texts);
        return params;
    }
};

TEST_CASE("WriterTx: two pipelines, results in order, one commit", "[pg]") {
    WriterFixture fixture;
    auto tx = WriterTx::Begin(*fixture.session).value();
    for (std::int64_t i = 0; i < 5; ++i) REQUIRE_OK(tx.Send(kEcho, Params::Of(i)));
    const auto read = tx.Sync();
    REQUIRE_OK(read);
    REQUIRE(read->size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        REQUIRE((*read)[i][0].Int64(0) == static_cast<std::int64_t>(i));
    }
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 10)));
    const auto written = tx.Commit();
    REQUIRE_OK(written);
    REQUIRE(written->size() == 1);
    REQUIRE((*written)[0].affected() == 10);
    REQUIRE(tx.statement_count() == 6);
    REQUIRE_FALSE(tx.outcome_unknown());
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 10);
}

TEST_CASE("WriterTx: an error in the middle undoes all and names the statement", "[pg]") {
    WriterFixture fixture;
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 3)));
    REQUIRE_OK(tx.Send(kEcho, Params::Of(std::int64_t{1})));
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(2, 1)));
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(100, 3)));
    const auto failed = tx.Commit();
    REQUIRE(failed.status().reason() == "23505");
    REQUIRE(tx.failed_statement() == 2);
    REQUIRE_FALSE(tx.outcome_unknown());
    REQUIRE_THAT(tx.Send(kEcho, Params::Of(std::int64_t{1})), HasCode(Code::kFailedPrecondition));
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 0);

    auto again = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(again.Send(kInsert, WriterFixture::Lines(0, 3)));
    REQUIRE_OK(again.Commit());
    REQUIRE(fixture.session->connection_count() == 1);
}

TEST_CASE("WriterTx: an error in the first pipeline frees its locks at once", "[pg]") {
    WriterFixture fixture;
    REQUIRE_OK(fixture.Run("INSERT INTO t VALUES (1, 'x')"));
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send({"w_lock", "SELECT 1 FROM t WHERE a = 1 FOR UPDATE"}, {}));
    REQUIRE_OK(tx.Send({"w_fail", "SELECT 1 / (SELECT count(*) FROM t WHERE a = 99)"}, {}));
    const auto failed = tx.Sync();
    REQUIRE(failed.status().reason() == "22012");
    REQUIRE(tx.failed_statement() == 1);
    REQUIRE_OK(fixture.Run("SELECT 1 FROM t WHERE a = 1 FOR UPDATE NOWAIT"));
}

TEST_CASE("WriterTx: a COMMIT without a transaction to commit is no success", "[pg]") {
    WriterFixture fixture;
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 3)));
    // An error that a savepoint-less client hides: the pipeline after it finds an aborted
    // transaction.
    REQUIRE_OK(tx.Sync());
    REQUIRE_OK(tx.Send({"w_abort", "SELECT 1/0"}, {}));
    const auto failed = tx.Commit();
    REQUIRE(failed.status().reason() == "22012");
    REQUIRE(tx.failed_statement() == 0);
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 0);
}

TEST_CASE("WriterTx: what runs behind the COMMIT is told with it, and undoes nothing", "[pg]") {
    WriterFixture fixture;
    std::string after;
    std::size_t after_rows = 0;
    SECTION("an answer") {
        after = "SELECT a FROM t ORDER BY a";
        after_rows = 3;
    }
    SECTION("an error") {
        after = "SELECT 1/0";
    }
    SECTION("something that cannot be prepared") {
        after = "SELECT nonsense";
    }
    SECTION("the end of the connection") {
        after = "SELECT pg_terminate_backend(pg_backend_pid())";
    }
    const Statement statement{"w_after", after.c_str()};
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send(kEcho, Params::Of(std::int64_t{7})));
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 3)));
    const auto results = tx.CommitThen(statement, {});
    REQUIRE_OK(results);
    REQUIRE(results->size() == 3);
    CHECK((*results)[0][0].Int64(0) == 7);
    CHECK((*results)[1].affected() == 3);
    CHECK((*results)[2].size() == static_cast<int>(after_rows));
    CHECK_FALSE(tx.outcome_unknown());
    CHECK(fixture.Number("SELECT count(*) FROM t") == 3);
    auto next = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(next.Send(kInsert, WriterFixture::Lines(3, 1)));
    REQUIRE_OK(next.Commit());
}

TEST_CASE("WriterTx: nothing behind a COMMIT makes a failed one good", "[pg]") {
    WriterFixture fixture;
    const Statement after{"w_after_fault", "SELECT 1"};
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 3)));
    std::string reason = "23505";
    bool unknown = false;
    SECTION("for a statement before it") {
        REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 1)));
    }
    SECTION("for a connection that ends before it") {
        REQUIRE_OK(tx.Send({"w_end", "SELECT pg_terminate_backend(pg_backend_pid())"}, {}));
        reason = "57P01";
        unknown = true;  // We cannot know where it ended.
    }
    const auto failed = tx.CommitThen(after, {});
    CHECK(failed.status().reason() == reason);
    CHECK(tx.outcome_unknown() == unknown);
    CHECK(fixture.Number("SELECT count(*) FROM t") == 0);
}

TEST_CASE("WriterTx: constraints that are checked at COMMIT fail there", "[pg]") {
    WriterFixture fixture;
    REQUIRE_OK(fixture.Run("CREATE TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send({"w_deferred", "INSERT INTO d VALUES (1), (1)"}, {}));
    const auto failed = tx.Commit();
    REQUIRE(failed.status().reason() == "23505");
    REQUIRE(tx.failed_statement() == -1);
    REQUIRE_FALSE(tx.outcome_unknown());
    REQUIRE(fixture.Number("SELECT count(*) FROM d") == 0);
}

TEST_CASE("WriterTx: forgotten with unsent statements, the session goes on", "[pg]") {
    WriterFixture fixture;
    {
        auto tx = WriterTx::Begin(*fixture.session).value();
        REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 3)));
    }
    {
        auto tx = WriterTx::Begin(*fixture.session).value();
        REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 1)));
        REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 1)));
    }
    auto tx = WriterTx::Begin(*fixture.session).value();
    REQUIRE_OK(tx.Send(kInsert, WriterFixture::Lines(0, 3)));
    REQUIRE_OK(tx.Commit());
    REQUIRE(fixture.session->connection_count() == 1);
    REQUIRE(fixture.Number("SELECT count(*) FROM t") == 3);
}

TEST_CASE("WriterTx: megabytes in both directions at once do not deadlock", "[pg]") {
    WriterFixture fixture([](Settings& settings) { settings.io_timeout_ms = 60'000; });
    const std::string large(1 << 20, 'y');
    auto tx = WriterTx::Begin(*fixture.session).value();
    for (int i = 0; i < 32; ++i) {
        REQUIRE_OK(tx.Send({"w_big", "SELECT repeat('x', $1)"}, Params::Of(1 << 20)));
        REQUIRE_OK(tx.Send(kEcho, Params::Of(std::int64_t{i})));
        REQUIRE_OK(tx.Send({"w_length", "SELECT length($1)"}, Params::Of(large)));
    }
    const auto rows = tx.Commit();
    REQUIRE_OK(rows);
    REQUIRE(rows->size() == 96);
    REQUIRE((*rows)[93][0].Text(0).size() == 1 << 20);
    REQUIRE((*rows)[94][0].Int64(0) == 31);
    REQUIRE((*rows)[95][0].Int32(0) == 1 << 20);
}

TEST_CASE("WriterTx: a pipeline has a limit", "[pg]") {
    WriterFixture fixture;
    auto tx = WriterTx::Begin(*fixture.session).value();
    Status status;
    int sent = 0;
    for (; sent < 10'000 && status.ok(); ++sent) {
        status = tx.Send(kEcho, Params::Of(std::int64_t{1}));
    }
    REQUIRE_THAT(status, HasCode(Code::kResourceExhausted));
    REQUIRE(status.reason() == "PIPELINE_FULL");
    REQUIRE(sent > 4'000);
    REQUIRE_OK(tx.Sync());
}

TEST_CASE("WriterTx: a frozen writer loses its locks after five seconds by default", "[pg]") {
    WriterFixture fixture;
    auto tx = WriterTx::Begin(*fixture.session).value();
    constexpr Statement kSetting{
        "w_setting", "SELECT current_setting('idle_in_transaction_session_timeout')"};
    REQUIRE_OK(tx.Send(kSetting, {}));
    const auto rows = tx.Sync();
    REQUIRE_OK(rows);
    REQUIRE((*rows)[0][0].Text(0) == "5s");
}

}  // namespace
}  // namespace unibox::pg
