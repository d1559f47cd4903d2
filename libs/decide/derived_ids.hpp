// Ids that derive from those of inputs, so that a repeated transaction gives the same ones.
// Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <string_view>

namespace unibox::decide {

// UUIDv7 of `unix_ms` and a hash of the event key: the conversation that this event begins.
ConversationId ConversationIdOf(std::int64_t unix_ms, const EventKey& key);
// The contact that is first seen with this event.
ContactId ContactIdOf(std::int64_t unix_ms, const EventKey& key);
// The message that a command writes (each writes one at most), with the time of the command's id.
MessageId CommandMessageIdOf(const EventKey& command);
// The job that sends this message.
Uuid SendJobIdOf(const MessageId& message);
// The feed event of this cause and version. The feed epoch (16 bytes) is part of it: after a
// restore the same cause may have another result.
Uuid FeedEventIdOf(
    std::int64_t unix_ms,
    const EventKey& cause,
    const ConversationId& conversation,
    std::int64_t version,
    std::string_view feed_epoch
);

}  // namespace unibox::decide
