#include "nats/detail/publish_metrics.hpp"

namespace unibox::nats::detail {

PublishMetrics::PublishMetrics(obs::Metrics& metrics)
    : acked_(metrics.GetCounter("unibox_nats_acked_total", "Publishes that JetStream stored.")),
      duplicates_(metrics.GetCounter(
          "unibox_nats_duplicates_total", "Publishes that JetStream had stored before."
      )),
      failed_(
          metrics.GetCounter("unibox_nats_failed_total", "Publishes that were not acknowledged.")
      ),
      resent_(metrics.GetCounter("unibox_nats_resent_total", "Publishes that were sent again.")),
      seconds_(metrics.GetHistogram(
          "unibox_nats_publish_seconds", "From publish to outcome.", obs::SecondsBuckets()
      )) {}

void PublishMetrics::CountOutcome(const Result<PubAck>& result, SteadyTime::duration taken) {
    seconds_.Observe(std::chrono::duration<double>(taken).count());
    if (!result.ok()) return failed_.Add();
    acked_.Add();
    if (result->duplicate) duplicates_.Add();
}

}  // namespace unibox::nats::detail
