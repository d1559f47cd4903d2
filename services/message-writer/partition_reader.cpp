#include "message-writer/partition_reader.hpp"

#include "message-writer/log_history.hpp"
#include "nats/reasons.hpp"
#include "obs/log.hpp"
#include "subjects/subjects.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

constexpr Millis kReopenPause(500);
constexpr Millis kWarnPause(10'000);

}  // namespace

PartitionReader::PartitionReader(
    const LaneEnvironment& environment,
    nats::Streams& streams,
    std::function<void()> on_arrival,
    const store::OwnedPartition& owned
)
    : env_(environment),
      streams_(streams),
      on_arrival_(std::move(on_arrival)),
      hold_(Millis(environment.config.batch.retry_ms_max)) {
    shard_.owned = owned;
    shard_.stopped = !owned.stopped_reason.empty();
}

std::string PartitionReader::stream() const {
    return subjects::InStream(shard_.owned.id.generation, shard_.owned.id.partition);
}

std::size_t PartitionReader::Fetch(
    std::size_t count_max, std::size_t bytes_max, std::size_t credit_bytes, GatheredBatch* batch
) {
    if (shard_.lost || shard_.stopped) return 0;
    if (!reader_ && !Open(credit_bytes)) return 0;
    auto messages = reader_->Fetch(count_max, bytes_max, Millis(0));
    if (!messages.ok()) {
        AfterError(messages.status());
        return 0;
    }
    std::size_t bytes = 0;
    const domain::ShardId number = shard_.owned.id.Shard();
    for (nats::LogMessage& message : *messages) {
        bytes += message.payload.size();
        LogMark mark{KeptMsgId(message.msg_id), message.stored_unix_ms};
        AddToBatch(number, message.sequence, std::move(mark), std::move(message.payload), batch);
    }
    return bytes;
}

void PartitionReader::AfterBatch(bool all_written) {
    const auto pause = all_written ? hold_.After(shard_, env_.metrics) : std::nullopt;
    if (!all_written || shard_.stopped || pause) reader_.reset();
    if (pause) reopen_at_ = env_.clock.Steady() + *pause;
}

bool PartitionReader::Open(std::size_t credit_bytes) {
    if (env_.clock.Steady() < reopen_at_) return false;
    reopen_at_ = env_.clock.Steady() + kReopenPause;
    const store::OwnedPartition& owned = shard_.owned;
    const auto info = streams_.Info(stream());
    if (!info.ok()) {
        obs::Log(
            obs::Level::kWarn,
            "stream cannot be read",
            {{"stream", stream()}, {"error", info.status()}}
        );
        return false;
    }
    const auto last_seq = static_cast<std::int64_t>(info->last_seq);
    if (info->created_unix_ms != owned.stream_created_ms || last_seq < owned.last_seq) {
        RestartStream();
        return false;
    }
    nats::LogReaderSettings settings;
    settings.credit_msgs = std::max<std::size_t>(200, 2 * env_.config.batch.event_count_max);
    settings.credit_bytes = credit_bytes;
    settings.expected_created_unix_us = info->created_unix_us;
    settings.expected_last = owned.mark;
    settings.on_arrival = on_arrival_;
    auto reader = nats::LogReader::Open(
        env_.connection,
        stream(),
        static_cast<std::uint64_t>(owned.last_seq) + 1,
        settings,
        env_.registry
    );
    if (!reader.ok()) {
        AfterError(reader.status());
        return false;
    }
    reader_ = std::move(*reader);
    tail_lost_since_.reset();
    if (hold_.waits()) return true;  // told already
    obs::Log(
        obs::Level::kInfo,
        "reading",
        {{"stream", stream()}, {"epoch", owned.epoch}, {"after", owned.last_seq}}
    );
    return true;
}

