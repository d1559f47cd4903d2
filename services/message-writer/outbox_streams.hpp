// The streams that the outbox is relayed to. Thread safety: constants.
#pragma once

#include "domain/outbox_target.hpp"
#include "message-writer/relay_metrics.hpp"
#include "subjects/subjects.hpp"

#include <string_view>

namespace unibox::writer {

struct OutboxStream {
    domain::OutboxTarget target{};
    std::string_view stream;
    RelayMetrics (*metrics)(obs::Metrics&) = nullptr;
    // Nothing more is written of a shard while its rows for this stream do not fit into the relay.
    // Else they lie in the outbox until the stream takes them, and writing goes on.
    bool holds_writes = false;
};

// One row for each stream.
inline constexpr OutboxStream kOutboxStreams[] = {
    {domain::OutboxTarget::kFeed, subjects::kEvStream, FeedRelayMetrics, true},
};

}  // namespace unibox::writer
