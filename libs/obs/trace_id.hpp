// W3C trace context, version 00: "00-<32 hex trace id>-<16 hex span id>-<2 hex flags>".
// Thread safety: pure functions, but for the random source, which is each thread's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace unibox::obs {

// A new trace and span, sampled flag set.
std::string NewTraceparent();
// The traceparent (lower case) if it is well formed and its ids are not all zero.
std::optional<std::string> ValidTraceparent(std::string_view text);
// The 32 hex digits of a valid traceparent; empty otherwise.
std::string TraceIdOf(std::string_view traceparent);

}  // namespace unibox::obs
