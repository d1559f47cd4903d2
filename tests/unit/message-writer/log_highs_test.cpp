#include "message-writer/log_highs.hpp"

#include <catch2/catch.hpp>

namespace unibox::writer {
namespace {

constexpr std::int32_t kShard = 1003;

TEST_CASE("LogHighs: a tail that vanished unwritten is counted once", "[unit]") {
    LogHighs highs;
    CHECK(highs.Look(kShard, 1, 100, 40) == 0);
    CHECK(highs.Look(kShard, 1, 130, 40) == 0);
    CHECK(highs.Look(kShard, 1, 90, 40) == 40);
    CHECK(highs.Look(kShard, 1, 90, 40) == 0);
    CHECK(highs.Look(kShard, 1, 95, 90) == 0);
    CHECK(highs.Look(kShard, 2, 10, 0) == 0);  // Another epoch counts from where it begins.
}

TEST_CASE("LogHighs: where written events vanished too, whoever reads again counts", "[unit]") {
    LogHighs highs;
    CHECK(highs.Look(kShard, 1, 100, 80) == 0);
    CHECK(highs.Look(kShard, 1, 70, 80) == 0);
    CHECK(highs.Look(kShard, 1, 90, 80) == 0);   // Grown again past the place,
    CHECK(highs.Look(kShard, 1, 110, 80) == 0);  // and past its old end.
    CHECK(highs.TakeUnwritten(kShard, 80) == 20);
    CHECK(highs.TakeUnwritten(kShard, 80) == 0);
}

}  // namespace
}  // namespace unibox::writer
