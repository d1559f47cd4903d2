// An Outgoing as a message of nats.c. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "nats/detail/nats_c.hpp"
#include "nats/publisher.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace unibox::nats::detail {

// INVALID_ARGUMENT: it could never be sent. Reason "BAD_SUBJECT", "BAD_HEADER" (an id with control
// characters), or "TOO_LARGE" for the window or for the server (payload_bytes_max; 0: not known).
Status CheckOutgoing(
    const Outgoing& message, std::size_t window_bytes, std::int64_t payload_bytes_max
);
// What it counts in the window.
std::size_t SizeOf(const Outgoing& message);
Result<MessagePtr> BuildMessage(const Outgoing& message, const std::string& reply);

}  // namespace unibox::nats::detail
