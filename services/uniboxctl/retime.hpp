// Moves the times inside a recorded webhook body to now, so that a sample looks as if it had just
// been sent. Thread safety: pure function.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace unibox::ctl {

// Shifts every time of a JSON body by the same amount, so that the newest becomes `now_ms`: numbers
// (also in quotes) of 10 digits (seconds) or 13 (milliseconds) and RFC 3339 texts, under the keys
// `time_members` (domain::WebhookSource). All other bytes stay; ids stay, so a re-sent body is
// still a duplicate. A body without times comes back as it is.
std::string RetimeBody(
    std::string_view body, std::span<const std::string_view> time_members, std::int64_t now_ms
);

}  // namespace unibox::ctl
