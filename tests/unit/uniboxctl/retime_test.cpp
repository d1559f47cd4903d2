#include "uniboxctl/retime.hpp"

#include <catch2/catch.hpp>

#include <array>

namespace {

constexpr std::int64_t kNow = 1'795'000'000'123;
constexpr std::array<std::string_view, 3> kTimes = {"date", "time", "timestamp"};

std::string RetimeBody(std::string_view body, std::int64_t now_ms) {
    return unibox::ctl::RetimeBody(body, kTimes, now_ms);
}

}  // namespace

TEST_CASE("RetimeBody: moves seconds, milliseconds and quoted seconds", "[unit][uniboxctl]") {
    CHECK(RetimeBody(R"({"date":1785412800})", kNow) == R"({"date":1795000000})");
    CHECK(RetimeBody(R"({"time":1785412800250})", kNow) == R"({"time":1795000000123})");
    CHECK(RetimeBody(R"({"timestamp" : "1785412800"})", kNow) == R"({"timestamp" : "1795000000"})");
}

TEST_CASE("RetimeBody: moves RFC 3339 times", "[unit][uniboxctl]") {
    CHECK(
        RetimeBody(R"({"timestamp":"2026-07-30T12:00:00.000Z"})", kNow) ==
        R"({"timestamp":"2026-11-18T11:06:40.123Z"})"
    );
}

TEST_CASE("RetimeBody: keeps the distances between times", "[unit][uniboxctl]") {
    CHECK(
        RetimeBody(R"([{"timestamp":1785412800000},{"time":1785412800250}])", kNow) ==
        R"([{"timestamp":1794999999873},{"time":1795000000123}])"
    );
}

TEST_CASE("RetimeBody: leaves everything else as it is", "[unit][uniboxctl]") {
    for (const std::string body :
         {R"({"update_id":1785412800,"text":"date: 1785412800"})",
          R"({"date":17854128,"time":"soon","timestamp":null})",
          R"({"text":"\"date\":1785412800"})",
          "From=%2B1415&Body=hello",
          "",
          R"({"date":)",
          R"({"date":"1785412800)"}) {
        CHECK(RetimeBody(body, kNow) == body);
    }
}

TEST_CASE("RetimeBody: the keys are the provider's own", "[unit][uniboxctl]") {
    const std::string body = R"({"date":1785412800,"until":1785412800})";
    constexpr std::array<std::string_view, 1> kUntil = {"until"};
    CHECK(unibox::ctl::RetimeBody(body, {}, kNow) == body);
    CHECK(
        unibox::ctl::RetimeBody(body, kUntil, kNow) == R"({"date":1785412800,"until":1795000000})"
    );
}
