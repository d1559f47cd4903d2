// Text as PostgreSQL and people can take it. Thread safety: pure functions.
#pragma once

#include "domain/inbox.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox::writer {

// Longest preview of a conversation, in code points.
inline constexpr std::size_t kPreviewCharsMax = 140;

// The text itself if it is storable (base/utf8.hpp); else each malformed byte and each U+0000
// becomes U+FFFD.
std::string StorableText(std::string_view text);
// At most `chars_max` code points from the start; never cuts inside one. The text must be storable.
std::string_view FirstChars(std::string_view text, std::size_t chars_max);
// The first kPreviewCharsMax code points on one line: control characters and line ends become one
// space with the white space around them, and the ends are trimmed. The text must be storable.
std::string OneLine(std::string_view text);
// What the inbox list shows of a message: its text, else its first attachment as "[image] name",
// else its payload; "[deleted]" if it was deleted.
std::string PreviewOf(const domain::MessageRow& message);

}  // namespace unibox::writer
