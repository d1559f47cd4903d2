#include "gateway/write_failure.hpp"

#include "rpc/status_map.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::HasCode;

namespace {

// As the writer's answer arrives here.
Status Sent(const Status& status) {
    return gateway::WriteFailed(rpc::FromGrpc(rpc::ToGrpc(status)));
}
// As gRPC fails by itself.
Status Broken(grpc::StatusCode code) {
    return gateway::WriteFailed(rpc::FromGrpc(grpc::Status(code, "secrets of the wire")));
}

}  // namespace

TEST_CASE("WriteFailed: what the writer judges is told as it is", "[unit][gateway]") {
    const Status mismatch = Sent(Status(Code::kAborted, "changed")
                                     .WithReason("VERSION_MISMATCH")
                                     .WithMetadata("version", "9"));
    CHECK_THAT(mismatch, HasCode(Code::kAborted));
    CHECK(mismatch.reason() == "VERSION_MISMATCH");
    CHECK(mismatch.metadata() == Status::Metadata{{"version", "9"}});
    const Status closed = Sent(FailedPrecondition("no").WithReason("REPLY_WINDOW_CLOSED"));
    CHECK_THAT(closed, HasCode(Code::kFailedPrecondition));
    CHECK(closed.reason() == "REPLY_WINDOW_CLOSED");
    CHECK_THAT(Sent(NotFound("no").WithReason("CONVERSATION_NOT_FOUND")), HasCode(Code::kNotFound));
    const Status reused =
        Sent(InvalidArgument("no").WithReason("REQUEST_ID_REUSED").WithField("request_id"));
    CHECK(reused.field() == "request_id");
    CHECK(reused.reason() == "REQUEST_ID_REUSED");
    const Status rate =
        Sent(ResourceExhausted("no").WithReason("CONVERSATION_RATE").WithRetryAfter(Millis(7'000)));
    CHECK_THAT(rate, HasCode(Code::kResourceExhausted));
    CHECK(rate.retry_after() == Millis(7'000));
}

TEST_CASE("WriteFailed: a field has its public name", "[unit][gateway]") {
    const Status past = Sent(InvalidArgument("snooze_time_ms must be later than now")
                                 .WithReason("VALUE_INVALID")
                                 .WithField("snooze_time_ms"));
    CHECK(past.field() == "snooze_time");
    CHECK(past.message() == "snooze_time must be later than now");
    CHECK(past.reason() == "VALUE_INVALID");
    CHECK_THAT(past, HasCode(Code::kInvalidArgument));
}

TEST_CASE("WriteFailed: a writer that is away, or does not know", "[unit][gateway]") {
    const Status unknown = Sent(Unavailable("may be").WithReason("OUTCOME_UNKNOWN"));
    CHECK_THAT(unknown, HasCode(Code::kUnavailable));
    CHECK(unknown.reason() == "OUTCOME_UNKNOWN");
    const Status away = Broken(grpc::StatusCode::UNAVAILABLE);
    CHECK_THAT(away, HasCode(Code::kUnavailable));
    CHECK(away.reason() == "WRITER_UNAVAILABLE");
    CHECK(away.message().find("secrets") == std::string::npos);
    for (const Status& late :
         {Broken(grpc::StatusCode::DEADLINE_EXCEEDED), Sent(DeadlineExceeded("late"))}) {
        CHECK_THAT(late, HasCode(Code::kDeadlineExceeded));
        CHECK(late.reason() == "OUTCOME_UNKNOWN");
    }
    CHECK_THAT(Broken(grpc::StatusCode::CANCELLED), HasCode(Code::kCancelled));
}

TEST_CASE("WriteFailed: what is no fault of the caller's is INTERNAL", "[unit][gateway]") {
    for (const auto code :
         {grpc::StatusCode::UNIMPLEMENTED,
          grpc::StatusCode::UNAUTHENTICATED,
          grpc::StatusCode::PERMISSION_DENIED,
          grpc::StatusCode::RESOURCE_EXHAUSTED,
          grpc::StatusCode::INVALID_ARGUMENT,
          grpc::StatusCode::INTERNAL,
          grpc::StatusCode::UNKNOWN}) {
        INFO(code);
        CHECK_THAT(Broken(code), HasCode(Code::kInternal));
    }
    CHECK_THAT(Sent(Status(Code::kPermissionDenied, "no")), HasCode(Code::kInternal));
    CHECK_THAT(Sent(Unauthenticated("who")), HasCode(Code::kInternal));
}
