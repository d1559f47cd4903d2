// Small text functions that the standard library lacks.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox {

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view TrimSpace(std::string_view text);
std::string ToLowerAscii(std::string_view text);
std::string ToUpperAscii(std::string_view text);
bool EqualsIgnoreCaseAscii(std::string_view a, std::string_view b);

// Decimal digits with an optional minus; the whole text must be the number.
std::optional<std::int64_t> ParseInt64(std::string_view text);

// FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
std::uint32_t Fnv1a32(std::string_view bytes, std::uint32_t seed = 2166136261U);

}  // namespace unibox
