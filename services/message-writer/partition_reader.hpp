// One partition of the log as its lane reads it: the shard that is written, and the reader of its
// stream, which is opened, begun anew after another history was found, and stopped at a gap.
// Thread safety: the lane's thread.
#pragma once

#include "message-writer/batch_committer.hpp"
#include "message-writer/gathered_batch.hpp"
#include "message-writer/hold.hpp"
#include "message-writer/lane_environment.hpp"
#include "nats/log_reader.hpp"
#include "nats/streams.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace unibox::writer {

class PartitionReader {
public:
    // `on_arrival` runs on any thread whenever something may be read. All must outlive the object.
    PartitionReader(
        const LaneEnvironment& environment,
        nats::Streams& streams,
        std::function<void()> on_arrival,
        const store::OwnedPartition& owned
    );

    WrittenShard& shard() { return shard_; }
    const WrittenShard& shard() const { return shard_; }
    bool waits_for_leaf() const { return hold_.waits(); }

    // Adds what has arrived to the batch, at most so much, but at least one event. `credit_bytes`:
    // what the server may send ahead. Returns the bytes of the payloads. What goes wrong is told
    // and tried again, or makes the shard lost or stopped.
    std::size_t Fetch(
        std::size_t count_max, std::size_t bytes_max, std::size_t credit_bytes, GatheredBatch* batch
    );
    // After a batch with events of the shard: what was read and not written is read again.
    void AfterBatch(bool all_written);

private:
    bool Open(std::size_t credit_bytes);
    void AfterError(const Status& error);
    void RestartStream();
    Status ReadAgain();
    void StopForGap();
    std::string stream() const;

    const LaneEnvironment& env_;
    nats::Streams& streams_;
    std::function<void()> on_arrival_;
    WrittenShard shard_;
    Hold hold_;
    std::unique_ptr<nats::LogReader> reader_;
    SteadyTime reopen_at_{};
    SteadyTime warn_at_{};
    std::optional<SteadyTime> tail_lost_since_;
};

}  // namespace unibox::writer
