#include "api_error/api_error.hpp"

#include <catch2/catch.hpp>

#include <array>

namespace unibox::api_error {
namespace {

TEST_CASE("ApiError: every code has its HTTP status and says when to repeat", "[unit]") {
    struct Case {
        Code code;
        int http_status;
        bool retry;
    };
    const std::array<Case, 17> cases = {{
        {Code::kOk, 200, false},
        {Code::kCancelled, 499, false},
        {Code::kUnknown, 500, false},
        {Code::kInvalidArgument, 400, false},
        {Code::kDeadlineExceeded, 504, false},
        {Code::kNotFound, 404, false},
        {Code::kAlreadyExists, 409, false},
        {Code::kPermissionDenied, 403, false},
        {Code::kResourceExhausted, 429, true},
        {Code::kFailedPrecondition, 400, false},
        {Code::kAborted, 409, true},
        {Code::kOutOfRange, 400, false},
        {Code::kUnimplemented, 501, false},
        {Code::kInternal, 500, false},
        {Code::kUnavailable, 503, true},
        {Code::kDataLoss, 500, false},
        {Code::kUnauthenticated, 401, false},
    }};
    for (const Case& one : cases) {
        INFO(CodeName(one.code));
        CHECK(HttpStatusOf(one.code) == one.http_status);
        CHECK(RetryDelay(Status(one.code, "x")).has_value() == one.retry);
    }
    CHECK(RetryDelay(ResourceExhausted("x").WithRetryAfter(Millis(2'500))) == Millis(2'500));
}

TEST_CASE("ApiError: a conflict is 409, a wrong state 400, another type 415", "[unit]") {
    const Status mismatch = Status(Code::kAborted, "x").WithReason(kVersionMismatch);
    CHECK(HttpStatusOf(mismatch) == 409);
    CHECK_FALSE(RetryDelay(mismatch).has_value());  // The same call gets the same answer.
    CHECK(HttpStatusOf(FailedPrecondition("x").WithReason("ILLEGAL_TRANSITION")) == 400);
    CHECK(HttpStatusOf(InvalidArgument("x").WithReason(kContentTypeUnsupported)) == 415);
    CHECK(HttpStatusOf(Unavailable("x").WithReason(kContentTypeUnsupported)) == 503);
}

TEST_CASE("ApiError: an HTTP status without a code of its own has the nearest one", "[unit]") {
    CHECK(CodeOfHttpStatus(413) == Code::kInvalidArgument);
    CHECK(CodeOfHttpStatus(405) == Code::kUnimplemented);
    CHECK(CodeOfHttpStatus(408) == Code::kDeadlineExceeded);
    CHECK(CodeOfHttpStatus(503) == Code::kUnavailable);
    CHECK(CodeOfHttpStatus(502) == Code::kInternal);
    CHECK(CodeOfHttpStatus(204) == Code::kOk);
}

TEST_CASE("ApiError: every failure has a reason in AIP-193's form", "[unit]") {
    CHECK(PublicReason(NotFound("x").WithReason("CONTACT_NOT_FOUND")) == "CONTACT_NOT_FOUND");
    CHECK(PublicReason(NotFound("x")) == "NOT_FOUND");
    CHECK(PublicReason(Unavailable("x").WithReason("08006")) == "UNAVAILABLE");
    CHECK(PublicReason(Unavailable("x").WithReason("not here")) == "UNAVAILABLE");
}

TEST_CASE("ApiError: what broke inside is not told outside", "[unit]") {
    for (const Code code : {Code::kInternal, Code::kUnknown, Code::kDataLoss}) {
        const Status status = Status(code, "password=secret").WithReason("SECRET");
        CHECK(PublicMessage(status) == "internal error");
        CHECK(PublicReason(status) == CodeName(code));
        CHECK(PublicMetadata(Status(status).WithMetadata("host", "db1")).empty());
    }
    CHECK(PublicMessage(NotFound("no such contact")) == "no such contact");
    CHECK(PublicMetadata(NotFound("x").WithMetadata("a", "b")) == Status::Metadata{{"a", "b"}});
}

}  // namespace
}  // namespace unibox::api_error
