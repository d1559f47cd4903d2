// UTF-8 as Unicode defines it (15.0, table 3-7): no surrogates, no overlong forms, nothing above
// U+10FFFF. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace unibox {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the well-formed character at the start of `text`; 0 if there is none.
std::size_t Utf8SequenceLength(std::string_view text);
bool IsUtf8(std::string_view text);

// UTF-8 without U+0000: what PostgreSQL's text and a protobuf string can hold.
bool IsCleanText(std::string_view text);
// The text itself if it is clean; else each malformed byte and each U+0000 becomes U+FFFD.
std::string CleanText(std::string_view text);

// At most so much from the start, never a part of a character. `text` must be UTF-8.
std::string_view CutUtf8(std::string_view text, std::size_t bytes_max);
std::string_view FirstCharacters(std::string_view text, std::size_t characters_max);

// One character: a C0 or C1 control, DEL, or one of the two line ends that Unicode adds.
bool IsControlCharacter(std::string_view character);

}  // namespace unibox
