// Where a cluster keeps a key: CRC16 (XMODEM) of it, or of its hash tag, modulo 16384.
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace unibox::redis {

inline constexpr std::uint16_t kSlotCount = 16'384;

// Keys that share a hash tag, the text between the first "{" and the next "}" if there is any
// between them, share a slot: "{t:42}:asg" and "{t:42}:open".
std::uint16_t SlotOfKey(std::string_view key);

}  // namespace unibox::redis
