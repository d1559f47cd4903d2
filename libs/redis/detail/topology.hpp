// What servers say about each other. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "redis/detail/endpoints.hpp"
#include "redis/reply.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace unibox::redis::detail {

// Of SENTINEL MASTER. https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
struct Master {
    Address address;
    std::int64_t config_epoch = 0;  // The highest one is the newest.
};
Result<Master> ParseMaster(const Reply& reply);

// Of CLUSTER SLOTS: the slots from first to last, and the master that has them.
struct SlotRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    Address master;
};
// A node that does not know its own name is where it was asked: `asked`.
Result<std::vector<SlotRange>> ParseSlots(const Reply& reply, const Address& asked);

// "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381"; nothing for any other error.
struct Redirection {
    bool is_ask = false;
    std::uint16_t slot = 0;
    Address to;
};
std::optional<Redirection> ParseRedirection(std::string_view error, const Address& asked);

}  // namespace unibox::redis::detail
