#include "store/admin/restored.hpp"
#include "store/writer/feed_writes.hpp"
#include "store_fixture.hpp"

namespace unibox::store {
namespace {

using test::StoreFixture;

constexpr std::int64_t kCreatedMs = 1'785'412'800'000;

TEST_CASE("Feed: its stream is adopted once, its end moves on and never back", "[pg][store]") {
    StoreFixture fixture;
    const Feed first = GetFeed(fixture.writer()).value();
    REQUIRE_FALSE(first.stream_created_ms.has_value());
    CHECK(first.end.seq == 0);
    const Feed known = AdoptFeedStream(fixture.writer(), kCreatedMs).value();
    CHECK(known.epoch == first.epoch);
    CHECK(known.stream_created_ms == kCreatedMs);
    CHECK(AdoptFeedStream(fixture.writer(), 5).value().stream_created_ms == kCreatedMs);
    CHECK(MarkFeed(fixture.writer(), first.epoch, {10, "ten"}).value().end.seq == 10);
    const Feed same = MarkFeed(fixture.writer(), first.epoch, {9, "nine"}).value();
    CHECK(same.end.seq == 10);
    CHECK(same.end.msg_id == "ten");
    CHECK(GetFeed(fixture.gateway()).value().epoch == first.epoch);
}

TEST_CASE("Feed: of several that begin an epoch for one history, one does", "[pg][store]") {
    StoreFixture fixture;
    const Uuid old = AdoptFeedStream(fixture.writer(), kCreatedMs).value().epoch;
    REQUIRE_OK(MarkFeed(fixture.writer(), old, {10, "ten"}));
    const auto mine = BeginFeedEpoch(fixture.writer(), old, kCreatedMs + 1, {3, "three"}).value();
    CHECK(mine.is_ours);
    CHECK(mine.feed.epoch != old);
    CHECK(mine.feed.stream_created_ms == kCreatedMs + 1);
    CHECK(mine.feed.end.seq == 3);
    const auto late = BeginFeedEpoch(fixture.writer(), old, kCreatedMs + 1, {4, "four"}).value();
    CHECK_FALSE(late.is_ours);
    CHECK(late.feed.epoch == mine.feed.epoch);
    CHECK(late.feed.end.msg_id == "three");
    // What was acknowledged in the old epoch says nothing about the new one.
    const Feed now = MarkFeed(fixture.writer(), old, {99, "old"}).value();
    CHECK(now.epoch == mine.feed.epoch);
    CHECK(now.end.seq == 3);
}

TEST_CASE("Feed: a restore of the database begins an epoch, the stream stays", "[pg][store]") {
    StoreFixture fixture;
    const Uuid old = AdoptFeedStream(fixture.writer(), kCreatedMs).value().epoch;
    REQUIRE_OK(MarkFeed(fixture.writer(), old, {10, "ten"}));
    const Uuid renewed = RenewFeedEpoch(fixture.admin()).value();
    const Feed restored = GetFeed(fixture.gateway()).value();
    CHECK(renewed != old);
    CHECK(restored.epoch == renewed);
    CHECK(restored.end.seq == 10);
}

}  // namespace
}  // namespace unibox::store
