// Metrics of message-writer. Thread safety: any thread.
#pragma once

#include "domain/shard.hpp"
#include "obs/metrics.hpp"

#include <cstdint>

namespace unibox::writer {

struct WriterMetrics {
    explicit WriterMetrics(obs::Metrics& registry);

    obs::Gauge& LagMessages(domain::ShardId shard);
    obs::Gauge& LagSeconds(domain::ShardId shard);
    obs::Gauge& RestoreHorizonSeconds(domain::ShardId shard);

    obs::Metrics& registry;
    obs::Histogram& batch_events;
    obs::Histogram& read_seconds;
    obs::Histogram& decide_seconds;
    obs::Histogram& write_seconds;  // second pipeline, COMMIT included
    obs::Histogram& publish_seconds;
    obs::Counter& batches;
    obs::Counter& batches_cut;
    obs::Counter& events;
    obs::Counter& messages;
    obs::Counter& duplicates;
    obs::Counter& ignored;
    obs::Counter& dead_letters;
    obs::Counter& retries;
    obs::Counter& unknown_outcomes;
    obs::Counter& fenced;
    obs::Counter& take_overs;
    obs::Counter& streams_recreated;
    obs::Counter& lost_events;
    obs::Counter& missing_periods;
    obs::Counter& holds;
    obs::Histogram& batch_commands;
    obs::Histogram& command_commit_seconds;
    obs::Counter& command_batches;
    obs::Counter& commands_repeated;
    obs::Counter& commands_failed;
    obs::Gauge& owned_partitions;
    obs::Gauge& stopped_partitions;
    obs::Gauge& held_partitions;
    obs::Gauge& detached_leaves;
    obs::Gauge& waiting_partitions;
    obs::Gauge& periods_ahead;
    obs::Counter& purged;
    obs::Counter& search_indexed;
    obs::Gauge& search_pending;
    obs::Gauge& search_lag_seconds;
    obs::Gauge& search_walking;
};

}  // namespace unibox::writer
