// What becomes of publishes, for the metrics. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "nats/publisher.hpp"
#include "obs/metrics.hpp"

namespace unibox::nats::detail {

class PublishMetrics {
public:
    explicit PublishMetrics(obs::Metrics& metrics);

    // A message that was in the window for so long has its outcome.
    void CountOutcome(const Result<PubAck>& result, SteadyTime::duration taken);
    // One that never was in the window.
    void CountRefused() { failed_.Add(); }
    void CountResent() { resent_.Add(); }

private:
    obs::Counter& acked_;
    obs::Counter& duplicates_;
    obs::Counter& failed_;
    obs::Counter& resent_;
    obs::Histogram& seconds_;
};

}  // namespace unibox::nats::detail
