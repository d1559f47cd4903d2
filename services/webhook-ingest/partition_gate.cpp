#include "webhook-ingest/partition_gate.hpp"

#include "nats/reasons.hpp"
#include "obs/log.hpp"

#include <fmt/format.h>

namespace unibox::ingest {

PartitionGate::PartitionGate(obs::Metrics& metrics)
    : away_(metrics.GetGauge(
          "unibox_ingest_away_partitions",
          "Partitions that did not store the last message: their conversations are answered 503."
      )) {}

Status PartitionGate::Enter(int partition) {
    Partition& entry = partitions_.at(static_cast<std::size_t>(partition));
    const int before = entry.underway.fetch_add(1);
    if (!entry.away.load() || before < kProbeCountMax) return {};
    --entry.underway;
    return Unavailable(fmt::format("partition {} of the log does not answer", partition))
        .WithReason("PARTITION_AWAY");
}

void PartitionGate::Leave(int partition, const Status& outcome) {
    Partition& entry = partitions_.at(static_cast<std::size_t>(partition));
    --entry.underway;
    const std::string& reason = outcome.reason();
    const bool silent = reason == nats::kNoStream || reason == nats::kNoAck;
    const bool answered = outcome.ok() || reason == nats::kStreamFull;
    if (!silent && !answered) return;  // Says nothing of this partition alone.
    if (entry.away.exchange(silent) == silent) return;
    away_.Set(silent ? ++away_count_ : --away_count_);
    const auto level = silent ? obs::Level::kWarn : obs::Level::kInfo;
    const auto* text = silent ? "a partition of the log does not answer" : "it answers again";
    obs::Log(level, text, {{"partition", partition}});
}

}  // namespace unibox::ingest
