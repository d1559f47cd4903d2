// uniboxctl partitions breaks and gaps: what is recorded of losses of the log.
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;

TEST_CASE("partitions: breaks and acknowledged gaps are shown", "[pg][uniboxctl]") {
    CtlFixture fixture;
    CHECK(fixture.Run({"partitions", "breaks"}).json["breaks"].empty());
    CHECK(fixture.Run({"partitions", "gaps"}).json["gaps"].empty());
    test::PgServer::Shared().Run(
        fixture.database().name(),
        "INSERT INTO ingest_break (generation, partition, found_by, common_seq, committed_seq, "
        "committed_stored_at, stream_created, stream_last_seq, unwritten_count) VALUES "
        "(1, 4, 'w1', 90, 100, '2026-11-30 07:00:01Z', '2026-11-29 01:02:03Z', 95, 3), "
        "(1, 5, 'w2', 0, 7, NULL, '2026-11-30 08:00:00Z', 2, 0); "
        "INSERT INTO ingest_gap (generation, partition, first_seq, last_seq, acknowledged_by) "
        "VALUES (1, 2, 11, 20, 'jane')"
    );
    const auto breaks = fixture.Run({"partitions", "breaks"}).json["breaks"];
    REQUIRE(breaks.size() == 2);
    CHECK(breaks[0]["partition"] == 5);
    CHECK(breaks[0]["committed_stored"] == "");
    auto oldest = breaks[1];
    CHECK(!std::string(oldest["found"]).empty());
    oldest.erase("found");
    CHECK(
        oldest ==
        nlohmann::json{
            {"generation", 1},
            {"partition", 4},
            {"common_seq", 90},
            {"committed_seq", 100},
            {"committed_stored", "2026-11-30 07:00:01"},
            {"stream_last_seq", 95},
            {"stream_created", "2026-11-29 01:02:03"},
            {"unwritten", 3},
            {"found_by", "w1"}}
    );
    CHECK(fixture.Run({"partitions", "breaks", "--limit", "1"}).json["breaks"].size() == 1);
    const auto people = fixture.RunForPeople({"partitions", "breaks"});
    CHECK(people.out.rfind("FOUND", 0) == 0);
    const auto gaps = fixture.Run({"partitions", "gaps"}).json["gaps"];
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0]["first_seq"] == 11);
    CHECK(gaps[0]["last_seq"] == 20);
    CHECK(gaps[0]["acknowledged_by"] == "jane");
}
