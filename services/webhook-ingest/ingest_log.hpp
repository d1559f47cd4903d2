// Which streams take the events now (nats::WrittenGeneration), which of them are missing, and how
// full UB_RAW is, for the metrics. Read from NATS again and again; the last answer is kept while no
// complete one can be had. The count of partitions that the database holds is read once for each
// generation; while it cannot be read the streams' own word is enough.
// Thread safety: any thread.
#pragma once

#include "async/periodic.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "nats/generations.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "webhook-ingest/log_history.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace unibox::ingest {

class IngestLog {
public:
    // What `uniboxctl streams ensure` wrote down; may wait for the database.
    using ReadRecords = std::function<Result<std::vector<nats::Generation>>()>;

    // All must outlive the object. Nothing is read before Start.
    IngestLog(
        nats::Connection& connection,
        ReadRecords read_records,
        LogHistory& history,
        const Clock& clock,
        Millis refresh_interval,
        obs::Metrics& metrics
    );

    // Reads them once (the result is that of the attempt) and goes on in the background.
    Status Start();
    void Stop();
    // UNAVAILABLE reason NO_STREAM, or the reasons of nats::CountOf, until they could be told once.
    Result<nats::Generation> written() const;
    // They were made or sealed (subjects::kStreamsChanged): looks at once.
    void StreamsChanged();
    // A publish found no stream: look again soon, at most once a second.
    void LookAgain();

private:
    Status Refresh();
    Result<nats::Generation> Choose(const nats::StreamList& list);
    void TellMissing(const nats::StreamList& list, const nats::Generation& written);
    void Tell(const Status& problem);
    std::optional<nats::Generation> current() const;

    nats::Streams streams_;
    const ReadRecords read_records_;
    LogHistory& history_;
    const Clock& clock_;
    const Millis refresh_interval_;
    obs::Gauge& partitions_;
    obs::Gauge& missing_;
    obs::Gauge& conflict_;
    obs::Gauge& raw_full_;
    std::atomic<std::uint64_t> packed_{0};  // generation << 32 | partition count
    // Of the thread that refreshes; Start ends before it begins.
    std::vector<nats::Generation> records_;
    std::string missing_told_;
    std::string reason_told_;
    mutable Mutex mutex_;
    Status problem_ UNIBOX_GUARDED_BY(mutex_);  // Why the generation could not be told last.
    SteadyTime looked_again_ UNIBOX_GUARDED_BY(mutex_);
    std::unique_ptr<async::Periodic> periodic_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::ingest
