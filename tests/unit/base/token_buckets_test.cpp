#include "base/token_buckets.hpp"

#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

namespace unibox {
namespace {

TEST_CASE("Token buckets: burst, then the rate, each key for itself", "[unit]") {
    test::FakeClock clock;
    TokenBuckets buckets(100, clock);
    for (int i = 0; i < 5; ++i) REQUIRE(buckets.Take(1, 10, 5) == Millis(0));
    CHECK(buckets.Take(1, 10, 5) == Millis(100));
    CHECK(buckets.Take(2, 10, 5) == Millis(0));
    clock.Advance(Millis(60));
    CHECK(buckets.Take(1, 10, 5) == Millis(40));
    clock.Advance(Millis(40));
    CHECK(buckets.Take(1, 10, 5) == Millis(0));
    CHECK(buckets.Take(1, 10, 5) == Millis(100));
    clock.Advance(Millis(60'000));
    for (int i = 0; i < 5; ++i) REQUIRE(buckets.Take(1, 10, 5) == Millis(0));
    CHECK(buckets.Take(1, 10, 5) > Millis(0));
}

TEST_CASE("Token buckets: what is given back can be taken again, above the burst never", "[unit]") {
    test::FakeClock clock;
    TokenBuckets buckets(100, clock);
    buckets.GiveBack(1);  // Nobody took it.
    REQUIRE(buckets.Take(1, 1, 2) == Millis(0));
    buckets.GiveBack(1);
    buckets.GiveBack(1);
    REQUIRE(buckets.Take(1, 1, 2) == Millis(0));
    REQUIRE(buckets.Take(1, 1, 2) == Millis(0));
    CHECK(buckets.Take(1, 1, 2) == Millis(1'000));
}

TEST_CASE("Token buckets: a bounded number; the one used longest ago goes", "[unit]") {
    test::FakeClock clock;
    TokenBuckets buckets(10, clock);
    REQUIRE(buckets.Take(0, 1, 1) == Millis(0));
    for (std::uint64_t key = 1; key <= 1000; ++key) {
        CHECK(buckets.Take(key, 1, 1) == Millis(0));
        CHECK(buckets.Take(0, 1, 1) > Millis(0));  // In use, so it stays, and stays empty.
        CHECK(buckets.count() <= 10);
    }
    CHECK(buckets.Take(1, 1, 1) == Millis(0));
}

}  // namespace
}  // namespace unibox
