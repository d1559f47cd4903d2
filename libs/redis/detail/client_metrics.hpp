// What becomes of commands and connections, for the metrics. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "redis/reply.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace unibox::redis::detail {

class ClientMetrics {
public:
    ClientMetrics(obs::Metrics& metrics, const std::string& name);

    // One that was under way for so long has its outcome.
    void CountOutcome(const Result<Reply>& result, SteadyTime::duration taken);
    // One that never was under way.
    void CountRefused() { commands_[kRefused]->Add(); }
    void CountConnect() { connects_.Add(); }
    void CountRedirect() { redirects_.Add(); }
    void CountScriptSent() { scripts_sent_.Add(); }
    void SetConnected(bool connected) { connected_.Set(connected ? 1 : 0); }

private:
    enum Outcome : std::size_t { kAnswered, kError, kUnavailable, kDeadline, kRefused, kOutcomes };

    std::array<obs::Counter*, kOutcomes> commands_;
    obs::Histogram& seconds_;
    obs::Gauge& connected_;
    obs::Counter& connects_;
    obs::Counter& redirects_;
    obs::Counter& scripts_sent_;
};

}  // namespace unibox::redis::detail
