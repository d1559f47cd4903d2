// Writes the head of an answer. Thread safety: pure function.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::http::detail {

// Where the body ends.
enum class BodyEnd {
    kAtLength,
    kAtLastChunk,
    kWithConnection,
    kNone,      // 204, 304: there is no body.
    kSwitched,  // 101: what follows is no HTTP.
};

struct AnswerHead {
    BodyEnd body_end = BodyEnd::kAtLength;
    std::size_t body_bytes = 0;  // Of kAtLength.
    bool close = false;          // The connection ends with this answer.
    bool version_1_0 = false;    // Of the request.
    std::string_view date;
    std::string_view trace_id;  // Empty: none.
};

void AppendHead(const Response& response, const AnswerHead& head, std::string* out);

}  // namespace unibox::http::detail
