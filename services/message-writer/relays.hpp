// One relay for each stream of the outbox, each with a window and a backlog of its own: a stream
// that is full or missing holds up no other.
//
// Thread safety: as Relay.
#pragma once

#include "message-writer/outbox_streams.hpp"
#include "message-writer/relay.hpp"
#include "nats/connection.hpp"

#include <memory>
#include <span>
#include <vector>

namespace unibox::writer {

class Relays {
public:
    struct ToStream {
        OutboxStream to;
        std::unique_ptr<nats::Publisher> publisher;
        std::unique_ptr<Relay> relay;
    };

    // All must outlive the object. `feed_gate` is asked about the feed alone; without one its
    // events go out as they are.
    static Result<std::unique_ptr<Relays>> Create(
        nats::Connection& connection,
        std::span<const OutboxStream> streams,
        const RelaySettings& settings,
        obs::Metrics& metrics,
        const Clock& clock,
        FeedGate* feed_gate
    );

    const std::vector<ToStream>& all() const { return all_; }

    bool Has(domain::OutboxTarget target) const { return Find(target) != nullptr; }
    // `target` must be one of the streams'.
    Relay& Of(domain::OutboxTarget target) const;
    // Of every relay: see there.
    std::vector<store::OutboxId> TakeAcknowledged(domain::ShardId shard);
    void Forget(domain::ShardId shard);
    void Resume();

private:
    Relays() = default;
    const ToStream* Find(domain::OutboxTarget target) const;

    std::vector<ToStream> all_;
};

}  // namespace unibox::writer
