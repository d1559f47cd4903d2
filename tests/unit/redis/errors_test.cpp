#include "redis/errors.hpp"

#include "redis/reasons.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::redis {
namespace {

using namespace unibox::test;

TEST_CASE(
    "Errors: each of Redis' own has its code, and its first word as reason", "[unit][redis]"
) {
    const std::pair<const char*, Code> kCases[] = {
        {"WRONGTYPE Operation against a key holding the wrong kind", Code::kFailedPrecondition},
        {"OOM command not allowed when used memory > 'maxmemory'.", Code::kResourceExhausted},
        {"READONLY You can't write against a read only replica.", Code::kUnavailable},
        {"LOADING Redis is loading the dataset in memory", Code::kUnavailable},
        {"MASTERDOWN Link with MASTER is down", Code::kUnavailable},
        {"CLUSTERDOWN Hash slot not served", Code::kUnavailable},
        {"TRYAGAIN Multiple keys request during rehashing of slot", Code::kUnavailable},
        {"BUSY Redis is busy running a script.", Code::kUnavailable},
        {"MISCONF Redis is configured to save RDB snapshots", Code::kUnavailable},
        {"NOREPLICAS Not enough good replicas to write.", Code::kUnavailable},
        {"MOVED 1 127.0.0.1:1", Code::kUnavailable},
        {"ASK 1 127.0.0.1:1", Code::kUnavailable},
        {"NOAUTH Authentication required.", Code::kUnauthenticated},
        {"WRONGPASS invalid username-password pair", Code::kUnauthenticated},
        {"NOPERM this user has no permissions", Code::kPermissionDenied},
        {"NOSCRIPT No matching script.", Code::kFailedPrecondition},
        {"CROSSSLOT Keys in request don't hash to the same slot", Code::kInvalidArgument},
        {"BUSYKEY Target key name already exists.", Code::kAlreadyExists},
        {"EXECABORT Transaction discarded", Code::kAborted},
        {"ERR unknown command", Code::kInternal},
        {"SOMETHING else", Code::kUnknown},
        {"", Code::kUnknown},
    };
    for (const auto& [error, code] : kCases) {
        const Status status = StatusOfError(error);
        INFO(error);
        CHECK_THAT(status, HasCode(code));
        CHECK(status.reason() == ErrorWord(error));
        CHECK_FALSE(MayHaveRun(status));
    }
}

TEST_CASE("Errors: a server with too many clients is one that is away", "[unit][redis]") {
    CHECK_THAT(StatusOfError("ERR max number of clients reached"), HasCode(Code::kUnavailable));
}

TEST_CASE("Errors: what may have been carried out is told by the reason", "[unit][redis]") {
    CHECK(MayHaveRun(Unavailable("").WithReason(kNoAnswer)));
    CHECK(MayHaveRun(DeadlineExceeded("").WithReason(kNoAnswer)));
    CHECK(MayHaveRun(Unavailable("").WithReason(kShuttingDown)));
    for (const std::string_view reason : {kNotConnected, kNotSent, kWindowFull, kTooLarge}) {
        CHECK_FALSE(MayHaveRun(Unavailable("").WithReason(reason)));
    }
    CHECK_FALSE(MayHaveRun(Status()));
}

}  // namespace
}  // namespace unibox::redis
