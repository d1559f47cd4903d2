#include "http/message.hpp"

#include <catch2/catch.hpp>

namespace unibox::http {
namespace {

TEST_CASE("Problem: members are JSON and come from the status", "[unit][http]") {
    const Status failure =
        InvalidArgument("text must be \"short\"").WithField("text").WithReason("too_long");
    const Response response = Response::Problem(failure);
    CHECK(response.status == 400);
    CHECK(response.content_type == "application/problem+json");
    CHECK(
        response.body == R"({"type":"about:blank","title":"Bad Request","status":400,)"
                         R"("detail":"text must be \"short\"","reason":"too_long","field":"text"})"
    );
}

TEST_CASE("StatusOfCode: every code has a status", "[unit][http]") {
    CHECK(StatusOfCode(Code::kOk) == 200);
    for (int code = 1; code <= 16; ++code) CHECK(StatusOfCode(static_cast<Code>(code)) >= 400);
    CHECK(StatusOfCode(Code::kResourceExhausted) == 429);
    CHECK(StatusOfCode(Code::kUnavailable) == 503);
}

TEST_CASE("PercentDecode: escapes, plus signs, broken ones", "[unit][http]") {
    CHECK(PercentDecode("a%20b+c", false).value() == "a b+c");
    CHECK(PercentDecode("a%20b+c", true).value() == "a b c");
    CHECK_FALSE(PercentDecode("%", false).has_value());
    CHECK_FALSE(PercentDecode("%4", false).has_value());
    CHECK_FALSE(PercentDecode("%g1", false).has_value());
    CHECK_FALSE(PercentDecode("%00", false).has_value());
    CHECK(PercentDecode("%41", false).value() == "A");
}

TEST_CASE("QueryParameter: names with dots, first one wins", "[unit][http]") {
    CHECK(QueryParameter("hub.mode=subscribe&hub.challenge=12&x", "hub.challenge").value() == "12");
    CHECK(QueryParameter("a=1&a=2", "a").value() == "1");
    CHECK(QueryParameter("a", "a").value().empty());
    CHECK_FALSE(QueryParameter("ab=1", "a").has_value());
    CHECK_FALSE(QueryParameter("a=%z", "a").has_value());
}

}  // namespace
}  // namespace unibox::http