void PartitionReader::AfterError(const Status& error) {
    if (error.reason() == nats::kGap) return StopForGap();
    if (error.reason() == nats::kStreamRecreated) return RestartStream();
    const bool passes =
        error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded;
    if (passes && env_.clock.Steady() < warn_at_) return;
    warn_at_ = env_.clock.Steady() + kWarnPause;
    obs::Log(
        obs::Level::kWarn,
        "reading failed",
        {{"shard", shard_.owned.id.Shard().number()}, {"error", error}}
    );
    if (passes) return;  // the reader goes on by itself
    reader_.reset();
    reopen_at_ = env_.clock.Steady() + kReopenPause;
}

// The stream was made anew, or came back with another history: its sequences mean other messages
// now. It is read again from the last place that both share, under a new epoch; ext_ref keeps
// repeats from having an effect.
void PartitionReader::RestartStream() {
    reader_.reset();
    reopen_at_ = env_.clock.Steady() + kReopenPause;
    const Status status = ReadAgain();
    if (status.ok()) return;
    if (status.reason() == store::kPartitionLost) shard_.lost = true;
    const domain::ShardId shard = shard_.owned.id.Shard();
    obs::Log(
        obs::Level::kWarn,
        "partition cannot be reset",
        {{"shard", shard.number()}, {"error", status}}
    );
}

Status PartitionReader::ReadAgain() {
    const store::OwnedPartition& owned = shard_.owned;
    UNIBOX_ASSIGN_OR_RETURN(const auto info, streams_.Info(stream()));
    const store::LogPlace committed{owned.stream_created_ms, owned.last_seq, owned.mark};
    UNIBOX_ASSIGN_OR_RETURN(const auto standing, CompareLog(streams_, info, committed));
    if (standing == LogStanding::kSame) {
        tail_lost_since_.reset();
        return {};
    }
    // It is not read meanwhile.
    if (standing == LogStanding::kShortened && info.replicas > 1) {
        if (!tail_lost_since_) tail_lost_since_ = env_.clock.Steady();
        if (env_.clock.Steady() - *tail_lost_since_ < kTailLostFor) return {};
    }
    UNIBOX_ASSIGN_OR_RETURN(
        const auto known, store::ListKnownPlaces(env_.pool, owned, owned.last_seq)
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto place, FindCommonPlace(streams_, info, known));
    const LogHighs::Life life{env_.connection.session(), info.created_unix_us};
    const domain::ShardId shard = owned.id.Shard();
    const auto unwritten = env_.log_highs.UnwrittenOf(shard, life, owned.last_seq);
    const store::LogLoss loss{static_cast<std::int64_t>(info.last_seq), unwritten.count};
    UNIBOX_RETURN_IF_ERROR(store::RestartPartition(env_.pool, env_.owner, owned, place, loss));
    env_.log_highs.Forget(shard);
    env_.metrics.lost_events.Add(static_cast<double>(unwritten.uncounted));
    obs::Log(
        obs::Level::kError,
        "stream was made anew or came back with another history: read again",
        {{"stream", stream()},
         {"from", place.last_seq + 1},
         {"was_at", owned.last_seq},
         {"last_seq", info.last_seq},
         {"lost_events", loss.unwritten_count}}
    );
    env_.metrics.streams_recreated.Add();
    shard_.lost = true;  // the next share has the new epoch
    return {};
}

void PartitionReader::StopForGap() {
    std::uint64_t first = 0;
    if (reader_) {
        first = reader_->first_available();
    } else {
        const auto info = streams_.Info(stream());
        if (!info.ok()) return;  // tried again when the reader is opened
        first = info->first_seq;
    }
    const std::string reason = "gap: sequences " + std::to_string(shard_.owned.last_seq + 1) +
                               " to " + std::to_string(first - 1) +
                               " are not in the stream any more";
    const Status status = store::StopPartition(env_.pool, shard_.owned, reason);
    if (!status.ok() && status.code() != Code::kAborted) return;  // tried again with the next Fetch
    obs::Log(
        obs::Level::kError,
        "partition stopped",
        {{"shard", shard_.owned.id.Shard().number()}, {"reason", reason}}
    );
    shard_.stopped = status.ok();
    shard_.lost = !status.ok();
    shard_.owned.stopped_reason = reason;
    reader_.reset();
}

}  // namespace unibox::writer
