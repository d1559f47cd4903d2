#include "http/problem.hpp"

#include <catch2/catch.hpp>

namespace unibox::http {
namespace {

TEST_CASE("Problem: members are JSON and come from the status", "[unit][http]") {
    const Status failure =
        InvalidArgument("text must be \"short\"").WithField("text").WithReason("TOO_LONG");
    const Response response = ProblemOf(failure, "theText");
    CHECK(response.status == 400);
    CHECK(response.content_type == "application/problem+json");
    CHECK(
        response.body ==
        R"({"type":"about:blank","title":"Bad Request","status":400,)"
        R"("detail":"text must be \"short\"","code":"INVALID_ARGUMENT","reason":"TOO_LONG",)"
        R"("field":"text","errors":[{"field":"text","parameter":"theText",)"
        R"("detail":"text must be \"short\""}]})"
    );
    CHECK_FALSE(response.Find("Retry-After").has_value());
}

TEST_CASE("Problem: what programs can use beside the reason is a member", "[unit][http]") {
    const Response response = ProblemOf(Status(Code::kAborted, "changed meanwhile")
                                            .WithReason("VERSION_MISMATCH")
                                            .WithMetadata("version", "12")
                                            .WithMetadata("b", "\""));
    CHECK(
        response.body ==
        R"({"type":"about:blank","title":"Conflict","status":409,"detail":"changed meanwhile",)"
        R"("code":"ABORTED","reason":"VERSION_MISMATCH","metadata":{"version":"12","b":"\""}})"
    );
    CHECK_FALSE(response.Find("Retry-After").has_value());
}

TEST_CASE("Problem: a wait is rounded up to whole seconds", "[unit][http]") {
    CHECK(ProblemOf(Unavailable("x")).Find("Retry-After") == "1");
    const Status late = ResourceExhausted("over the rate").WithRetryAfter(Millis(2'001));
    CHECK(ProblemOf(late).status == 429);
    CHECK(ProblemOf(late).Find("Retry-After") == "3");
}

TEST_CASE("Problem: what only HTTP knows has code and reason too", "[unit][http]") {
    std::string body = ProblemOf(413, "BODY_TOO_LARGE", "the body may have 9 bytes").body;
    AppendTraceId("4bf92f35", &body);
    CHECK(
        body == R"({"type":"about:blank","title":"Content Too Large","status":413,)"
                R"("detail":"the body may have 9 bytes","code":"INVALID_ARGUMENT",)"
                R"("reason":"BODY_TOO_LARGE","traceId":"4bf92f35"})"
    );
}

}  // namespace
}  // namespace unibox::http
