#include "webhook-ingest/ingest_log.hpp"

#include "nats/reasons.hpp"
#include "obs/log.hpp"
#include "subjects/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace unibox::ingest {
namespace {

// Each event that finds no stream asks; a cluster that is unwell must not be asked as often.
constexpr Millis kLookAgainPause(1'000);
constexpr std::string_view kStreamPrefix = "UB_";  // All of ours: UB_RAW is told of too.
// A cluster answers after 4 s when one of its streams has no leader.
constexpr Millis kListWait(6'000);

Status NotSeenYet() {
    return Unavailable("the ingest log has not been seen yet").WithReason(nats::kNoStream);
}

std::optional<nats::Generation> Unpack(std::uint64_t packed) {
    if (packed == 0) return std::nullopt;
    return nats::Generation{
        static_cast<int>(packed >> 32), static_cast<int>(packed & 0xffffffffULL)};
}

// Silent streams are there: their generation has them, and one that answers tells of its state.
std::vector<nats::GenerationFacts> FactsOf(
    const nats::StreamList& list, const std::vector<nats::Generation>& records
) {
    auto facts = nats::FactsOf(list.streams, records);
    for (const std::string& name : list.silent) {
        const auto id = subjects::ParseInStream(name);
        const auto at = std::find_if(facts.begin(), facts.end(), [&](const auto& one) {
            return id && one.number == id->generation && !one.partitions.empty();
        });
        if (at != facts.end()) at->partitions.insert(id->partition);
    }
    return facts;
}

// Of which generation's state nobody tells now.
bool HidesGeneration(const nats::StreamList& list) {
    return std::any_of(list.silent.begin(), list.silent.end(), [&](const std::string& name) {
        const auto id = subjects::ParseInStream(name);
        const auto same = [&](const nats::StreamInfo& stream) {
            const auto other = subjects::ParseInStream(stream.name);
            return other && other->generation == id->generation;
        };
        return id && std::none_of(list.streams.begin(), list.streams.end(), same);
    });
}

}  // namespace

IngestLog::IngestLog(
    nats::Connection& connection,
    ReadRecords read_records,
    LogHistory& history,
    const Clock& clock,
    Millis refresh_interval,
    obs::Metrics& metrics
)
    : streams_(connection),
      read_records_(std::move(read_records)),
      history_(history),
      clock_(clock),
      refresh_interval_(refresh_interval),
      partitions_(metrics.GetGauge(
          "unibox_ingest_partitions", "Partitions of the log that is written to; 0 = unknown."
      )),
      missing_(metrics.GetGauge(
          "unibox_ingest_missing_partitions",
          "Partitions of the log that is written to whose stream is not there or does not answer."
      )),
      conflict_(metrics.GetGauge(
          "unibox_ingest_partition_count_conflict",
          "1: streams and database disagree about the count of partitions, or nobody tells it."
      )),
      raw_full_(metrics.GetGauge(
          "unibox_ingest_raw_full_ratio",
          "Bytes of UB_RAW by its limit; near 1 each new webhook there drops the oldest."
      )),
      problem_(NotSeenYet()) {}

Status IngestLog::Start() {
    Status first = Refresh();
    const MutexLock lock(mutex_);
    periodic_ = std::make_unique<async::Periodic>("ingest-log", refresh_interval_, [this] {
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

std::optional<nats::Generation> IngestLog::current() const {
    return Unpack(packed_.load());
}

Result<nats::Generation> IngestLog::written() const {
    if (const auto known = current()) return *known;
    const MutexLock lock(mutex_);
    return problem_;
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
    const LogHistory::Marks marks = history_.marks();
    UNIBOX_ASSIGN_OR_RETURN(const nats::StreamList list, streams_.Look(kStreamPrefix, kListWait));
    history_.OnStreams(marks, list);
    for (const nats::StreamInfo& stream : list.streams) {
        if (stream.name != subjects::kRawStream || stream.bytes_max <= 0) continue;
        raw_full_.Set(static_cast<double>(stream.bytes) / static_cast<double>(stream.bytes_max));
    }
    const auto found = Choose(list);
    Tell(found.status());
    if (const auto written = found.ok() ? *found : current()) TellMissing(list, *written);
    UNIBOX_RETURN_IF_ERROR(found.status());
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

Result<nats::Generation> IngestLog::Choose(const nats::StreamList& list) {
    const auto now = current();
    if (!list.silent.empty()) {
        // A part of the list decides nothing, but that there is a log at all.
        if (now) return *now;
        if (HidesGeneration(list)) {
            return Unavailable("a generation of the ingest log does not answer")
                .WithReason("STREAM_SILENT");
        }
    }
    auto found = nats::WrittenGeneration(FactsOf(list, records_), now);
    const auto is_recorded = [&](const nats::Generation& one) {
        return found.ok() && one.number == found->number;
    };
    if (std::any_of(records_.begin(), records_.end(), is_recorded)) return found;
    auto records = read_records_();
    if (!records.ok()) {
        obs::Log(
            obs::Level::kDebug,
            "the database does not tell the count of partitions",
            {{"error", records.status()}}
        );
        return found;
    }
    records_ = std::move(records).value();
    return nats::WrittenGeneration(FactsOf(list, records_), now);
}

void IngestLog::TellMissing(const nats::StreamList& list, const nats::Generation& written) {
    std::string missing;
    int count = 0;
    for (int partition = 0; partition < written.partition_count; ++partition) {
        const std::string name = subjects::InStream(written.number, partition);
        const auto is_it = [&](const nats::StreamInfo& stream) { return stream.name == name; };
        if (std::any_of(list.streams.begin(), list.streams.end(), is_it)) continue;
        missing += fmt::format("{}{}", missing.empty() ? "" : " ", name);
        ++count;
    }
    missing_.Set(count);
    if (std::exchange(missing_told_, missing) == missing) return;
    if (missing.empty()) return obs::Log(obs::Level::kInfo, "all partitions have their streams");
    obs::Log(
        obs::Level::kError,
        "partitions have no stream that answers: their conversations are refused",
        {{"streams", missing}, {"partitions", written.partition_count}}
    );
}

void IngestLog::Tell(const Status& problem) {
    const bool conflict = problem.reason().starts_with("PARTITION_COUNT");
    conflict_.Set(conflict ? 1 : 0);
    if (!problem.ok()) {
        const MutexLock lock(mutex_);
        problem_ = problem;
    }
    const bool is_told = std::exchange(reason_told_, problem.reason()) == problem.reason();
    if (is_told || !conflict) return;
    const auto now = current();
    obs::Log(
        obs::Level::kError,
        "the count of partitions is in doubt",
        {{"error", problem}, {"partitions", now ? now->partition_count : 0}}
    );
}

}  // namespace unibox::ingest
