// Unix milliseconds, UTC, as protobuf tells times. Thread safety: pure functions.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

namespace unibox::domain {

// Nanoseconds always count forward, before 1970 too.
inline void SetTime(std::int64_t unix_ms, google::protobuf::Timestamp* to) {
    std::int64_t seconds = unix_ms / 1000;
    std::int64_t rest_ms = unix_ms % 1000;
    if (rest_ms < 0) {
        --seconds;
        rest_ms += 1000;
    }
    to->set_seconds(seconds);
    to->set_nanos(static_cast<std::int32_t>(rest_ms * 1'000'000));
}

inline google::protobuf::Timestamp ToTimestamp(std::int64_t unix_ms) {
    google::protobuf::Timestamp time;
    SetTime(unix_ms, &time);
    return time;
}

}  // namespace unibox::domain
