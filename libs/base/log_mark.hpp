// What tells a message of a log from any other that could ever lie at its sequence: numbers are
// given out again when a server comes back with an older store. Thread safety: a value.
#pragma once

#include <cstdint>
#include <string>

namespace unibox {

struct LogMark {
    std::string msg_id;          // Nats-Msg-Id; empty if it had none.
    std::int64_t stored_ms = 0;  // When the stream stored it, Unix, UTC.
    bool operator==(const LogMark&) const = default;
};

}  // namespace unibox
