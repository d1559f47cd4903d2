// Which streams take the events now (nats::WrittenGeneration), and how full UB_RAW is, for the
// metrics. Read from NATS again and again; the last answer is kept when NATS is away.
// Thread safety: any thread.
#pragma once

#include "async/periodic.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace unibox::ingest {

class IngestLog {
public:
    // Connection and clock must outlive the object. Nothing is read before Start.
    IngestLog(
        nats::Connection& connection,
        const Clock& clock,
        std::int64_t refresh_ms,
        obs::Metrics& metrics
    );

    // Reads them once (the result is that of the attempt) and goes on in the background.
    Status Start();
    void Stop();
    // Nothing until streams were seen.
    std::optional<nats::Generation> written() const;
    // They were made or sealed (wire::kStreamsChanged): looks at once.
    void StreamsChanged();
    // A publish found no stream: look again soon, at most once a second.
    void LookAgain();

private:
    Status Refresh();

    nats::Streams streams_;
    const Clock& clock_;
    const std::int64_t refresh_ms_;
    obs::Gauge& partitions_;
    obs::Gauge& raw_full_;
    std::atomic<std::uint64_t> packed_{0};  // generation << 32 | partition count
    Mutex mutex_;
    SteadyTime looked_again_ UNIBOX_GUARDED_BY(mutex_);
    std::unique_ptr<async::Periodic> periodic_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::ingest
