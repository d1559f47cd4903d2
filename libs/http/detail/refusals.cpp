#include "http/detail/refusals.hpp"

#include "http/problem.hpp"

#include <fmt/format.h>

#include <string>

namespace unibox::http::detail {
namespace {

std::string_view ReasonOfHead(int status) {
    switch (status) {
        case 414:
            return "TARGET_TOO_LONG";
        case 417:
            return "EXPECTATION_UNKNOWN";
        case 431:
            return "HEAD_TOO_LONG";
        case 505:
            return "HTTP_VERSION_UNKNOWN";
        default:
            return "HEAD_INVALID";
    }
}

}  // namespace

Response Overloaded(const Settings& settings, std::string_view detail) {
    return ProblemOf(503, "OVERLOADED", detail)
        .WithHeader("Retry-After", std::to_string(settings.retry_after_s));
}

Response RefusedHead(const HeadError& error) {
    return ProblemOf(error.status, ReasonOfHead(error.status), error.detail);
}

Response NoRoute(const Router::Mismatch& mismatch) {
    switch (mismatch.status) {
        case 405:
            return ProblemOf(405, "METHOD_NOT_ALLOWED", "this path takes " + mismatch.allow)
                .WithHeader("Allow", mismatch.allow);
        case 400:
            return ProblemOf(400, "PATH_INVALID", "the path has a broken percent-escape");
        default:
            return ProblemOf(404, "ROUTE_NOT_FOUND", "no such route");
    }
}

Response BodyTooLarge(std::size_t body_bytes_max) {
    if (body_bytes_max == 0) return ProblemOf(400, "BODY_UNEXPECTED", "this route takes no body");
    return ProblemOf(
        413, "BODY_TOO_LARGE", fmt::format("the body may have {} bytes", body_bytes_max)
    );
}

Response BrokenBody() {
    return ProblemOf(400, "BODY_INVALID", "broken chunked body");
}

Response EncodedBody() {
    return ProblemOf(415, "BODY_ENCODED", "Content-Encoding is not accepted");
}

Response LateHead(const Settings& settings) {
    return ProblemOf(
        408,
        "HEAD_TOO_SLOW",
        fmt::format("the head was not complete after {} ms", settings.head_timeout_ms)
    );
}

Response LateBody(const Settings& settings) {
    return ProblemOf(
        408,
        "BODY_TOO_SLOW",
        fmt::format(
            "the body came too slowly: it must be complete after {} ms, and be sent with at least "
            "{} bytes a second",
            settings.body_total_ms_max,
            settings.body_bytes_per_s_min
        )
    );
}

Response Unanswered() {
    return ProblemOf(500, "INTERNAL", "internal error");
}

Response AllowedMethods(const Router& router) {
    Response response;
    response.status = 204;
    response.headers.push_back({"Allow", router.allow_of_all()});
    return response;
}

}  // namespace unibox::http::detail
