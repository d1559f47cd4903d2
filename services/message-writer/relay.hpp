// Relay: publishes what committed transactions left in the outbox for one stream, and says which
// rows the stream has acknowledged, so that the shard's next transaction deletes them.
//
// Order: the events of one ordering key (a conversation, in the feed) are published one after the
// other, each after the stream has acknowledged the one before, whatever is refused, lost or
// repeated on the way. So versions are in stream order, as the feed promises. Events of different
// keys (and those without one) do not wait for each other.
//
// Rows must be offered in id order within a shard. A row is held until all of its events are
// acknowledged; refusals and lost answers are tried again for ever under the same ids
// (Nats-Msg-Id), so the stream stores each once inside its dedup window. Nothing is sent while the
// gate is closed, and each event carries the feed epoch that the gate names, whichever it had when
// it was committed. An event that can never be published (larger than the server takes) is counted,
// logged and passed over: consumers fetch a missing version.
//
// Limits: at most `backlog_bytes_max` of rows are held. What is over is refused: it stays in the
// outbox, and so does everything of that shard after it, until the refused row is offered again.
// Thread safety: all methods from any thread; the methods of one shard from one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "message-writer/feed_gate.hpp"
#include "message-writer/outbox_streams.hpp"
#include "nats/publisher.hpp"
#include "obs/metrics.hpp"
#include "store/writer/batch_tx.hpp"
#include "unibox/event/v1/feed.pb.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace unibox::writer {

struct RelaySettings {
    // How long one attempt may take before the next begins.
    Millis publish_deadline{10'000};
    // After an attempt that failed at once.
    Millis retry_wait{100};
    // In the publisher's window at the same time; below the publisher's own limits.
    std::size_t in_flight_msgs_max = 2048;
    std::size_t in_flight_bytes_max = 8 * 1024 * 1024;
    std::size_t backlog_bytes_max = 64 * 1024 * 1024;
};

class Relay {
public:
    using Rows = std::vector<std::pair<store::OutboxId, event::v1::OutboxBatch>>;

    // `publisher` must outlive the relay and be used by it alone, as must the clock; with a `gate`
    // (which must outlive it too) it must not send again by itself. Without one events go out as
    // they are.
    Relay(
        nats::Publisher& publisher,
        const OutboxStream& to,
        const RelaySettings& settings,
        obs::Metrics& metrics,
        const Clock& clock,
        FeedGate* gate = nullptr
    );
    // Does not wait for what is in flight.
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    // Right after commit, or while sweeping. Never blocks. Rows that the relay knows are passed
    // over. False: at least one row was refused because the backlog is full; offer that shard's
    // rows again later, from the oldest one on.
    bool Publish(Rows rows);
    // The gate is open again.
    void Resume();
    // Rows of the shard that are acknowledged whole, and safe for the gate; each is told once.
    std::vector<store::OutboxId> TakeAcknowledged(domain::ShardId shard);
    // Waiting, in flight, or acknowledged and not yet taken: a sweep passes it over.
    bool Knows(const store::OutboxId& row) const;
    // The shard was lost or given up: nothing more of it is sent or told.
    void Forget(domain::ShardId shard);

    // Events that wait or are in flight.
    std::size_t backlog_count() const;

private:
    class Backlog;
    std::shared_ptr<Backlog> rows_;  // Completions may come after the relay's death.
};

}  // namespace unibox::writer
