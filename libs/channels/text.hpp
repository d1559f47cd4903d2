// UTF-8 as it comes from outside.
// Thread safety: pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::channels {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// The text with NUL and everything that is not well-formed UTF-8 replaced by U+FFFD.
std::string CleanText(std::string_view bytes);

// At most bytes_max bytes, cut at a character border. `text` must be well-formed.
std::string_view CutUtf8(std::string_view text, std::size_t bytes_max);

// The characters of `text` that lie in the range [offset, offset + length) of its UTF-16 units, as
// Telegram counts; one of which only a half does is in it. What is out of range is left out.
std::string_view Utf16Slice(std::string_view text, std::int64_t offset, std::int64_t length);

// The first one that is not empty.
std::string FirstText(std::initializer_list<std::string> texts);

// The parts that are not empty, with ", " between them.
std::string JoinNonEmpty(std::initializer_list<std::string_view> parts);

// A finite decimal number that is the whole text.
std::optional<double> ParseDecimal(std::string_view text);

// Lower-case letters, digits and '_' of a name; other characters become '_'. At most 64 characters.
std::string SnakeCase(std::string_view name);

}  // namespace unibox::channels
