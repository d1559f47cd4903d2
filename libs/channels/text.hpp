// Text as providers write it.
// Thread safety: pure functions, any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::channels {

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
