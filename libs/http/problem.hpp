// Failures as application/problem+json (RFC 9457) of type about:blank: title, status, detail, then
// code, reason, metadata if there is any, field and, for a wrong field, errors. The server adds
// traceId when it sends one.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "http/message.hpp"

#include <string_view>

namespace unibox::http {

inline constexpr std::string_view kProblemType = "application/problem+json";

// Of a failed status, with what clients may know of it (api_error) and, where repeating makes
// sense, Retry-After. `parameter` is the field's name in this protocol where it has another there.
Response ProblemOf(const Status& failure, std::string_view parameter = {});
// Of an HTTP status that no code stands for, for example 413. `reason` is UPPER_SNAKE_CASE.
Response ProblemOf(int http_status, std::string_view reason, std::string_view detail);

// Appends the member traceId to a problem's body.
void AppendTraceId(std::string_view trace_id, std::string* problem);

}  // namespace unibox::http
