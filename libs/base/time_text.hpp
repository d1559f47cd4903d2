// Times as text. Milliseconds since 1970, UTC; the only limits are those of a calendar: the years 0
// to 9999. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unibox {

enum class Rfc3339 {
    // "2026-07-30T12:00:00Z", "…12:00:00.123456+01:00": as the RFC has it, any number of digits
    // behind the point; T and Z in either case.
    kStrict,
    // What senders make of it as well: a blank for the T, no seconds, a comma for the point, no
    // zone (then UTC), "GMT" and "UTC" for Z, "+0100".
    kLenient,
};

// nullopt: it is not of that form, or no day and time that there is. A leap second (":60") is the
// second after it; digits beyond the millisecond are passed over. Nothing may stand around it.
std::optional<std::int64_t> ParseRfc3339(std::string_view text, Rfc3339 form);

// RFC 1123, as senders write it: "Thu, 30 Jul 2026 12:00:00 +0000"; the day of the week is passed
// over and may be left out, so may the seconds; "GMT", "UTC", "Z" and no zone mean UTC.
std::optional<std::int64_t> ParseRfc1123(std::string_view text);

// "2026-07-30T12:00:00.123Z".
std::string Rfc3339Of(std::int64_t unix_ms);

}  // namespace unibox
