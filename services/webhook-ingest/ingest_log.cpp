#include "ingest_log.hpp"

#include "obs/log.hpp"
#include "wire/subjects.hpp"

namespace unibox::ingest {
namespace {

// Each event that finds no stream asks; a cluster that is unwell must not be asked as often.
constexpr Millis kLookAgainPause(1'000);
constexpr std::string_view kStreamPrefix = "UB_";  // All of ours: UB_RAW is told of too.

}  // namespace

IngestLog::IngestLog(
    nats::Connection& connection, const Clock& clock, std::int64_t refresh_ms, obs::Metrics& metrics
)
    : streams_(connection),
      clock_(clock),
      refresh_ms_(refresh_ms),
      partitions_(metrics.GetGauge(
          "unibox_ingest_partitions", "Partitions of the log that is written to; 0 = unknown."
      )),
      raw_full_(metrics.GetGauge(
          "unibox_ingest_raw_full_ratio",
          "Bytes of UB_RAW by its limit; near 1 each new webhook there drops the oldest."
      )) {}

Status IngestLog::Start() {
    Status first = Refresh();
    const MutexLock lock(mutex_);
    periodic_ = std::make_unique<async::Periodic>("ingest-log", Millis(refresh_ms_), [this] {
        const Status status = Refresh();
        if (!status.ok()) {
            obs::Log(obs::Level::kDebug, "ingest log not read", {{"error", status}});
        }
    });
    return first;
}

void IngestLog::Stop() {
    std::unique_ptr<async::Periodic> stopped;
    {
        const MutexLock lock(mutex_);
        stopped = std::move(periodic_);
    }
    if (stopped) stopped->Stop();
}

std::optional<nats::Generation> IngestLog::written() const {
    const std::uint64_t packed = packed_.load();
    if (packed == 0) return std::nullopt;
    return nats::Generation{
        static_cast<int>(packed >> 32), static_cast<int>(packed & 0xffffffffULL)};
}

void IngestLog::StreamsChanged() {
    const MutexLock lock(mutex_);
    if (periodic_) periodic_->Wake();
}

void IngestLog::LookAgain() {
    const MutexLock lock(mutex_);
    const auto now = clock_.Steady();
    if (!periodic_ || now - looked_again_ < kLookAgainPause) return;
    looked_again_ = now;
    periodic_->Wake();
}

Status IngestLog::Refresh() {
    UNIBOX_ASSIGN_OR_RETURN(const auto streams, streams_.List(kStreamPrefix));
    for (const nats::StreamInfo& stream : streams) {
        if (stream.name != wire::kRawStream || stream.bytes_max <= 0) continue;
        raw_full_.Set(static_cast<double>(stream.bytes) / static_cast<double>(stream.bytes_max));
    }
    const auto found = nats::WrittenGeneration(streams);
    if (!found) return Unavailable("the ingest log has no streams").WithReason("NO_STREAM");
    const std::uint64_t packed = static_cast<std::uint64_t>(found->number) << 32 |
                                 static_cast<std::uint32_t>(found->partition_count);
    if (packed_.exchange(packed) != packed) {
        obs::Log(
            obs::Level::kInfo,
            "ingest log",
            {{"generation", found->number}, {"partitions", found->partition_count}}
        );
    }
    partitions_.Set(found->partition_count);
    return {};
}

}  // namespace unibox::ingest
