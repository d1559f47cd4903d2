#include "base/strings.hpp"

#include "base/encoding.hpp"

#include <catch2/catch.hpp>

namespace unibox {
namespace {

TEST_CASE("strings: Split keeps empty parts", "[unit][base]") {
    CHECK(Split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
    CHECK(Split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("strings: ParseInt64 takes the whole text or nothing", "[unit][base]") {
    CHECK(ParseInt64("-9223372036854775808") == INT64_MIN);
    CHECK_FALSE(ParseInt64("9223372036854775808"));
    CHECK_FALSE(ParseInt64(""));
    CHECK_FALSE(ParseInt64("1 "));
    CHECK_FALSE(ParseInt64("+1"));
}

TEST_CASE("strings: Fnv1a32 agrees with the published vectors", "[unit][base]") {
    CHECK(Fnv1a32("") == 0x811c9dc5U);
    CHECK(Fnv1a32("a") == 0xe40c292cU);
    CHECK(Fnv1a32("foobar") == 0xbf9cf968U);
}

TEST_CASE("strings: case is ASCII's, space is trimmed at both ends", "[unit][base]") {
    CHECK(ToLowerAscii("X-Hub-É") == "x-hub-É");
    CHECK(ToUpperAscii("x-hub-é") == "X-HUB-é");
    CHECK(EqualsIgnoreCaseAscii("Content-Type", "content-type"));
    CHECK_FALSE(EqualsIgnoreCaseAscii("a", "ab"));
    CHECK(TrimSpace(" \t a b\r\n") == "a b");
    CHECK(TrimSpace("  ").empty());
}

}  // namespace
}  // namespace unibox
