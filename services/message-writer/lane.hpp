// A lane: one thread with one connection that owns several shards and writes their events, one
// transaction in flight.
//
// Batching is natural: a batch is what arrived while the last one was committed, at most
// event_count_max and bytes_max, not sooner than interval_ms after the last batch began.
//
// Thread safety: Add, Drop, Shards, count and the constructor's callbacks from any thread; Start
// and Stop once each.
#pragma once

#include "base/mutex.hpp"
#include "message-writer/batch_committer.hpp"
#include "message-writer/lane_environment.hpp"
#include "message-writer/lane_outbox.hpp"
#include "message-writer/partition_reader.hpp"
#include "nats/streams.hpp"

#include <condition_variable>
#include <memory>
#include <thread>

namespace unibox::writer {

struct LaneShard {
    store::OwnedPartition owned;
    std::int64_t oldest_pending_ms = 0;  // stored at, of what is being written; 0 = nothing
    bool waits_for_leaf = false;
};

class Lane {
public:
    static Result<std::unique_ptr<Lane>> Create(LaneEnvironment& environment, std::size_t index);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    // Stops after the transaction in flight; what was read and not written is left to the log.
    void Stop();
    void BeginStop();  // without waiting for it
    void Add(const store::OwnedPartition& owned);
    // The lane forgets the shard; true once it does not touch it any more, false after `wait`, or
    // when the lane stops.
    bool Drop(domain::ShardId shard, Millis wait);
    // The shards as the lane knows them, without those that it has lost.
    std::vector<LaneShard> Shards() const;
    std::size_t count() const;

private:
    Lane(LaneEnvironment& environment, std::size_t index, std::unique_ptr<pg::Session> session);
    void Run();
    void ApplyRequests();
    void ReportState();
    bool RunOnce();
    GatheredBatch Gather();
    std::size_t CreditBytes() const;
    void Write(const GatheredBatch& batch);
    void Publish(CommittedOutbox rows);
    void TakeSweepNeeds();
    void SweepWhereNeeded();
    void CollectAcknowledged();
    void DeleteAcknowledgedWhenIdle();
    void SetPending(const GatheredBatch& batch);
    bool Pause(Millis wait);
    void WaitForWork();
    void Arrived();
    bool stopping() const;

    LaneEnvironment& env_;
    const std::size_t index_;
    std::unique_ptr<pg::Session> session_;
    nats::Streams streams_;
    std::unique_ptr<BatchCommitter> committer_;
    LaneOutbox outbox_;

    // The lane's thread alone.
    std::map<domain::ShardId, std::unique_ptr<PartitionReader>> readings_;
    domain::ShardId last_first_;  // was read first in the last batch
    SteadyTime last_batch_{};
    SteadyTime last_sweep_{};
    SteadyTime idle_since_{};

    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    bool stop_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool arrived_ UNIBOX_GUARDED_BY(mutex_) = false;  // since the last look
    std::vector<store::OwnedPartition> to_add_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<domain::ShardId> to_drop_ UNIBOX_GUARDED_BY(mutex_);
    std::map<domain::ShardId, LaneShard> reported_ UNIBOX_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace unibox::writer
