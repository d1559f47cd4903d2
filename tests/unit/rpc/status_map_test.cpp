#include "rpc/status_map.hpp"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("StatusMap: every code has its gRPC code", "[unit][rpc]") {
    struct Case {
        Code code;
        grpc::StatusCode grpc;
    };
    const std::array<Case, 17> cases = {{
        {Code::kOk, grpc::StatusCode::OK},
        {Code::kCancelled, grpc::StatusCode::CANCELLED},
        {Code::kUnknown, grpc::StatusCode::UNKNOWN},
        {Code::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
        {Code::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
        {Code::kNotFound, grpc::StatusCode::NOT_FOUND},
        {Code::kAlreadyExists, grpc::StatusCode::ALREADY_EXISTS},
        {Code::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
        {Code::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
        {Code::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
        {Code::kAborted, grpc::StatusCode::ABORTED},
        {Code::kOutOfRange, grpc::StatusCode::OUT_OF_RANGE},
        {Code::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED},
        {Code::kInternal, grpc::StatusCode::INTERNAL},
        {Code::kUnavailable, grpc::StatusCode::UNAVAILABLE},
        {Code::kDataLoss, grpc::StatusCode::DATA_LOSS},
        {Code::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED},
    }};
    for (const Case& one : cases) {
        INFO(CodeName(one.code));
        const grpc::Status converted = rpc::ToGrpc(Status(one.code, "text"));
        CHECK(converted.error_code() == one.grpc);
        CHECK(rpc::FromGrpc(converted).code() == one.code);
    }
}

TEST_CASE("StatusMap: reason, field and retry travel as google.rpc details", "[unit][rpc]") {
    const Status given =
        ResourceExhausted("too many").WithReason("OVERLOADED").WithField("page_size");
    const grpc::Status sent = rpc::ToGrpc(given);
    google::rpc::Status details;
    REQUIRE(details.ParseFromString(sent.error_details()));
    CHECK(details.code() == 8);
    REQUIRE(details.details_size() == 3);
    google::rpc::ErrorInfo info;
    REQUIRE(details.details(0).UnpackTo(&info));
    CHECK(info.reason() == "OVERLOADED");
    CHECK(info.domain() == "unibox.v1");
    google::rpc::BadRequest bad_request;
    REQUIRE(details.details(1).UnpackTo(&bad_request));
    CHECK(bad_request.field_violations(0).field() == "page_size");
    google::rpc::RetryInfo retry;
    REQUIRE(details.details(2).UnpackTo(&retry));
    CHECK(retry.retry_delay().seconds() == 1);

    const Status back = rpc::FromGrpc(sent);
    CHECK(back.message() == "too many");
    CHECK(back.reason() == "OVERLOADED");
    CHECK(back.field() == "page_size");
}

TEST_CASE("StatusMap: a field is told in the detail that fits the code", "[unit][rpc]") {
    const auto details_of = [](const Status& status) {
        google::rpc::Status details;
        REQUIRE(details.ParseFromString(rpc::ToGrpc(status).error_details()));
        REQUIRE(details.details_size() == 2);
        CHECK(rpc::FromGrpc(rpc::ToGrpc(status)).field() == status.field());
        return details.details(1);
    };
    google::rpc::BadRequest wrong;
    REQUIRE(details_of(InvalidArgument("bad").WithField("text")).UnpackTo(&wrong));
    CHECK(wrong.field_violations(0).field() == "text");
    google::rpc::PreconditionFailure failure;
    const Status state = FailedPrecondition("no").WithReason("WRONG_KIND").WithField("channel_id");
    REQUIRE(details_of(state).UnpackTo(&failure));
    CHECK(failure.violations(0).type() == "WRONG_KIND");
    CHECK(failure.violations(0).subject() == "channel_id");
    CHECK(failure.violations(0).description() == "no");
    google::rpc::ResourceInfo resource;
    REQUIRE(details_of(NotFound("none").WithField("channel_id")).UnpackTo(&resource));
    CHECK(resource.resource_type() == "channel_id");
    CHECK(resource.description() == "none");
}

TEST_CASE("StatusMap: what programs can use beside the reason travels too", "[unit][rpc]") {
    const Status given = Status(Code::kAborted, "changed meanwhile")
                             .WithReason("VERSION_MISMATCH")
                             .WithMetadata("version", "12");
    google::rpc::Status details;
    REQUIRE(details.ParseFromString(rpc::ToGrpc(given).error_details()));
    google::rpc::ErrorInfo info;
    REQUIRE(details.details(0).UnpackTo(&info));
    REQUIRE(info.metadata_size() == 1);
    CHECK(info.metadata().at("version") == "12");
    CHECK(details.details_size() == 1);  // Repeating makes no sense.
    const Status back = rpc::FromGrpc(rpc::ToGrpc(given));
    CHECK(back.reason() == "VERSION_MISMATCH");
    CHECK(back.metadata() == given.metadata());
}

TEST_CASE("StatusMap: a wait that is known goes before the usual one", "[unit][rpc]") {
    const Status given = ResourceExhausted("over the rate").WithRetryAfter(Millis(2'500));
    google::rpc::Status details;
    REQUIRE(details.ParseFromString(rpc::ToGrpc(given).error_details()));
    REQUIRE(details.details_size() == 2);
    google::rpc::RetryInfo retry;
    REQUIRE(details.details(1).UnpackTo(&retry));
    CHECK(retry.retry_delay().seconds() == 2);
    CHECK(retry.retry_delay().nanos() == 500'000'000);
    CHECK(rpc::FromGrpc(rpc::ToGrpc(given)).retry_after() == Millis(2'500));
}

TEST_CASE("StatusMap: what broke inside is not told outside", "[unit][rpc]") {
    for (const Code code : {Code::kInternal, Code::kUnknown, Code::kDataLoss}) {
        const Status status(code, "password=secret");
        const grpc::Status sent = rpc::ToGrpc(status);
        CHECK(sent.error_message() == "internal error");
        CHECK(sent.error_details().find("secret") == std::string::npos);
    }
}

TEST_CASE("StatusMap: every error has a reason and tells its trace", "[unit][rpc]") {
    google::rpc::Status details;
    REQUIRE(details.ParseFromString(rpc::ToGrpc(Internal("x"), "4bf92f35").error_details()));
    REQUIRE(details.details_size() == 2);
    google::rpc::ErrorInfo info;
    REQUIRE(details.details(0).UnpackTo(&info));
    CHECK(info.reason() == "INTERNAL");
    google::rpc::RequestInfo request;
    REQUIRE(details.details(1).UnpackTo(&request));
    CHECK(request.request_id() == "4bf92f35");
}

TEST_CASE("StatusMap: a foreign status is read as far as it goes", "[unit][rpc]") {
    const grpc::Status foreign(grpc::StatusCode::DO_NOT_USE, "m", "no proto");
    const Status strange = rpc::FromGrpc(foreign);
    CHECK(strange.code() == Code::kUnknown);
    CHECK(strange.message() == "m");
    CHECK(rpc::FromGrpc(grpc::Status::OK).ok());
}
