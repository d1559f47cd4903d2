#include "message-writer/metrics.hpp"

#include <string>

namespace unibox::writer {
namespace {

obs::Histogram& Phase(obs::Metrics& registry, const char* phase) {
    return registry.GetHistogram(
        "unibox_writer_phase_seconds",
        "Phases of a batch; write is the second pipeline with its COMMIT.",
        obs::SecondsBuckets(),
        {{"phase", phase}}
    );
}

obs::Labels ShardLabel(domain::ShardId shard) {
    return {{"shard", shard.ToString()}};
}

}  // namespace

WriterMetrics::WriterMetrics(obs::Metrics& metrics)
    : registry(metrics),
      batch_events(metrics.GetHistogram(
          "unibox_writer_batch_events",
          "Events of a committed batch.",
          {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000}
      )),
      read_seconds(Phase(metrics, "read")),
      decide_seconds(Phase(metrics, "decide")),
      write_seconds(Phase(metrics, "write")),
      publish_seconds(Phase(metrics, "publish")),
      batches(metrics.GetCounter("unibox_writer_batches_total", "Committed batches.")),
      batches_cut(metrics.GetCounter(
          "unibox_writer_batches_cut_total",
          "Batches written in parts, because of how much they would have read or written at once."
      )),
      events(metrics.GetCounter("unibox_writer_events_total", "Events committed.")),
      messages(metrics.GetCounter("unibox_writer_messages_total", "Messages created.")),
      duplicates(metrics.GetCounter("unibox_writer_duplicates_total", "Events seen before.")),
      ignored(metrics.GetCounter("unibox_writer_ignored_total", "Events without effect.")),
      dead_letters(metrics.GetCounter("unibox_writer_dead_letters_total", "Events given up.")),
      retries(metrics.GetCounter("unibox_writer_retries_total", "Transactions repeated.")),
      unknown_outcomes(metrics.GetCounter(
          "unibox_writer_unknown_outcomes_total", "Connections lost while COMMIT was on its way."
      )),
      fenced(metrics.GetCounter(
          "unibox_writer_fenced_total", "Partitions found to belong to another writer."
      )),
      take_overs(metrics.GetCounter("unibox_writer_take_overs_total", "Partitions taken.")),
      streams_recreated(metrics.GetCounter(
          "unibox_writer_streams_recreated_total",
          "Ingest streams made anew, or back with another history: an alarm."
      )),
      lost_events(metrics.GetCounter(
          "unibox_writer_lost_events_total",
          "Events that an ingest stream lost before they were written: an alarm."
      )),
      missing_periods(metrics.GetCounter(
          "unibox_writer_missing_periods_total", "Time partitions made only when a row needed them."
      )),
      holds(metrics.GetCounter(
          "unibox_writer_holds_total", "Times that a partition began to wait for a detached leaf."
      )),
      batch_commands(metrics.GetHistogram(
          "unibox_writer_batch_commands",
          "Commands of a committed transaction.",
          {1, 2, 5, 10, 20, 50, 100, 200}
      )),
      command_commit_seconds(metrics.GetHistogram(
          "unibox_writer_command_commit_seconds",
          "Transactions of commands, from BEGIN to COMMIT.",
          obs::SecondsBuckets()
      )),
      command_batches(metrics.GetCounter(
          "unibox_writer_command_batches_total", "Committed transactions of commands."
      )),
      commands_repeated(metrics.GetCounter(
          "unibox_writer_commands_repeated_total",
          "Commands that got the answer of an earlier call."
      )),
      commands_failed(metrics.GetCounter(
          "unibox_writer_commands_failed_total", "Commands that cannot be written: an alarm."
      )),
      owned_partitions(
          metrics.GetGauge("unibox_writer_owned_partitions", "Partitions owned by this instance.")
      ),
      stopped_partitions(metrics.GetGauge(
          "unibox_writer_stopped_partitions",
          "Owned partitions that wait for an operator: an alarm."
      )),
      held_partitions(metrics.GetGauge(
          "unibox_writer_held_partitions",
          "Owned partitions that wait for a detached time partition: an alarm."
      )),
      detached_leaves(metrics.GetGauge(
          "unibox_writer_detached_leaves",
          "Time partitions that lie beside their table and hold rows that are needed: an alarm."
      )),
      waiting_partitions(metrics.GetGauge(
          "unibox_writer_waiting_partitions",
          "Partitions of newer generations, not written before the older ones are."
      )),
      periods_ahead(metrics.GetGauge(
          "unibox_writer_periods_ahead", "Time partitions made ahead, the least of all tables."
      )),
      purged(metrics.GetCounter(
          "unibox_writer_purged_messages_total", "Committed messages removed from the log."
      )),
      search_indexed(metrics.GetCounter(
          "unibox_writer_search_indexed_total", "Messages and contacts made searchable."
      )),
      search_pending(metrics.GetGauge(
          "unibox_writer_search_pending",
          "Statements whose messages or contacts are not searchable yet; 10,000 at most."
      )),
      search_lag_seconds(metrics.GetGauge(
          "unibox_writer_search_lag_seconds", "Age of the oldest change that search does not find."
      )),
      search_walking(metrics.GetGauge(
          "unibox_writer_search_walking", "1 while messages from before are being made searchable."
      )) {}

obs::Gauge& WriterMetrics::LagMessages(domain::ShardId shard) {
    return registry.GetGauge(
        "unibox_writer_lag_messages", "Stored events that are not committed.", ShardLabel(shard)
    );
}

obs::Gauge& WriterMetrics::LagSeconds(domain::ShardId shard) {
    return registry.GetGauge(
        "unibox_writer_lag_seconds",
        "Age of the oldest event that is not committed, as far as this writer knows.",
        ShardLabel(shard)
    );
}

obs::Gauge& WriterMetrics::RestoreHorizonSeconds(domain::ShardId shard) {
    return registry.GetGauge(
        "unibox_writer_restore_horizon_seconds",
        "How far back a restored database would still find the whole log.",
        ShardLabel(shard)
    );
}

}  // namespace unibox::writer
