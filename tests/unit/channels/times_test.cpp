#include "channels/times.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels {
namespace {

TEST_CASE("times: the unit of a number is told by its size", "[unit][channels]") {
    CHECK(UnixTimeMs(std::int64_t{1'785'412'800}) == 1'785'412'800'000);
    CHECK(UnixTimeMs(std::int64_t{1'785'412'800'123}) == 1'785'412'800'123);
    CHECK(UnixTimeMs(std::int64_t{1'785'412'800'123'456}) == 1'785'412'800'123);
    CHECK(UnixTimeMs(std::int64_t{1'785'412'800'123'456'789}) == 1'785'412'800'123);
    CHECK(UnixTimeMs(1785412800.25) == 1'785'412'800'250);
    for (const std::int64_t none : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN})
        CHECK(UnixTimeMs(none) == 0);
    CHECK(UnixTimeMs(-1.5) == 0);
    CHECK(UnixTimeMs(1e300) == 0);
}

TEST_CASE("times: text in all the forms that providers use", "[unit][channels]") {
    constexpr std::int64_t kNoon = 1'785'412'800'000;
    for (const char* text :
         {"1785412800",
          "1785412800000",
          " 1785412800 ",
          "2026-07-30T12:00:00Z",
          "2026-07-30T12:00:00.000Z",
          "2026-07-30T13:00:00+01:00",
          "2026-07-30T04:30:00-0730",
          "2026-07-30 12:00:00",
          "2026-07-30T12:00Z",
          "2026-07-30t12:00:00z",
          "Thu, 30 Jul 2026 12:00:00 +0000",
          "Thu, 30 Jul 2026 12:00:00 GMT",
          "30 Jul 2026 13:00:00 +0100"}) {
        CAPTURE(text);
        CHECK(TextTimeMs(text) == kNoon);
    }
    CHECK(TextTimeMs("2026-07-30T12:00:00.5Z") == kNoon + 500);
    CHECK(TextTimeMs("2026-07-30T12:00:00.123456789Z") == kNoon + 123);
    CHECK(TextTimeMs("1785412800.000100") == kNoon);
    CHECK(TextTimeMs("1785412800.25") == kNoon + 250);
    CHECK(TextTimeMs("Sat, 1 Aug 2026 00:00:00 +0000") == 1'785'542'400'000);
    CHECK(TextTimeMs("2024-02-29T00:00:00Z") == 1'709'164'800'000);
}

TEST_CASE("times: what cannot be read is 0", "[unit][channels]") {
    for (const char* text :
         {"",
          "yesterday",
          "2026-13-01T00:00:00Z",
          "2026-02-30T00:00:00Z",
          "2026-07-30T24:00:00Z",
          "2026-07-30",
          "2026-07-30T12:00:00X",
          "2026-07-30T12:00:00Zjunk",
          "2026-07-30T12:00:00+1",
          "Thu, 30 Jux 2026 12:00:00 GMT",
          "1785412800x",
          "--1",
          "99999999999999999999",
          "1969-01-01T00:00:00Z",
          "Thu,",
          ","}) {
        CAPTURE(text);
        CHECK(TextTimeMs(text) == 0);
    }
}

}  // namespace
}  // namespace unibox::channels
