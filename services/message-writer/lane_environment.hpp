// What all lanes share. Thread safety: its parts are safe from any thread.
#pragma once

#include "message-writer/commit_stage.hpp"
#include "message-writer/config.hpp"
#include "message-writer/log_highs.hpp"
#include "message-writer/metrics.hpp"
#include "message-writer/relays.hpp"
#include "nats/connection.hpp"
#include "obs/metrics.hpp"
#include "pg/pool.hpp"

#include <functional>
#include <string>

namespace unibox::writer {

// Outlives the lanes.
struct LaneEnvironment {
    const Config& config;
    std::string owner;
    pg::Pool& pool;
    nats::Connection& connection;
    Relays& relays;
    WriterMetrics& metrics;
    StageHook on_stage;
    obs::Metrics& registry;
    const Clock& clock;
    LogHighs& log_highs;
    // Called by a lane when it lost a shard, so that the shares are looked at again.
    std::function<void()> on_lost;
    // Called regularly while a stream of the log is fuller than keeper.fill_percent_max.
    std::function<void()> on_log_full;
};

}  // namespace unibox::writer
