#include "async/backoff.hpp"

#include <catch2/catch.hpp>

using unibox::async::Backoff;
using namespace std::chrono_literals;

TEST_CASE("Backoff: doubles up to the longest wait, and begins anew after Reset", "[unit][async]") {
    Backoff backoff({.first = 100ms, .longest = 350ms, .factor = 2}, [] { return 1.0; });
    CHECK(backoff.Next() == 100ms);
    CHECK(backoff.Next() == 200ms);
    CHECK(backoff.Next() == 350ms);
    CHECK(backoff.Next() == 350ms);
    CHECK(backoff.attempts() == 4);
    backoff.Reset();
    CHECK(backoff.attempts() == 0);
    CHECK(backoff.Next() == 100ms);
}

TEST_CASE("Backoff: jitter halves the wait at most and never makes it zero", "[unit][async]") {
    Backoff lowest({.first = 100ms, .longest = 1000ms}, [] { return 0.0; });
    CHECK(lowest.Next() == 50ms);
    Backoff tiny({.first = 1ms, .longest = 1ms}, [] { return 0.0; });
    CHECK(tiny.Next() == 1ms);
    Backoff real({.first = 100ms, .longest = 100ms});
    for (int i = 0; i < 100; ++i) {
        const auto wait = real.Next();
        REQUIRE(wait >= 50ms);
        REQUIRE(wait <= 100ms);
    }
}
