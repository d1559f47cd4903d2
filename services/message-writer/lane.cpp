#include "message-writer/lane.hpp"

#include "message-writer/hold.hpp"
#include "message-writer/log_history.hpp"
#include "obs/log.hpp"
#include "wire/subjects.hpp"

#include <pthread.h>

#include <algorithm>
#include <set>

namespace unibox::writer {
namespace {

constexpr Millis kReopenPause(500);
constexpr Millis kSweepPause(200);
// What the server may send ahead to all readers of a lane: together they must stay below its
// max_pending (64 MB by default), or it cuts the connection.
constexpr std::size_t kCreditBytes = 16 * 1024 * 1024;
constexpr std::size_t kReaderCreditBytesMin = 256 * 1024;
constexpr std::size_t kReaderCreditBytesMax = 8 * 1024 * 1024;
constexpr Millis kWarnPause(10'000);
// Arrivals wake the lane; this is for what nobody tells (readers to reopen, rows to delete).
constexpr Millis kIdlePoll(50);

SteadyTime Now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

struct Lane::Reading {
    explicit Reading(Millis hold_longest) : hold(hold_longest) {}
    WrittenShard shard;
    Hold hold;
    std::unique_ptr<nats::LogReader> reader;
    SteadyTime reopen_at{};
    SteadyTime sweep_at{};
    SteadyTime warn_at{};
    std::optional<SteadyTime> tail_lost_since;
};

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
      outbox_(env_.pool, env_.relay) {
    committer_ = std::make_unique<BatchCommitter>(BatchCommitter::Environment{
        .session = *session_,
        .pool = env_.pool,
        .settings = env_.config.batch,
        .owner = env_.owner,
        .lease_ms = env_.config.ownership.lease_ms,
        .metrics = env_.metrics,
        .fault_point = env_.fault_point,
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
        told_[owned.id.Shard()] = {owned, false, 0};
    }
    changed_.notify_all();
}

bool Lane::Drop(std::int32_t shard, Millis wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    const MutexLock lock(mutex_);
    if (!told_.contains(shard)) return true;
    to_drop_.push_back(shard);
    changed_.notify_all();
    while (told_.contains(shard) && !stop_) {
        if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) break;
    }
    return !told_.contains(shard);
}

std::vector<LaneShard> Lane::Shards() {
    const MutexLock lock(mutex_);
    std::vector<LaneShard> shards;
    for (const auto& [number, shard] : told_) shards.push_back(shard);
    std::erase_if(told_, [](const auto& entry) { return entry.second.lost; });
    return shards;
}

std::size_t Lane::count() const {
    const MutexLock lock(mutex_);
    return told_.size();
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
    const auto until = std::chrono::steady_clock::now() + wait;
    const MutexLock lock(mutex_);
    while (!stop_ && to_drop_.empty()) {
        if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) break;
    }
    return !stop_ && to_drop_.empty();
}

void Lane::WaitForWork() {
    const auto until = std::chrono::steady_clock::now() + kIdlePoll;
    const MutexLock lock(mutex_);
    while (!stop_ && !arrived_ && to_add_.empty() && to_drop_.empty()) {
        if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) return;
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
        TellState();
    }
    CollectAcknowledged();
    // Not essential: the next owner publishes again what is left, under the same ids.
    outbox_.DeleteAcknowledged();
    readings_.clear();
}

void Lane::ApplyRequests() {
    std::vector<std::int32_t> dropped;
    {
        const MutexLock lock(mutex_);
        for (const store::OwnedPartition& owned : to_add_) {
            auto reading = std::make_unique<Reading>(Millis(env_.config.batch.retry_ms_max));
            reading->shard.owned = owned;
            reading->shard.stopped = !owned.stopped_reason.empty();
            readings_[owned.id.Shard()] = std::move(reading);
        }
        to_add_.clear();
        dropped.swap(to_drop_);
    }
    for (const std::int32_t shard : dropped) {
        readings_.erase(shard);
        env_.relay.Forget(shard);
    }
    const MutexLock lock(mutex_);
    for (const std::int32_t shard : dropped) told_.erase(shard);
    changed_.notify_all();
}

// Forgets what was lost, and says how far the rest is.
void Lane::TellState() {
    std::vector<std::int32_t> lost;
    {
        const MutexLock lock(mutex_);
        for (const auto& [number, reading] : readings_) {
            told_[number] = {reading->shard.owned, reading->shard.lost, 0, reading->hold.waits()};
            if (reading->shard.lost) lost.push_back(number);
        }
    }
    for (const std::int32_t shard : lost) {
        readings_.erase(shard);
        env_.relay.Forget(shard);
    }
    if (!lost.empty()) env_.on_lost();
}

// Gathers a batch and writes it; false if there was nothing to do.
bool Lane::RunOnce() {
    const auto earliest = last_batch_ + Millis(env_.config.batch.interval_ms);
    if (const SteadyTime now = Now(); now < earliest) {
        const auto wait = std::chrono::duration_cast<Millis>(earliest - now) + Millis(1);
        if (!Pause(wait)) return false;
    }
    {
        const MutexLock lock(mutex_);
        arrived_ = false;
    }
    const GatheredBatch batch = Gather();
    if (batch.size() == 0) return false;
    last_batch_ = Now();
    Write(batch);
    return true;
}

// Each shard may fill its share first, then whoever has more fills the rest; the shard that begins
// changes from batch to batch.
GatheredBatch Lane::Gather() {
    GatheredBatch batch;
    std::vector<Reading*> turn;
    for (auto at = readings_.lower_bound(first_shard_); at != readings_.end(); ++at) {
        turn.push_back(at->second.get());
    }
    for (auto at = readings_.begin(); at != readings_.lower_bound(first_shard_); ++at) {
        turn.push_back(at->second.get());
    }
    if (turn.empty()) return batch;
    first_shard_ = turn.front()->shard.owned.id.Shard() + 1;
    const std::size_t events_max = env_.config.batch.events_max;
    const std::size_t share = std::max<std::size_t>(1, events_max / turn.size());
    std::size_t bytes = 0;
    std::map<Reading*, GatheredBatch> parts;
    std::size_t count = 0;
    for (const bool rest : {false, true}) {
        for (Reading* reading : turn) {
            if (count >= events_max || bytes >= env_.config.batch.bytes_max) break;
            GatheredBatch& part = parts[reading];
            if (rest && part.size() < share) continue;  // it had nothing more
            const std::size_t before = part.size();
            Fetch(reading, rest ? events_max - count : share, &part, &bytes);
            count += part.size() - before;
        }
    }
    if (parts.size() == 1) return std::move(parts.begin()->second);
    for (auto& [reading, part] : parts) Append(std::move(part), &batch);
    return batch;
}

void Lane::Fetch(
    Reading* reading, std::size_t count_max, GatheredBatch* batch, std::size_t* bytes
) {
    WrittenShard& shard = reading->shard;
    // Nothing new is published before what may be left from before, so nothing is written either.
    if (shard.lost || shard.stopped || shard.needs_sweep) return;
    if (!reading->reader && !OpenReader(reading)) return;
    const std::size_t bytes_max = env_.config.batch.bytes_max;
    const std::size_t bytes_left = bytes_max > *bytes ? bytes_max - *bytes : 1;
    auto messages = reading->reader->Fetch(count_max, bytes_left, Millis(0));
    if (!messages.ok()) return AfterReadError(reading, messages.status());
    const std::int32_t number = shard.owned.id.Shard();
    for (nats::LogMessage& message : *messages) {
        *bytes += message.payload.size();
        LogMark mark{KeptMsgId(message.msg_id), message.stored_unix_ms};
        AddToBatch(number, message.sequence, std::move(mark), std::move(message.payload), batch);
    }
}

bool Lane::OpenReader(Reading* reading) {
    if (Now() < reading->reopen_at) return false;
    reading->reopen_at = Now() + kReopenPause;
    const store::OwnedPartition& owned = reading->shard.owned;
    const std::string stream = wire::InStream(owned.id.generation, owned.id.partition);
    const auto info = streams_.Info(stream);
    if (!info.ok()) {
        obs::Log(
            obs::Level::kWarn,
            "stream cannot be read",
            {{"stream", stream}, {"error", info.status()}}
        );
        return false;
    }
    const auto last_seq = static_cast<std::int64_t>(info->last_seq);
    if (info->created_unix_ms != owned.stream_created_ms || last_seq < owned.last_seq) {
        RestartStream(reading);
        return false;
    }
    nats::LogReaderSettings settings;
    settings.credit_msgs = std::max<std::size_t>(200, 2 * env_.config.batch.events_max);
    settings.credit_bytes =
        std::clamp(kCreditBytes / readings_.size(), kReaderCreditBytesMin, kReaderCreditBytesMax);
    settings.expected_created_unix_us = info->created_unix_us;
    settings.expected_last = owned.mark;
    settings.on_arrival = [this] { Arrived(); };
    auto reader = nats::LogReader::Open(
        env_.connection,
        stream,
        static_cast<std::uint64_t>(owned.last_seq) + 1,
        settings,
        env_.registry
    );
    if (!reader.ok()) {
        AfterReadError(reading, reader.status());
        return false;
    }
    reading->reader = std::move(*reader);
    reading->tail_lost_since.reset();
    if (reading->hold.waits()) return true;  // told already
    obs::Log(
        obs::Level::kInfo,
        "reading",
        {{"stream", stream}, {"epoch", owned.epoch}, {"after", owned.last_seq}}
    );
    return true;
}

void Lane::AfterReadError(Reading* reading, const Status& error) {
    if (error.reason() == "GAP") return StopForGap(reading);
    if (error.reason() == "STREAM_RECREATED") return RestartStream(reading);
    const bool passes =
        error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded;
    if (passes && Now() < reading->warn_at) return;
    reading->warn_at = Now() + kWarnPause;
    obs::Log(
        obs::Level::kWarn,
        "reading failed",
        {{"shard", reading->shard.owned.id.Shard()}, {"error", error}}
    );
    if (passes) return;  // the reader goes on by itself
    reading->reader.reset();
    reading->reopen_at = Now() + kReopenPause;
}

// The stream was made anew, or came back with another history: its sequences mean other messages
// now. It is read again from the last place that both share, under a new epoch; ext_ref keeps
// repeats from having an effect.
void Lane::RestartStream(Reading* reading) {
    reading->reader.reset();
    reading->reopen_at = Now() + kReopenPause;
    const Status status = ReadAgain(reading);
    if (status.ok()) return;
    if (status.reason() == "LOST") reading->shard.lost = true;
    const std::int32_t shard = reading->shard.owned.id.Shard();
    obs::Log(obs::Level::kWarn, "partition cannot be reset", {{"shard", shard}, {"error", status}});
}

Status Lane::ReadAgain(Reading* reading) {
    const store::OwnedPartition& owned = reading->shard.owned;
    const std::string stream = wire::InStream(owned.id.generation, owned.id.partition);
    UNIBOX_ASSIGN_OR_RETURN(const auto info, streams_.Info(stream));
    const store::LogPlace committed{owned.stream_created_ms, owned.last_seq, owned.mark};
    UNIBOX_ASSIGN_OR_RETURN(const auto standing, CompareLog(streams_, info, committed));
    if (standing == LogStanding::kSame) {
        reading->tail_lost_since.reset();
        return {};
    }
    // It is not read meanwhile.
    if (standing == LogStanding::kShortened && info.replicas > 1) {
        if (!reading->tail_lost_since) reading->tail_lost_since = Now();
        if (Now() - *reading->tail_lost_since < kTailLostFor) return {};
    }
    UNIBOX_ASSIGN_OR_RETURN(
        const auto known, store::ListKnownPlaces(env_.pool, owned, owned.last_seq)
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto place, FindCommonPlace(streams_, info, known));
    const LogHighs::Life life{env_.connection.session(), info.created_unix_us};
    const std::int32_t shard = owned.id.Shard();
    const auto unwritten = env_.log_highs.UnwrittenOf(shard, life, owned.last_seq);
    const store::LogLoss loss{static_cast<std::int64_t>(info.last_seq), unwritten.count};
    UNIBOX_RETURN_IF_ERROR(store::RestartPartition(env_.pool, env_.owner, owned, place, loss));
    env_.log_highs.Forget(shard);
    env_.metrics.lost_events.Add(static_cast<double>(unwritten.uncounted));
    obs::Log(
        obs::Level::kError,
        "stream was made anew or came back with another history: read again",
        {{"stream", stream},
         {"from", place.last_seq + 1},
         {"was_at", owned.last_seq},
         {"last_seq", info.last_seq},
         {"lost_events", loss.unwritten_count}}
    );
    env_.metrics.streams_recreated.Add();
    reading->shard.lost = true;  // the next share has the new epoch
    return {};
}

void Lane::StopForGap(Reading* reading) {
    WrittenShard& shard = reading->shard;
    std::uint64_t first = 0;
    if (reading->reader) {
        first = reading->reader->first_available();
    } else {
        const std::string stream =
            wire::InStream(shard.owned.id.generation, shard.owned.id.partition);
        const auto info = streams_.Info(stream);
        if (!info.ok()) return;  // tried again when the reader is opened
        first = info->first_seq;
    }
    const std::string reason = "gap: sequences " + std::to_string(shard.owned.last_seq + 1) +
                               " to " + std::to_string(first - 1) +
                               " are not in the stream any more";
    const Status status = store::StopPartition(env_.pool, shard.owned, reason);
    if (!status.ok() && status.code() != Code::kAborted) return;  // tried again with the next Fetch
    obs::Log(
        obs::Level::kError,
        "partition stopped",
        {{"shard", shard.owned.id.Shard()}, {"reason", reason}}
    );
    shard.stopped = status.ok();
    shard.lost = !status.ok();
    shard.owned.stopped_reason = reason;
    reading->reader.reset();
}

void Lane::Write(const GatheredBatch& batch) {
    SetPending(batch);
    std::map<std::int32_t, WrittenShard*> shards;
    for (const domain::BatchEvent& event : batch.events) {
        shards[event.shard] = &readings_.at(event.shard)->shard;
    }
    CollectAcknowledged();
    const bool finished = committer_->Commit(batch, shards, outbox_.acknowledged());
    const bool stop = stopping();
    for (const auto& [number, shard] : shards) {
        Reading* reading = readings_.at(number).get();
        const auto pause = finished ? reading->hold.After(*shard, env_.metrics) : std::nullopt;
        // What was read and not written must be read again.
        if ((!finished && !stop) || shard->stopped || pause) reading->reader.reset();
        if (pause) reading->reopen_at = Now() + *pause;
    }
    SetPending({});
}

// When the oldest event of each shard that is being written was stored.
void Lane::SetPending(const GatheredBatch& batch) {
    const MutexLock lock(mutex_);
    for (auto& [number, shard] : told_) shard.oldest_pending_ms = 0;
    for (std::size_t i = batch.size(); i-- > 0;) {  // the first of each shard is its oldest
        const auto at = told_.find(batch.events[i].shard);
        if (at != told_.end()) at->second.oldest_pending_ms = batch.marks[i].stored_ms;
    }
}

// A shard whose older rows may still lie in the outbox publishes all of them in order, from there.
void Lane::Publish(CommittedOutbox rows) {
    std::erase_if(rows, [this](const auto& row) {
        return readings_.at(row.first.shard)->shard.needs_sweep;
    });
    std::set<std::int32_t> shards;
    for (const auto& row : rows) shards.insert(row.first.shard);
    if (rows.empty() || env_.relay.Publish(std::move(rows))) return;
    // The relay is full: the rows stay in the outbox, and nothing more is written until it has
    // taken them from there.
    for (const std::int32_t shard : shards) readings_.at(shard)->shard.needs_sweep = true;
}

void Lane::SweepWhereNeeded() {
    const bool all = Now() - last_sweep_ >= Millis(env_.config.outbox.sweep_ms);
    if (all) last_sweep_ = Now();
    for (auto& [number, reading] : readings_) {
        if (reading->shard.lost || (!all && !reading->shard.needs_sweep)) continue;
        if (Now() < reading->sweep_at) continue;
        reading->shard.needs_sweep = !outbox_.Sweep(number);
        if (reading->shard.needs_sweep) reading->sweep_at = Now() + kSweepPause;
    }
}

void Lane::CollectAcknowledged() {
    for (const auto& [number, reading] : readings_) outbox_.Collect(number);
}

void Lane::DeleteAcknowledgedWhenIdle() {
    if (idle_since_ == SteadyTime{}) idle_since_ = Now();
    if (Now() - idle_since_ < Millis(env_.config.outbox.idle_delete_ms)) return;
    idle_since_ = Now();
    CollectAcknowledged();
    outbox_.DeleteAcknowledged();
}

}  // namespace unibox::writer
