// An Outgoing as a message of nats.c. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "nats/detail/nats_c.hpp"
#include "nats/publisher.hpp"

#include <cstddef>
#include <string>

namespace unibox::nats::detail {

// INVALID_ARGUMENT reason "bad_subject", or "bad_header" for an id with control characters.
Status CheckOutgoing(const Outgoing& message);
// What it counts in the window.
std::size_t SizeOf(const Outgoing& message);
Result<MessagePtr> BuildMessage(const Outgoing& message, const std::string& reply);

}  // namespace unibox::nats::detail
