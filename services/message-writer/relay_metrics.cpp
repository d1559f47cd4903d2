#include "message-writer/relay_metrics.hpp"

namespace unibox::writer {

RelayMetrics FeedRelayMetrics(obs::Metrics& metrics) {
    return {
        metrics.GetCounter(
            "unibox_writer_feed_events_total", "Events of the feed that the stream acknowledged."
        ),
        metrics.GetCounter(
            "unibox_writer_feed_retries_total", "Attempts to publish an event that failed."
        ),
        metrics.GetCounter(
            "unibox_writer_feed_dropped_total", "Events that can never be published."
        ),
        metrics.GetGauge(
            "unibox_writer_feed_backlog_events", "Events that wait or are on their way."
        ),
        metrics.GetHistogram(
            "unibox_writer_feed_delay_seconds",
            "From commit to the acknowledgement of a whole outbox row.",
            obs::SecondsBuckets()
        )};
}

}  // namespace unibox::writer
