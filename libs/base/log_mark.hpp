// What tells a message of a log from any other that could ever lie at its sequence: numbers are
// given out again when a server comes back with an older store. Thread safety: a value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace unibox {

struct LogMark {
    std::string msg_id;          // Nats-Msg-Id as KeptMsgId makes it; empty if there was none.
    std::int64_t stored_ms = 0;  // When the stream stored it, Unix, UTC.
    bool operator==(const LogMark&) const = default;
};

inline constexpr std::size_t kKeptMsgIdBytesMax = 128;

// Ours is short and plain; a stranger's must not spoil the row that it is kept in.
inline std::string KeptMsgId(std::string_view msg_id) {
    std::string kept(msg_id.substr(0, kKeptMsgIdBytesMax));
    const auto is_odd = [](char c) { return c < 0x20 || c > 0x7e; };
    std::replace_if(kept.begin(), kept.end(), is_odd, '?');
    return kept;
}

}  // namespace unibox
