// What an operator's burial is tied to: one stretch of one life of one stream.
#include "store/admin/partition_repairs.hpp"
#include "store/writer/partitions.hpp"
#include "store_fixture.hpp"

namespace unibox::store {
namespace {

using test::HasCode;
using test::StoreFixture;

constexpr Millis kLease(60'000);
constexpr std::int64_t kCreatedMs = 1'785'412'800'000;
constexpr domain::PartitionId kId{1, 0};

Burial UpTo(std::int64_t last_seq) {
    return {kId, kCreatedMs, 1, last_seq, 7, "olga", "a deployment wrote garbage"};
}

OwnedPartition Take(StoreFixture& fixture) {
    const auto taken = TakePartitions(fixture.writer(), "a", {kId}, kLease);
    REQUIRE_OK(taken);
    REQUIRE(taken->size() == 1);
    return taken->front();
}

OwnedPartition Stopped(StoreFixture& fixture) {
    REQUIRE_OK(EnsurePartition(fixture.writer(), kId, kCreatedMs));
    const OwnedPartition mine = Take(fixture);
    REQUIRE(mine.buried_to == 0);
    REQUIRE_OK(StopPartition(fixture.writer(), mine, "systematic fault"));
    return mine;
}

TEST_CASE("Burials: a partition goes on with one, and it is recorded", "[pg][store]") {
    StoreFixture fixture;
    const OwnedPartition old = Stopped(fixture);
    REQUIRE_OK(ResumeBurying(fixture.admin(), UpTo(100)));
    CHECK(RenewPartitions(fixture.writer(), "a", {old}, kLease)->empty());  // Reads anew.
    const OwnedPartition now = Take(fixture);
    CHECK(now.stopped_reason.empty());
    CHECK(now.last_seq == 0);
    CHECK(now.buried_to == 100);
    CHECK(RenewPartitions(fixture.writer(), "a", {now}, kLease)->at(0).buried_to == 100);
    CHECK(ExtendLeases(fixture.writer(), "a", {now}, kLease)->at(0).buried_to == 100);
    CHECK(
        fixture.Number("SELECT count(*) FROM ingest_burial WHERE generation = 1 AND partition = 0 "
                       "AND first_seq = 1 AND last_seq = 100 AND undecodable_count = 7 AND "
                       "buried_by = 'olga' AND reason LIKE 'a deployment%'") == 1
    );
    // The next one may end before: the first stays what it is.
    REQUIRE_OK(StopPartition(fixture.writer(), now, "again"));
    REQUIRE_OK(ResumeBurying(fixture.admin(), UpTo(50)));
    CHECK(Take(fixture).buried_to == 100);
    CHECK(fixture.Number("SELECT count(*) FROM ingest_burial") == 2);
}

TEST_CASE("Burials: what does not fit the partition is refused", "[pg][store]") {
    StoreFixture fixture;
    CHECK_THAT(ResumeBurying(fixture.admin(), UpTo(9)), HasCode(Code::kNotFound));
    const OwnedPartition mine = Stopped(fixture);
    Burial other_stream = UpTo(9);
    other_stream.stream_created_ms += 1;
    CHECK_THAT(ResumeBurying(fixture.admin(), other_stream), HasCode(Code::kFailedPrecondition));
    Burial moved = UpTo(9);
    moved.first_seq = 5;
    CHECK_THAT(ResumeBurying(fixture.admin(), moved), HasCode(Code::kAborted));
    Burial nobody = UpTo(9);
    nobody.by = "";
    CHECK_FALSE(ResumeBurying(fixture.admin(), nobody).ok());
    CHECK_FALSE(ResumeBurying(fixture.admin(), UpTo(0)).ok());
    CHECK(ListPartitions(fixture.admin())->at(0).stopped_reason == "systematic fault");
    CHECK(fixture.Number("SELECT count(*) FROM ingest_burial") == 0);
    REQUIRE(SkipGap(fixture.admin(), kId, 0, "olga").value() == 0);
    CHECK_THAT(ResumeBurying(fixture.admin(), UpTo(9)), HasCode(Code::kFailedPrecondition));
}

TEST_CASE("Burials: another stream or another history inherits none", "[pg][store]") {
    StoreFixture fixture;
    Stopped(fixture);
    REQUIRE_OK(ResumeBurying(fixture.admin(), UpTo(100)));
    SECTION("made anew, as an operator says") {
        REQUIRE_OK(ResetPartition(fixture.admin(), kId, kCreatedMs + 1, 0));
        CHECK(Take(fixture).buried_to == 0);
    }
    SECTION("read again from its beginning, the same one") {
        REQUIRE_OK(ResetPartition(fixture.admin(), kId, kCreatedMs, 0));
        CHECK(Take(fixture).buried_to == 100);
    }
    SECTION("the same stream with another history") {
        const OwnedPartition mine = Take(fixture);
        const LogPlace place{kCreatedMs, 0, std::nullopt};
        REQUIRE_OK(RestartPartition(fixture.writer(), "a", mine, place, {40, 0}));
        const OwnedPartition again = Take(fixture);
        CHECK(again.buried_to == 0);
        // The next one is of the history that is there now.
        REQUIRE_OK(StopPartition(fixture.writer(), again, "systematic fault"));
        REQUIRE_OK(ResumeBurying(fixture.admin(), UpTo(40)));
        CHECK(Take(fixture).buried_to == 40);
    }
    SECTION("another partition") {
        REQUIRE_OK(EnsurePartition(fixture.writer(), {1, 1}, kCreatedMs));
        const auto other = TakePartitions(fixture.writer(), "a", {{1, 1}}, kLease);
        REQUIRE_OK(other);
        CHECK(other->at(0).buried_to == 0);
    }
}

}  // namespace
}  // namespace unibox::store
