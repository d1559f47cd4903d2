// UTF-8, character by character. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace unibox {

// Length in bytes of the well-formed character at the start of `bytes` (Unicode 15, table 3-7: no
// surrogates, no overlong forms, up to U+10FFFF), or 0.
std::size_t Utf8SequenceLength(std::string_view bytes);

// Valid UTF-8 without U+0000, which PostgreSQL takes.
bool IsStorableText(std::string_view text);

}  // namespace unibox
