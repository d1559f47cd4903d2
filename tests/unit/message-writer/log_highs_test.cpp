#include "message-writer/log_highs.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {
namespace {

constexpr domain::ShardId kShard(1003);
constexpr LogHighs::Life kFirst{1, 7};
constexpr LogHighs::Life kBack{2, 7};
constexpr LogHighs::Life kBackAgain{3, 7};
constexpr LogHighs::Life kMadeAnew{2, 8};

// How far the lives before reached, if that is still to be settled; 0: it is not.
std::int64_t Look(LogHighs& highs, LogHighs::Life life, std::int64_t seq, std::int64_t epoch = 1) {
    const auto before = highs.Look(kShard, epoch, life, {seq, seq * 10}, SteadyTime{});
    if (before) CHECK(before->end.stored_ms == before->end.seq * 10);
    return before ? before->end.seq : 0;
}

TEST_CASE("LogHighs: how far the life before reached is told until it is settled", "[unit]") {
    LogHighs highs;
    CHECK(Look(highs, kFirst, 100) == 0);
    CHECK(Look(highs, kFirst, 130) == 0);
    CHECK(Look(highs, kBack, 90) == 130);
    CHECK(Look(highs, kBack, 140) == 130);  // Grown since.
    CHECK(Look(highs, kBackAgain, 95) == 140);
    highs.Settle(kShard, 45);
    CHECK(Look(highs, kBackAgain, 96) == 0);
    CHECK(Look(highs, kFirst, 10, 2) == 0);  // Another epoch counts from where it begins.
}

TEST_CASE("LogHighs: an earlier life that reached further is not forgotten", "[unit]") {
    LogHighs highs;
    CHECK(Look(highs, kFirst, 100) == 0);
    CHECK(Look(highs, kBack, 70) == 100);
    CHECK(Look(highs, kBackAgain, 80) == 100);
}

TEST_CASE("LogHighs: whoever reads a stream again learns what was not written", "[unit]") {
    LogHighs highs;
    CHECK(highs.UnwrittenOf(kShard, kBack, 80).count == 0);
    CHECK(Look(highs, kFirst, 100) == 0);
    CHECK(highs.UnwrittenOf(kShard, kMadeAnew, 80).count == 20);  // Nobody has looked since.
    CHECK(highs.UnwrittenOf(kShard, kMadeAnew, 110).count == 0);
    CHECK(Look(highs, kBack, 110) == 100);
    CHECK(highs.UnwrittenOf(kShard, kBack, 80).count == 20);
    CHECK(highs.UnwrittenOf(kShard, kBack, 80).uncounted == 20);
    highs.Forget(kShard);
    CHECK(highs.UnwrittenOf(kShard, kBack, 80).count == 0);
}

TEST_CASE("LogHighs: what was counted is not counted again", "[unit]") {
    LogHighs highs;
    CHECK(Look(highs, kFirst, 100) == 0);
    CHECK(Look(highs, kBack, 70) == 100);
    highs.Settle(kShard, 30);
    // A batch that had been read before is written, up to 75, and the stream read again from 70 on.
    const auto unwritten = highs.UnwrittenOf(kShard, kBack, 75);
    CHECK(unwritten.count == 25);
    CHECK(unwritten.uncounted == 0);
    CHECK(highs.UnwrittenOf(kShard, kBack, 60).uncounted == 10);
    CHECK(Look(highs, kBackAgain, 90) == 70);  // The next loss is another one.
    CHECK(highs.UnwrittenOf(kShard, kBackAgain, 60).uncounted == 10);
}

}  // namespace
}  // namespace unibox::writer
