#include "base/time_text.hpp"

#include <catch2/catch.hpp>

namespace unibox {
namespace {

constexpr std::int64_t kNoon = 1'785'412'800'000;

TEST_CASE("RFC 3339: what the RFC has is read in both forms", "[unit][base]") {
    for (const Rfc3339 form : {Rfc3339::kStrict, Rfc3339::kLenient}) {
        CHECK(ParseRfc3339("2026-07-30T12:00:00Z", form) == kNoon);
        CHECK(ParseRfc3339("2026-07-30t12:00:00z", form) == kNoon);
        CHECK(ParseRfc3339("2026-07-30T13:00:00+01:00", form) == kNoon);
        CHECK(ParseRfc3339("2026-07-30T04:30:00-07:30", form) == kNoon);
        CHECK(ParseRfc3339("2026-07-30T12:00:00.5Z", form) == kNoon + 500);
        CHECK(ParseRfc3339("2026-07-30T12:00:00.123999999Z", form) == kNoon + 123);
        CHECK(ParseRfc3339("2026-12-31T23:59:60Z", form) == 1'798'761'600'000);
        CHECK(ParseRfc3339("2024-02-29T00:00:00Z", form) == 1'709'164'800'000);
        CHECK(ParseRfc3339("1970-01-01T00:00:00Z", form) == 0);
        CHECK(ParseRfc3339("1969-12-31T23:59:59.999Z", form) == -1);
        CHECK(ParseRfc3339("0000-01-01T00:00:00Z", form) == -62'167'219'200'000);
        CHECK(ParseRfc3339("9999-12-31T23:59:59Z", form) == 253'402'300'799'000);
    }
}

TEST_CASE("RFC 3339: what senders make of it is read by the lenient form alone", "[unit][base]") {
    for (const char* text :
         {"2026-07-30 12:00:00Z",
          "2026-07-30T12:00Z",
          "2026-07-30T12:00:00",
          "2026-07-30 12:00:00",
          "2026-07-30T12:00:00,0Z",
          "2026-07-30T12:00:00GMT",
          "2026-07-30T12:00:00UTC",
          "2026-07-30T13:00:00+0100"}) {
        CAPTURE(text);
        CHECK(ParseRfc3339(text, Rfc3339::kLenient) == kNoon);
        CHECK_FALSE(ParseRfc3339(text, Rfc3339::kStrict));
    }
}

TEST_CASE("RFC 3339: what is no time is none in either form", "[unit][base]") {
    for (const char* text :
         {"",
          " ",
          "2026-07-30",
          "2026-07-30T",
          "2026-13-01T00:00:00Z",
          "2026-00-01T00:00:00Z",
          "2026-02-30T00:00:00Z",
          "2025-02-29T00:00:00Z",
          "2026-07-30T24:00:00Z",
          "2026-07-30T12:60:00Z",
          "2026-07-30T12:00:61Z",
          "2026-07-30T12:00:00X",
          "2026-07-30T12:00:00Zjunk",
          " 2026-07-30T12:00:00Z",
          "2026-07-30T12:00:00Z ",
          "2026-07-30T12:00:00.Z",
          "2026-07-30T12:00:00+1",
          "2026-07-30T12:00:00+24:00",
          "2026-07-30T12:00:00+01:60",
          "2026-07-30T12:00:00+01:0",
          "+026-07-30T12:00:00Z",
          "2026-7-30T12:00:00Z",
          "26-07-30T12:00:00Z",
          "12026-07-30T12:00:00Z"}) {
        CAPTURE(text);
        CHECK_FALSE(ParseRfc3339(text, Rfc3339::kStrict));
        CHECK_FALSE(ParseRfc3339(text, Rfc3339::kLenient));
    }
}

TEST_CASE("RFC 1123: with and without the day of the week, in any zone", "[unit][base]") {
    for (const char* text :
         {"Thu, 30 Jul 2026 12:00:00 +0000",
          "Thu, 30 Jul 2026 12:00:00 GMT",
          "Thu, 30 Jul 2026 12:00 GMT",
          "30 Jul 2026 13:00:00 +0100"}) {
        CAPTURE(text);
        CHECK(ParseRfc1123(text) == kNoon);
    }
    CHECK(ParseRfc1123("Sat, 1 Aug 2026 00:00:00 +0000") == 1'785'542'400'000);
    for (const char* text : {"", ",", "Thu,", "Thu, 30 Jux 2026 12:00:00 GMT", "31 Feb 2026 1:1"}) {
        CAPTURE(text);
        CHECK_FALSE(ParseRfc1123(text));
    }
}

TEST_CASE("RFC 3339: what is written is read again", "[unit][base]") {
    CHECK(Rfc3339Of(kNoon + 7) == "2026-07-30T12:00:00.007Z");
    CHECK(Rfc3339Of(-1) == "1969-12-31T23:59:59.999Z");
    for (std::int64_t unix_ms = -62'167'219'200'000; unix_ms < 253'402'300'799'000;
         unix_ms += 9'876'543'211'357) {
        CHECK(ParseRfc3339(Rfc3339Of(unix_ms), Rfc3339::kStrict) == unix_ms);
    }
}

}  // namespace
}  // namespace unibox
