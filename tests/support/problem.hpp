// problem+json answers as tests compare them.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace unibox::test {

// The body without its traceId, which no two answers share.
inline std::string WithoutTraceId(std::string problem) {
    constexpr std::string_view kMember = R"(,"traceId":")";
    constexpr std::size_t kTraceIdBytes = 32;
    const std::size_t at = problem.find(kMember);
    if (at != std::string::npos) problem.erase(at, kMember.size() + kTraceIdBytes + 1);
    return problem;
}

}  // namespace unibox::test
