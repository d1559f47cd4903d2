#include "gateway/http_api.hpp"

#include "http/message.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("Problem: code, reason, field and parameter as RFC 9457", "[unit][gateway]") {
    const auto response = gateway::ProblemOf(InvalidArgument("page_size must be \"1 to 100\"")
                                                 .WithReason("VALUE_INVALID")
                                                 .WithField("page_size"));
    CHECK(response.status == 400);
    CHECK(response.content_type == "application/problem+json");
    CHECK(
        response.body ==
        R"({"type":"about:blank","title":"Bad Request","status":400,)"
        R"("detail":"page_size must be \"1 to 100\"","code":"INVALID_ARGUMENT",)"
        R"("reason":"VALUE_INVALID","field":"page_size","errors":[{"field":"page_size",)"
        R"("parameter":"pageSize","detail":"page_size must be \"1 to 100\""}]})"
    );
}

TEST_CASE(
    "Problem: 401 says how to authenticate, 429 and 503 when to come back", "[unit][gateway]"
) {
    CHECK(gateway::ProblemOf(Unauthenticated("x")).Find("WWW-Authenticate").has_value());
    CHECK(gateway::ProblemOf(ResourceExhausted("x")).Find("Retry-After") == "1");
    CHECK(gateway::ProblemOf(Unavailable("x")).Find("Retry-After") == "1");
    CHECK_FALSE(gateway::ProblemOf(NotFound("x")).Find("Retry-After").has_value());
}

TEST_CASE("Problem: what broke inside is not told outside", "[unit][gateway]") {
    const auto response = gateway::ProblemOf(Internal("relation \"x\" does not exist"));
    CHECK(response.status == 500);
    CHECK(response.body.find("relation") == std::string::npos);
}
