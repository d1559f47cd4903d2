// Text as the inbox shows it. Thread safety: pure functions.
#pragma once

#include "domain/batch_state.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::decide {

// Longest preview of a conversation, in code points.
inline constexpr std::size_t kPreviewCharsMax = 140;

// The first kPreviewCharsMax code points on one line: control characters and line ends become one
// space with the white space around them, and the ends are trimmed. The text must be clean
// (base/utf8.hpp).
std::string OneLine(std::string_view text);
// What the inbox list shows of a message: its text, else its template as "[template] name", else
// its first attachment as "[image] name", else its payload; "[deleted]" if it was deleted.
std::string PreviewOf(const domain::MessageRow& message);

}  // namespace unibox::decide
