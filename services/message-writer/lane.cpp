#include "message-writer/lane.hpp"

#include "base/clock_wait.hpp"
#include "obs/log.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace unibox::writer {
namespace {

// What the server may send ahead to all readers of a lane: together they must stay below its
// max_pending (64 MB by default), or it cuts the connection.
constexpr std::size_t kCreditBytes = 16 * 1024 * 1024;
constexpr std::size_t kReaderCreditBytesMin = 256 * 1024;
constexpr std::size_t kReaderCreditBytesMax = 8 * 1024 * 1024;
// Arrivals wake the lane; this is for what nobody tells (readers to reopen, rows to delete).
constexpr Millis kIdlePoll(50);

}  // namespace

Result<std::unique_ptr<Lane>> Lane::Create(LaneEnvironment& environment, std::size_t index) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto session, pg::Session::Create(environment.config.postgres, environment.registry)
    );
    return std::unique_ptr<Lane>(new Lane(environment, index, std::move(session)));
}

Lane::Lane(LaneEnvironment& environment, std::size_t index, std::unique_ptr<pg::Session> session)
    : env_(environment),
      index_(index),
      session_(std::move(session)),
      streams_(environment.connection),
      outbox_(env_.pool, env_.relays, env_.clock) {
    committer_ = std::make_unique<BatchCommitter>(BatchCommitter::Environment{
        .session = *session_,
        .pool = env_.pool,
        .settings = env_.config.batch,
        .owner = env_.owner,
        .lease = Millis(env_.config.ownership.lease_ms),
        .limits =
            {.message_count_per_minute_max = env_.config.commands.message_count_per_minute_max},
        .metrics = env_.metrics,
        .clock = env_.clock,
        .on_stage = env_.on_stage,
        .pause = [this](Millis wait) { return Pause(wait); },
        .publish = [this](CommittedOutbox rows) { Publish(std::move(rows)); },
    });
    thread_ = std::thread([this] { Run(); });
}

Lane::~Lane() {
    Stop();
}

