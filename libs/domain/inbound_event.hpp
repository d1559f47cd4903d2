// What an event of the log must be like, so that message-writer can write it at all. The one
// implementation of it: what dead-letters an event, and what foretells that, must not differ.
// Thread safety: pure functions, any thread.
#pragma once

#include "base/status.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <cstddef>
#include <string_view>

namespace unibox::domain {

// Longest thread key, contact key and alias, in bytes: they lie in indexes.
inline constexpr std::size_t kKeyBytesMax = 512;
inline constexpr std::size_t kEmojiBytesMax = 256;

// Ok, or INVALID_ARGUMENT, reason INVALID_EVENT, that names the field: such an event can never be
// written, whatever the state of the database, and belongs into dead_letter.
Status Validate(const event::v1::InboundEvent& event);

// Reads a message of the log. Not Ok: no event, or none that Validate takes; `event` is then what
// could be read of it, nothing or all.
Status ReadInboundEvent(std::string_view payload, event::v1::InboundEvent* event);

}  // namespace unibox::domain
