// UTF-8 as it comes from outside.
// Thread safety: pure functions, any thread.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::channels {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// Length of the well-formed UTF-8 sequence at the start of `bytes` (Unicode 15, table 3-7: no
// surrogates, no overlong forms), or 0.
std::size_t Utf8SequenceLength(std::string_view bytes);

// The text with NUL and everything that is not well-formed UTF-8 replaced by U+FFFD.
std::string CleanText(std::string_view bytes);

// At most bytes_max bytes, cut at a character border. `text` must be well-formed.
std::string_view CutUtf8(std::string_view text, std::size_t bytes_max);

// The parts that are not empty, with ", " between them.
std::string JoinNonEmpty(std::initializer_list<std::string_view> parts);

// A finite decimal number that is the whole text.
std::optional<double> ParseDecimal(std::string_view text);

// Lower-case letters, digits and '_' of a name; other characters become '_'. At most 64 characters.
std::string SnakeCase(std::string_view name);

}  // namespace unibox::channels
