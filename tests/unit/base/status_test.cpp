#include "base/status.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox {
namespace {

Result<int> Half(int n) {
    if (n % 2 != 0) return InvalidArgument("n must be even").WithField("n").WithReason("odd");
    return n / 2;
}

Result<int> Quarter(int n) {
    UNIBOX_ASSIGN_OR_RETURN(const int half, Half(n));
    return Half(half);
}

TEST_CASE("Status: ok has no text and no reason", "[unit][base]") {
    const Status status;
    CHECK(status.ok());
    CHECK(status.ToString() == "OK");
    CHECK(status.reason().empty());
    CHECK(Status(Code::kOk, "ignored").ok());
}

TEST_CASE("Status: carries code, message, reason and field", "[unit][base]") {
    const auto result = Half(3);
    REQUIRE_THAT(result.status(), test::HasCode(Code::kInvalidArgument));
    CHECK(result.status().reason() == "odd");
    CHECK(result.status().ToString() == "INVALID_ARGUMENT: n must be even (field n)");
}

TEST_CASE("Status: a copy is not changed by later context", "[unit][base]") {
    const Status first = NotFound("no such channel");
    const Status second = Status(first).WithContext("lookup");
    CHECK(first.message() == "no such channel");
    CHECK(second.message() == "lookup: no such channel");
}

TEST_CASE("Status: every code has its gRPC name", "[unit][base]") {
    CHECK(CodeName(Code::kOk) == "OK");
    CHECK(CodeName(Code::kUnauthenticated) == "UNAUTHENTICATED");
    CHECK(CodeName(static_cast<Code>(99)) == "UNKNOWN");
}

TEST_CASE("Result: ASSIGN_OR_RETURN passes values and errors on", "[unit][base]") {
    CHECK(Quarter(8).value() == 2);
    CHECK_THAT(Quarter(6).status(), test::HasCode(Code::kInvalidArgument));
    CHECK_THAT(Result<int>().status(), test::HasCode(Code::kUnknown));
    CHECK_THAT(Result<int>(Status()).status(), test::HasCode(Code::kInternal));
}

}  // namespace
}  // namespace unibox
