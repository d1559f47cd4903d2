// A lane: one thread with one connection that owns several shards and writes their events, one
// transaction in flight.
//
// Batching is natural: a batch is what arrived while the last one was committed, at most
// events_max and bytes_max, not sooner than interval_ms after the last batch began.
//
// Thread safety: Add, Drop, Shards, count and the constructor's callbacks from any thread; Start
// and Stop once each.
#pragma once

#include "base/mutex.hpp"
#include "message-writer/batch_committer.hpp"
#include "message-writer/lane_outbox.hpp"
#include "message-writer/log_highs.hpp"
#include "message-writer/relay.hpp"
#include "nats/log_reader.hpp"
#include "nats/streams.hpp"

#include <condition_variable>
#include <memory>
#include <thread>

namespace unibox::writer {

// What all lanes share; outlives them.
struct LaneEnvironment {
    const Config& config;
    std::string owner;
    pg::Pool& pool;
    nats::Connection& connection;
    Relay& relay;
    WriterMetrics& metrics;
    FaultPoint& fault_point;
    obs::Metrics& registry;
    LogHighs& log_highs;
    // Called by a lane when it lost a shard, so that the shares are looked at again.
    std::function<void()> on_lost;
    // Called regularly while a stream of the log is fuller than keeper.fill_percent_max.
    std::function<void()> on_log_full;
};

struct LaneShard {
    store::OwnedPartition owned;
    bool lost = false;
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
    bool Drop(std::int32_t shard, Millis wait);
    // The shards as the lane knows them; lost ones are told once and then forgotten.
    std::vector<LaneShard> Shards();
    std::size_t count() const;

private:
    struct Reading;  // a shard with its reader

    Lane(LaneEnvironment& environment, std::size_t index, std::unique_ptr<pg::Session> session);
    void Run();
    void ApplyRequests();
    void TellState();
    bool RunOnce();
    GatheredBatch Gather();
    void Fetch(Reading* reading, std::size_t count_max, GatheredBatch* batch, std::size_t* bytes);
    bool OpenReader(Reading* reading);
    void AfterReadError(Reading* reading, const Status& error);
    void RestartStream(Reading* reading);
    Status ReadAgain(Reading* reading);
    void StopForGap(Reading* reading);
    void Write(const GatheredBatch& batch);
    void Publish(CommittedOutbox rows);
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
    std::map<std::int32_t, std::unique_ptr<Reading>> readings_;
    std::int32_t first_shard_ = 0;  // whose turn it is to be read first
    SteadyTime last_batch_{};
    SteadyTime last_sweep_{};
    SteadyTime idle_since_{};

    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    bool stop_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool arrived_ UNIBOX_GUARDED_BY(mutex_) = false;  // since the last look
    std::vector<store::OwnedPartition> to_add_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<std::int32_t> to_drop_ UNIBOX_GUARDED_BY(mutex_);
    std::map<std::int32_t, LaneShard> told_ UNIBOX_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace unibox::writer
