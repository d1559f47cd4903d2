#include "base/status.hpp"

#include "support/status_matchers.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <sys/wait.h>

#include <csignal>
#include <functional>
#include <optional>

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

// The signal that ends a process which does this, if one does.
std::optional<int> SignalOf(const std::function<void()>& deed) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // Catch2's handler would report it.
        ::close(STDERR_FILENO);
        deed();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? std::optional(WTERMSIG(status)) : std::nullopt;
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

TEST_CASE("Result: reading the value of a failed one aborts", "[unit][base]") {
    const Result<std::string> failed = NotFound("no such channel");
    CHECK(SignalOf([&] { (void)failed.value(); }) == SIGABRT);
    CHECK(SignalOf([&] { (void)*failed; }) == SIGABRT);
    CHECK(SignalOf([&] { (void)failed->size(); }) == SIGABRT);
    CHECK(SignalOf([&] { (void)Result<std::string>().value(); }) == SIGABRT);
    CHECK_FALSE(SignalOf([] { (void)Half(2).value(); }));
}

}  // namespace
}  // namespace unibox
