// The reasons of this library's errors on which callers decide: Status::reason() is one of these,
// or the first word of Redis' own error ("WRONGTYPE", "OOM": errors.hpp).
// Thread safety: constants, pure functions.
#pragma once

#include "base/status.hpp"

#include <string_view>

namespace unibox::redis {

// Surely not carried out.
inline constexpr std::string_view kNotConnected = "NOT_CONNECTED";
inline constexpr std::string_view kNotSent = "NOT_SENT";        // the connection or the time ended
inline constexpr std::string_view kWindowFull = "WINDOW_FULL";  // a limit of what is under way
inline constexpr std::string_view kTooLarge = "TOO_LARGE";      // could never be under way
inline constexpr std::string_view kCrossSlot = "CROSS_SLOT";    // its keys share no slot
inline constexpr std::string_view kNotShared = "NOT_SHARED";    // would change the connection
// May have been carried out.
inline constexpr std::string_view kNoAnswer = "NO_ANSWER";
inline constexpr std::string_view kShuttingDown = "SHUTTING_DOWN";
// Was carried out, with an answer of another kind than the caller expects.
inline constexpr std::string_view kUnexpectedReply = "UNEXPECTED_REPLY";

// Of Redis' own, those that this library itself acts on.
inline constexpr std::string_view kNoScript = "NOSCRIPT";
inline constexpr std::string_view kMoved = "MOVED";
inline constexpr std::string_view kAsk = "ASK";
inline constexpr std::string_view kReadOnly = "READONLY";

// Whether a command that ended so may have had its effect.
inline bool MayHaveRun(const Status& status) {
    return status.reason() == kNoAnswer || status.reason() == kShuttingDown;
}

}  // namespace unibox::redis
