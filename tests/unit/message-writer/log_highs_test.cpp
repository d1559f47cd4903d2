#include "message-writer/log_highs.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {
namespace {

constexpr std::int32_t kShard = 1003;
constexpr LogHighs::Life kFirst{1, 7};
constexpr LogHighs::Life kBack{2, 7};
constexpr LogHighs::Life kMadeAnew{2, 8};

TEST_CASE("LogHighs: a tail that vanished unwritten is counted once", "[unit]") {
    LogHighs highs;
    CHECK(highs.Look(kShard, 1, kFirst, 100, 40) == 0);
    CHECK(highs.Look(kShard, 1, kFirst, 130, 40) == 0);
    CHECK(highs.Look(kShard, 1, kBack, 90, 40) == 40);
    CHECK(highs.Look(kShard, 1, kBack, 90, 40) == 0);
    CHECK(highs.Look(kShard, 1, kMadeAnew, 95, 90) == 0);
    CHECK(highs.Look(kShard, 2, kFirst, 10, 0) == 0);  // Another epoch counts from where it begins.
}

TEST_CASE("LogHighs: where written events vanished too, whoever reads again counts", "[unit]") {
    LogHighs highs;
    CHECK(highs.Look(kShard, 1, kFirst, 100, 80) == 0);
    CHECK(highs.Look(kShard, 1, kBack, 70, 80) == 0);
    CHECK(highs.Look(kShard, 1, kBack, 90, 80) == 0);   // Grown again past the place,
    CHECK(highs.Look(kShard, 1, kBack, 110, 80) == 0);  // and past its old end.
    CHECK(highs.TakeUnwritten(kShard, kBack, 80) == 20);
    CHECK(highs.TakeUnwritten(kShard, kBack, 80) == 0);
}

TEST_CASE("LogHighs: what came since the return was not lost", "[unit]") {
    LogHighs highs;
    CHECK(highs.Look(kShard, 1, kFirst, 100, 100) == 0);
    CHECK(highs.Look(kShard, 1, kBack, 130, 100) == 0);
    CHECK(highs.TakeUnwritten(kShard, kBack, 100) == 0);
    CHECK(highs.Look(kShard, 2, kBack, 130, 0) == 0);  // Not seen before the return.
    CHECK(highs.TakeUnwritten(kShard, kBack, 100) == 0);
    CHECK(highs.Look(kShard, 3, kFirst, 105, 100) == 0);
    CHECK(highs.TakeUnwritten(kShard, kBack, 100) == 5);  // Nobody has looked since.
}

}  // namespace
}  // namespace unibox::writer