void Lane::BeginStop() {
    {
        const MutexLock lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
}

void Lane::Stop() {
    BeginStop();
    if (thread_.joinable()) thread_.join();
}

void Lane::Add(const store::OwnedPartition& owned) {
    {
        const MutexLock lock(mutex_);
        to_add_.push_back(owned);
        reported_[owned.id.Shard()] = {owned};
    }
    changed_.notify_all();
}

bool Lane::Drop(domain::ShardId shard, Millis wait) {
    const SteadyTime until = env_.clock.Steady() + wait;
    const MutexLock lock(mutex_);
    if (!reported_.contains(shard)) return true;
    to_drop_.push_back(shard);
    changed_.notify_all();
    while (reported_.contains(shard) && !stop_ && env_.clock.Steady() < until) {
        WaitOnce(changed_, mutex_, env_.clock, until);
    }
    return !reported_.contains(shard);
}

std::vector<LaneShard> Lane::Shards() const {
    const MutexLock lock(mutex_);
    std::vector<LaneShard> shards;
    for (const auto& [number, shard] : reported_) shards.push_back(shard);
    return shards;
}

std::size_t Lane::count() const {
    const MutexLock lock(mutex_);
    return reported_.size();
}

void Lane::Arrived() {
    {
        const MutexLock lock(mutex_);
        if (arrived_) return;
        arrived_ = true;
    }
    changed_.notify_all();
}

bool Lane::stopping() const {
    const MutexLock lock(mutex_);
    return stop_;
}

// False if the lane is to end, or another shard is to be given up: then whoever waits must not wait
// for PostgreSQL to come back.
bool Lane::Pause(Millis wait) {
    const SteadyTime until = env_.clock.Steady() + wait;
    const MutexLock lock(mutex_);
    while (!stop_ && to_drop_.empty() && env_.clock.Steady() < until) {
        WaitOnce(changed_, mutex_, env_.clock, until);
    }
    return !stop_ && to_drop_.empty();
}

void Lane::WaitForWork() {
    const SteadyTime until = env_.clock.Steady() + kIdlePoll;
    const MutexLock lock(mutex_);
    while (!stop_ && !arrived_ && to_add_.empty() && to_drop_.empty() && env_.clock.Steady() < until
    ) {
        WaitOnce(changed_, mutex_, env_.clock, until);
    }
}

void Lane::Run() {
    ::pthread_setname_np(::pthread_self(), ("lane-" + std::to_string(index_)).c_str());
    while (!stopping()) {
        ApplyRequests();
        SweepWhereNeeded();
        if (RunOnce()) {
            idle_since_ = {};
        } else {
            DeleteAcknowledgedWhenIdle();
            WaitForWork();
        }
        ReportState();
    }
    CollectAcknowledged();
    // Not essential: the next owner publishes again what is left, under the same ids.
    outbox_.DeleteAcknowledged();
    readings_.clear();
}

void Lane::ApplyRequests() {
    std::vector<domain::ShardId> dropped;
    {
        const MutexLock lock(mutex_);
        for (const store::OwnedPartition& owned : to_add_) {
            readings_[owned.id.Shard()] = std::make_unique<PartitionReader>(
                env_, streams_, [this] { Arrived(); }, owned
            );
        }
        to_add_.clear();
        dropped.swap(to_drop_);
    }
    for (const domain::ShardId shard : dropped) {
        readings_.erase(shard);
        outbox_.Forget(shard);
    }
    const MutexLock lock(mutex_);
    for (const domain::ShardId shard : dropped) reported_.erase(shard);
    changed_.notify_all();
}

// Forgets what was lost, and says how far the rest is.
void Lane::ReportState() {
    std::vector<store::OwnedPartition> lost;
    for (const auto& [number, reading] : readings_) {
        if (reading->shard().lost) lost.push_back(reading->shard().owned);
    }
    for (const store::OwnedPartition& owned : lost) {
        readings_.erase(owned.id.Shard());
        outbox_.Forget(owned.id.Shard());
    }
    {
        const MutexLock lock(mutex_);
        for (const auto& [number, reading] : readings_) {
            reported_[number] = {reading->shard().owned, 0, reading->waits_for_leaf()};
        }
        // It may have been given to the lane again, under another epoch.
        std::erase_if(reported_, [&](const auto& entry) {
            return std::any_of(lost.begin(), lost.end(), [&](const auto& owned) {
                return owned.id == entry.second.owned.id && owned.epoch == entry.second.owned.epoch;
            });
        });
        changed_.notify_all();
    }
    if (!lost.empty()) env_.on_lost();
}

// Gathers a batch and writes it; false if there was nothing to do.
bool Lane::RunOnce() {
    const auto earliest = last_batch_ + Millis(env_.config.batch.interval_ms);
    if (const SteadyTime now = env_.clock.Steady(); now < earliest) {
        const auto wait = std::chrono::duration_cast<Millis>(earliest - now) + Millis(1);
        if (!Pause(wait)) return false;
    }
    {
        const MutexLock lock(mutex_);
        arrived_ = false;
    }
    const GatheredBatch batch = Gather();
    if (batch.size() == 0) return false;
    last_batch_ = env_.clock.Steady();
    Write(batch);
    return true;
}

// Each shard may fill its share first, then whoever has more fills the rest; the shard that begins
// changes from batch to batch.
GatheredBatch Lane::Gather() {
    GatheredBatch batch;
    // Nothing new is published before what may be left from before, so nothing is written either.
    std::vector<PartitionReader*> turn;
    const auto add = [&](const auto& reading) {
        if (!outbox_.HoldsWrites(reading.first)) turn.push_back(reading.second.get());
    };
    const auto first = readings_.upper_bound(last_first_);
    for (auto at = first; at != readings_.end(); ++at) {
        add(*at);
    }
    for (auto at = readings_.begin(); at != first; ++at) {
        add(*at);
    }
    if (turn.empty()) return batch;
    last_first_ = turn.front()->shard().owned.id.Shard();
    const std::size_t events_max = env_.config.batch.event_count_max;
    const std::size_t bytes_max = env_.config.batch.bytes_max;
    const std::size_t share = std::max<std::size_t>(1, events_max / turn.size());
    std::size_t bytes = 0;
    std::map<PartitionReader*, GatheredBatch> parts;
    std::size_t count = 0;
    for (const bool rest : {false, true}) {
        for (PartitionReader* reading : turn) {
            if (count >= events_max || bytes >= bytes_max) break;
            GatheredBatch& part = parts[reading];
            if (rest && part.size() < share) continue;  // it had nothing more
            const std::size_t before = part.size();
            const std::size_t bytes_left = bytes_max - std::min(bytes, bytes_max - 1);
            const std::size_t wanted = rest ? events_max - count : share;
            bytes += reading->Fetch(wanted, bytes_left, CreditBytes(), &part);
            count += part.size() - before;
        }
    }
    if (parts.size() == 1) return std::move(parts.begin()->second);
    for (auto& [reading, part] : parts) Append(std::move(part), &batch);
    return batch;
}

std::size_t Lane::CreditBytes() const {
    return std::clamp(
        kCreditBytes / readings_.size(), kReaderCreditBytesMin, kReaderCreditBytesMax
    );
}

void Lane::Write(const GatheredBatch& batch) {
    SetPending(batch);
    std::map<domain::ShardId, WrittenShard*> shards;
    for (const domain::BatchItem& event : batch.events) {
        shards[event.shard] = &readings_.at(event.shard)->shard();
    }
    CollectAcknowledged();
    const bool finished = committer_->Commit(batch, shards, outbox_.acknowledged());
    // A lane that stops leaves what it has read to the log.
    if (finished || !stopping()) {
        for (const auto& [number, shard] : shards) {
            readings_.at(number)->AfterBatch(finished);
        }
    }
    SetPending({});
}

// When the oldest event of each shard that is being written was stored.
void Lane::SetPending(const GatheredBatch& batch) {
    const MutexLock lock(mutex_);
    for (auto& [number, shard] : reported_) shard.oldest_pending_ms = 0;
    for (std::size_t i = batch.size(); i-- > 0;) {  // the first of each shard is its oldest
        const auto at = reported_.find(batch.events[i].shard);
        if (at != reported_.end()) at->second.oldest_pending_ms = batch.marks[i].stored_ms;
    }
}

void Lane::Publish(CommittedOutbox rows) {
    TakeSweepNeeds();
    outbox_.Publish(std::move(rows));
}

// Takes over what the committer has learnt, and that a new shard begins so.
void Lane::TakeSweepNeeds() {
    for (auto& [shard, reading] : readings_) {
        if (std::exchange(reading->shard().needs_sweep, false)) outbox_.NeedSweep(shard);
    }
}

void Lane::SweepWhereNeeded() {
    TakeSweepNeeds();
    const SteadyTime now = env_.clock.Steady();
    const bool all = now - last_sweep_ >= Millis(env_.config.outbox.sweep_interval_ms);
    if (all) last_sweep_ = now;
    for (const auto& [shard, reading] : readings_) {
        if (!reading->shard().lost) outbox_.Sweep(shard, all);
    }
}

void Lane::CollectAcknowledged() {
    for (const auto& [number, reading] : readings_) outbox_.Collect(number);
}

void Lane::DeleteAcknowledgedWhenIdle() {
    if (idle_since_ == SteadyTime{}) idle_since_ = env_.clock.Steady();
    if (env_.clock.Steady() - idle_since_ < Millis(env_.config.outbox.idle_delete_ms)) return;
    idle_since_ = env_.clock.Steady();
    CollectAcknowledged();
    outbox_.DeleteAcknowledged();
}

}  // namespace unibox::writer
