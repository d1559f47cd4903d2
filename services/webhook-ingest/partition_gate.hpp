// Keeps a partition whose stream is missing, or has no leader, from taking the publisher's window
// for itself: until it answers again only a few of its messages are on their way at a time, and the
// others are refused at once. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "subjects/subjects.hpp"

#include <array>
#include <atomic>

namespace unibox::ingest {

class PartitionGate {
public:
    // Messages on their way to a partition that does not answer.
    static constexpr int kProbeCountMax = 16;

    explicit PartitionGate(obs::Metrics& metrics);

    // Before a message is published. UNAVAILABLE, reason PARTITION_AWAY: it must not be.
    Status Enter(int partition);
    // Its outcome, once for each Enter that was ok.
    void Leave(int partition, const Status& outcome);

private:
    struct Partition {
        std::atomic<int> underway{0};
        std::atomic<bool> away{false};
    };
    std::array<Partition, subjects::kPartitionMax + 1> partitions_;
    std::atomic<int> away_count_{0};
    obs::Gauge& away_;
};

}  // namespace unibox::ingest
