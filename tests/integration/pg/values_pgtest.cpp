// Every type goes to the server and comes back; where it matters the server says what it
// understood.
#include "pg_fixture.hpp"

#include <limits>

namespace unibox::pg {
namespace {

using test::PgFixture;

const Uuid kId = Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057").value();

TEST_CASE("Values: scalars come back as they went", "[pg]") {
    PgFixture fixture;
    const std::string bytes("\0\xff\n'\\", 5);
    const std::string text = "Gr\xc3\xbc\xc3\x9f'e \xf0\x9f\x98\x80";
    const auto rows = fixture.Run(
        "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb ->> 'a'",
        Params::Of(
            std::numeric_limits<std::int64_t>::min(),
            std::numeric_limits<std::int32_t>::min(),
            std::numeric_limits<std::int16_t>::min(),
            false,
            text,
            Bytes{bytes},
            kId,
            TenantId{42},
            TimestampMs{1'785'412'800'123},
            -0.5,
            R"({"a": "b"})"
        )
    );
    REQUIRE_OK(rows);
    const Row row = (*rows)[0];
    REQUIRE(row.Int64(0) == std::numeric_limits<std::int64_t>::min());
    REQUIRE(row.Int32(1) == std::numeric_limits<std::int32_t>::min());
    REQUIRE(row.Int64(1) == std::numeric_limits<std::int32_t>::min());
    REQUIRE(row.Int16(2) == std::numeric_limits<std::int16_t>::min());
    REQUIRE_FALSE(row.Bool(3));
    REQUIRE(row.Text(4) == text);
    REQUIRE(row.GetBytes(5) == bytes);
    REQUIRE(row.GetUuid(6) == kId);
    REQUIRE(row.Tenant(7) == TenantId{42});
    REQUIRE(row.Timestamp(8) == TimestampMs{1'785'412'800'123});
    REQUIRE(row.Double(9) == -0.5);
    REQUIRE(row.Text(10) == "b");
}

TEST_CASE("Values: the server reads times, ids and infinities as we mean them", "[pg]") {
    PgFixture fixture;
    const auto rows = fixture.Run(
        "SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'), "
        "$2 = 'infinity'::timestamptz, $3 = '-infinity'::timestamptz, $4::text, "
        "'infinity'::timestamptz, '-infinity'::timestamptz, "
        "'1969-12-31 23:59:59.9995+00'::timestamptz",
        Params::Of(TimestampMs{951'782'400'007}, kInfinity, kMinusInfinity, kId)
    );
    REQUIRE_OK(rows);
    const Row row = (*rows)[0];
    REQUIRE(row.Text(0) == "2000-02-29 00:00:00.007");
    REQUIRE(row.Bool(1));
    REQUIRE(row.Bool(2));
    REQUIRE(row.Text(3) == kId.ToString());
    REQUIRE(row.Timestamp(4) == kInfinity);
    REQUIRE(row.Timestamp(5) == kMinusInfinity);
    REQUIRE(row.Timestamp(6) == TimestampMs{-1});  // Rounded down, before 1970 too.
    REQUIRE(row.UnixMicros(6) == -500);
}

TEST_CASE("Values: what PostgreSQL cannot hold is refused, never bent", "[pg]") {
    PgFixture fixture;
    for (const std::int64_t far : {kInfinity.unix_ms - 1, kMinusInfinity.unix_ms + 1}) {
        const auto rows = fixture.Run("SELECT $1", Params::Of(TimestampMs{far}));
        REQUIRE(rows.status().reason() == "22008");
    }
    for (const std::string& text : {std::string("\xff"), std::string("a\0b", 3)}) {
        REQUIRE(fixture.Run("SELECT $1", Params::Of(text)).status().reason() == "22021");
    }
}

TEST_CASE("Values: NULL goes and comes", "[pg]") {
    PgFixture fixture;
    const auto rows = fixture.Run(
        "SELECT $1, $2, $3, $4, coalesce($5, 'none')",
        Params::Of(
            std::optional<std::int64_t>(),
            std::optional<std::string>("x"),
            std::optional<Uuid>(),
            std::optional<TimestampMs>(),
            std::optional<std::string>()
        )
    );
    REQUIRE_OK(rows);
    const Row row = (*rows)[0];
    REQUIRE(row.IsNull(0));
    REQUIRE_FALSE(row.OptionalInt64(0).has_value());
    REQUIRE(row.OptionalText(1) == "x");
    REQUIRE_FALSE(row.OptionalUuid(2).has_value());
    REQUIRE_FALSE(row.OptionalTimestamp(3).has_value());
    REQUIRE(row.Text(4) == "none");
}

TEST_CASE("Values: arrays of every type are unnested in order", "[pg]") {
    PgFixture fixture;
    const std::string zero("a\0b", 3);
    Params params;
    params.AddArray(std::vector<std::int64_t>{1, 1LL << 40})
        .AddArray(std::vector<std::int32_t>{-1, 2})
        .AddArray(std::vector<std::int16_t>{3, -4})
        .AddArray(std::vector<bool>{true, false})
        .AddArray(std::vector<std::string>{"", "with \"quotes\", {braces}"})
        .AddArray(std::vector<Bytes>{Bytes{zero}, Bytes{""}})
        .AddArray(std::vector<Uuid>{kId, Uuid{}})
        .AddArray(std::vector<ChannelId>{ChannelId{kId}, ChannelId{kId}})
        .AddArray(std::vector<TimestampMs>{kInfinity, TimestampMs{5}})
        .AddArray(std::vector<double>{0.25, -1e300})
        .AddArray(std::vector<TenantId>{TenantId{7}, TenantId{8}})
        .AddArray(std::vector<std::optional<std::string>>{std::nullopt, "here"});
    const auto rows = fixture.Run(
        "SELECT a, b, c, d, e, f, g, h, i, j, k, l FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "$10, $11, $12) WITH ORDINALITY AS t (a, b, c, d, e, f, g, h, i, j, k, l, n) ORDER BY n",
        params
    );
    REQUIRE_OK(rows);
    REQUIRE(rows->size() == 2);
    const Row first = (*rows)[0];
    const Row second = (*rows)[1];
    REQUIRE(second.Int64(0) == 1LL << 40);
    REQUIRE(first.Int32(1) == -1);
    REQUIRE(second.Int16(2) == -4);
    REQUIRE((first.Bool(3) && !second.Bool(3)));
    REQUIRE(first.Text(4).empty());
    REQUIRE(second.Text(4) == "with \"quotes\", {braces}");
    REQUIRE(first.GetBytes(5) == zero);
    REQUIRE(second.GetUuid(6) == Uuid{});
    REQUIRE(first.GetId<ChannelId>(7) == ChannelId{kId});
    REQUIRE(first.Timestamp(8) == kInfinity);
    REQUIRE(second.Double(9) == -1e300);
    REQUIRE(second.Tenant(10) == TenantId{8});
    REQUIRE(first.IsNull(11));
    REQUIRE(second.Text(11) == "here");
}

TEST_CASE("Values: arrays in results, empty ones too", "[pg]") {
    PgFixture fixture;
    const auto rows = fixture.Run(
        "SELECT ARRAY['a', '', 'c'], '{}'::text[], ARRAY['\\x00ff'::bytea], ARRAY[$1]",
        Params::Of(kId)
    );
    REQUIRE_OK(rows);
    const Row row = (*rows)[0];
    REQUIRE(row.TextArray(0) == std::vector<std::string>{"a", "", "c"});
    REQUIRE(row.TextArray(1).empty());
    REQUIRE(row.TextArray(2) == std::vector<std::string>{std::string("\0\xff", 2)});
    REQUIRE(row.UuidArray(3) == std::vector<Uuid>{kId});
}

TEST_CASE("Rows: command tag, affected rows and columns", "[pg]") {
    PgFixture fixture;
    REQUIRE_OK(fixture.Run("CREATE TABLE t (a int)"));
    const auto inserted = fixture.Run("INSERT INTO t SELECT generate_series(1, 5)");
    REQUIRE_OK(inserted);
    REQUIRE(inserted->command_tag() == "INSERT 0 5");
    REQUIRE(inserted->affected() == 5);
    REQUIRE(inserted->empty());
    const auto read = fixture.Run("SELECT a AS name, 2 AS other FROM t ORDER BY a");
    REQUIRE_OK(read);
    REQUIRE(read->column_count() == 2);
    std::int32_t sum = 0;
    for (const Row row : *read) sum += row.Int32(0);
    REQUIRE(sum == 15);
}

}  // namespace
}  // namespace unibox::pg
