#include "redis/detail/endpoints.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::redis::detail {
namespace {

using namespace unibox::test;

TEST_CASE("Endpoints: a URL with everything", "[unit][redis]") {
    const auto endpoints = ParseUrl("rediss://ub:p%40ss%2Fword@cache.example:6380/3");
    REQUIRE_OK(endpoints);
    CHECK(endpoints->addresses == std::vector<Address>{{"cache.example", 6380}});
    CHECK(endpoints->tls);
    CHECK(endpoints->user == "ub");
    CHECK(endpoints->password.Reveal() == "p@ss/word");
    CHECK(endpoints->database == 3);
    const auto plain = ParseUrl("redis://:secret@[::1]");
    REQUIRE_OK(plain);
    CHECK(plain->addresses.front() == Address{"::1", 6379});
    CHECK(plain->addresses.front().text() == "[::1]:6379");
    CHECK_FALSE(plain->tls);
    CHECK(plain->user.empty());
    CHECK(plain->password.Reveal() == "secret");
}

TEST_CASE("Endpoints: several servers", "[unit][redis]") {
    const auto endpoints = ParseUrl("redis://a:1, b:2,redis://c");
    REQUIRE_OK(endpoints);
    CHECK(endpoints->addresses == std::vector<Address>{{"a", 1}, {"b", 2}, {"c", 6379}});
}

TEST_CASE("Endpoints: what is no URL is refused, and not repeated", "[unit][redis]") {
    for (const char* url :
         {"",
          "secret.example",
          "http://secret.example",
          "redis://",
          "redis://secret@host",
          "redis://u:secret%zz@host",
          "redis://host:secret",
          "redis://host:0",
          "redis://host:65536",
          "redis://host/secret",
          "redis://host/-1",
          "redis://[::1",
          "redis://[::1]secret",
          "redis://a,redis://u:secret@b",
          "redis://a,b/1",
          "redis://a,,b"}) {
        const Status status = ParseUrl(url).status();
        INFO(url);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.field() == "url");
        CHECK(status.ToString().find("secret") == std::string::npos);
    }
}

TEST_CASE("Endpoints: a node as clusters write it", "[unit][redis]") {
    CHECK(ParseNode("127.0.0.1:6381") == Address{"127.0.0.1", 6381});
    CHECK(ParseNode("::1:6381") == Address{"::1", 6381});
    CHECK(ParseNode("[::1]:6381") == Address{"::1", 6381});
    CHECK(ParseNode(":6381") == Address{"", 6381});
    CHECK_FALSE(ParseNode("127.0.0.1").has_value());
    CHECK_FALSE(ParseNode("host:0").has_value());
}

}  // namespace
}  // namespace unibox::redis::detail
