#include "message-writer/lag.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {
namespace {

constexpr domain::ShardId kShard(1001);
constexpr domain::ShardId kOther(1002);
constexpr std::int64_t kNow = 1'800'000'000'000;

TEST_CASE("Lag: nothing while all is committed", "[unit]") {
    LagWatch watch;
    CHECK(watch.Seconds(kShard, {.committed_seq = 7, .stream_seq = 7}, kNow) == 0);
    CHECK(watch.Seconds(kShard, {.committed_seq = 7, .stream_seq = 7}, kNow + 60'000) == 0);
}

TEST_CASE("Lag: the age of the oldest event that was read and is not committed", "[unit]") {
    LagWatch watch;
    const LagSample late{.committed_seq = 7, .stream_seq = 9, .oldest_pending_ms = kNow - 90'000};
    CHECK(watch.Seconds(kShard, late, kNow) == 90);
    CHECK(watch.Seconds(kShard, late, kNow + 5'000) == 95);  // PostgreSQL is away: it grows
}

TEST_CASE("Lag: where nothing can be read, the time without progress", "[unit]") {
    LagWatch watch;
    const LagSample stuck{.committed_seq = 7, .stream_seq = 9};
    CHECK(watch.Seconds(kShard, stuck, kNow) == 0);
    CHECK(watch.Seconds(kShard, stuck, kNow + 30'000) == 30);
    CHECK(watch.Seconds(kOther, stuck, kNow + 30'000) == 0);
    const LagSample moved{.committed_seq = 8, .stream_seq = 9};
    CHECK(watch.Seconds(kShard, moved, kNow + 31'000) == 0);
    CHECK(watch.Seconds(kShard, moved, kNow + 33'000) == 2);
    watch.Forget(kShard);
    CHECK(watch.Seconds(kShard, moved, kNow + 50'000) == 0);
}

}  // namespace
}  // namespace unibox::writer
