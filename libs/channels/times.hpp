// The many ways in which providers write a time, as Unix milliseconds (UTC). 0 = cannot be read.
// Thread safety: pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace unibox::channels {

// Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size:
// less than 10^11 are seconds (until the year 5138), less than 10^14 milliseconds, less than 10^17
// microseconds. Negative: 0.
std::int64_t UnixTimeMs(std::int64_t number);
// The same for a number with a fraction.
std::int64_t UnixTimeMs(double number);

// A number as text, or RFC 3339 (lenient) or RFC 1123 as base/time_text.hpp reads them. Before
// 1970: 0.
std::int64_t TextTimeMs(std::string_view text);

}  // namespace unibox::channels
