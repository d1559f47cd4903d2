#include "log_history.hpp"

#include "obs/log.hpp"

#include <utility>

namespace unibox::ingest {

LogHistory::LogHistory(nats::Connection& connection, EventWindow& window, obs::Metrics& metrics)
    : connection_(connection), window_(window), metrics_(metrics) {
    connection_.OnConnect([this] { Begin("connected", ""); });
}

void LogHistory::OnStored(const nats::PubAck& ack) {
    if (ack.duplicate) return;
    {
        const MutexLock lock(mutex_);
        std::uint64_t& mark = marks_[ack.stream];
        const bool higher = ack.sequence > std::exchange(mark, ack.sequence);
        if (higher) return;
    }
    Begin("sequence_reused", ack.stream);
}

void LogHistory::OnStreams(const Marks& before, const std::vector<nats::StreamInfo>& streams) {
    for (const nats::StreamInfo& stream : streams) {
        const auto mark = before.find(stream.name);
        const bool shorter = mark != before.end() && stream.last_seq < mark->second;
        bool other = false;
        {
            const MutexLock lock(mutex_);
            const auto [known, is_new] =
                created_us_.try_emplace(stream.name, stream.created_unix_us);
            other = std::exchange(known->second, stream.created_unix_us) != stream.created_unix_us;
            // Else it would be told again and again, until the stream is longer than it was.
            if (shorter || other) marks_[stream.name] = stream.last_seq;
        }
        if (other) Begin("stream_created", stream.name);
        if (shorter && !other) Begin("stream_shortened", stream.name);
    }
}

LogHistory::Marks LogHistory::marks() const {
    const MutexLock lock(mutex_);
    return marks_;
}

void LogHistory::Begin(const char* why, const std::string& stream) {
    window_.Forget();
    metrics_
        .GetCounter(
            "unibox_ingest_histories_total",
            "Times that the log may have lost what was stored, so that known events were "
            "forgotten.",
            {{"why", why}}
        )
        .Add();
    obs::Log(obs::Level::kInfo, "known events are forgotten", {{"why", why}, {"stream", stream}});
}

}  // namespace unibox::ingest
