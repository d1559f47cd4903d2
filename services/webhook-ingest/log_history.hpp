// Whether the log is still the one that it was. A server can come back with an older store, and a
// stream can be made anew: what was stored before may be gone then, and what EventWindow knows of
// it is void. Everything that shows it counts: a new connection, a stream that is deleted, not
// there or created at another time, a last sequence or an acknowledged one that is no higher than
// one seen before. Thread safety: any thread.
#pragma once

#include "base/mutex.hpp"
#include "nats/connection.hpp"
#include "nats/publisher.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "webhook-ingest/event_window.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace unibox::ingest {

class LogHistory {
public:
    // The highest sequence that each stream is known to have had.
    using Marks = std::map<std::string, std::uint64_t, std::less<>>;

    // All must outlive the object. It begins to listen to the connection.
    LogHistory(nats::Connection& connection, EventWindow& window, obs::Metrics& metrics);
    // Listens to the server, which says when a stream is deleted.
    Status Start();

    // Whether what was stored can be relied on now: not while the connection is away, for whatever
    // comes back may be older.
    bool certain() const { return connection_.connected(); }
    // A message was stored.
    void OnStored(const nats::PubAck& ack);
    // A message found nobody who stores it there.
    void OnNoStream(const std::string& stream);
    // `before`: marks() from before these were asked for.
    void OnStreams(const Marks& before, const nats::StreamList& list);
    Marks marks() const;

private:
    void Begin(const char* why, const std::string& stream);

    nats::Connection& connection_;
    EventWindow& window_;
    obs::Metrics& metrics_;
    mutable Mutex mutex_;
    Marks marks_ UNIBOX_GUARDED_BY(mutex_);
    std::map<std::string, std::int64_t, std::less<>> created_us_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::ingest
