// What a relay counts, under the names of its stream. Thread safety: as obs::Metrics.
#pragma once

#include "obs/metrics.hpp"

namespace unibox::writer {

struct RelayMetrics {
    obs::Counter& published;
    obs::Counter& retries;
    obs::Counter& dropped;
    obs::Gauge& backlog;
    obs::Histogram& delay;
};

// unibox_writer_feed_*
RelayMetrics FeedRelayMetrics(obs::Metrics& metrics);

}  // namespace unibox::writer
