#include "limits/fields.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using limits::Verdict;

namespace {

Verdict Two() {
    Verdict verdict;
    verdict.limits = {
        {"key", {.key = "k", .rate_per_s = 100, .burst = 250}},
        {"tenant", {.key = "t", .rate_per_s = 1'000, .burst = 1}}};
    verdict.states = {
        {.allowed = true, .remaining = 249, .retry_after = 0us, .reset_after = 10'000us},
        {.allowed = true, .remaining = 0, .retry_after = 0us, .reset_after = 1'000us}};
    return verdict;
}

}  // namespace

TEST_CASE("Limit fields: policies with burst and the time to fill it", "[unit][limits]") {
    CHECK(limits::PolicyField(Two()) == "\"key\";q=250;w=3, \"tenant\";q=1;w=1");
    CHECK(limits::StateField(Two()) == "\"key\";r=249;t=1, \"tenant\";r=0;t=1");
    CHECK(limits::PolicyField({}).empty());
    CHECK(limits::StateField({}).empty());
}

TEST_CASE("Limit fields: a refusal tells of those that refused, as Retry-After", "[unit][limits]") {
    Verdict verdict = Two();
    verdict.allowed = false;
    verdict.states[0].reset_after = 600s;  // Longer than the caller has to wait.
    verdict.states[1] = {
        .allowed = false, .remaining = 0, .retry_after = 1'200'001us, .reset_after = 2s};
    verdict.retry_after = 1'200'001us;
    CHECK(limits::StateField(verdict) == "\"tenant\";r=0;t=2");
    CHECK(limits::PolicyField(verdict) == "\"key\";q=250;w=3, \"tenant\";q=1;w=1");
    const Status refusal = limits::RefusalOf(verdict);
    CHECK_THAT(refusal, test::HasCode(Code::kResourceExhausted));
    CHECK(refusal.reason() == "OVER_RATE");
    CHECK(refusal.message() == "over the rate of: tenant");
    CHECK(refusal.retry_after() == 1'201ms);
    REQUIRE(refusal.metadata().size() == 1);
    CHECK(refusal.metadata()[0].first == "policies");
    CHECK(refusal.metadata()[0].second == "tenant");
    verdict.states[0].allowed = false;
    CHECK(limits::RefusalOf(verdict).message() == "over the rate of: key,tenant");
}
