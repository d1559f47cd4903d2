#include "webhook-ingest/log_history.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <utility>

namespace unibox::ingest {
namespace {

// The server's notice: the last token is the stream's name.
constexpr std::string_view kDeletions = "$JS.EVENT.ADVISORY.STREAM.DELETED.*";

bool Tells(const nats::StreamList& list, const std::string& name) {
    const auto& silent = list.silent;
    return std::any_of(
               list.streams.begin(),
               list.streams.end(),
               [&](const auto& stream) { return stream.name == name; }
           ) ||
           std::find(silent.begin(), silent.end(), name) != silent.end();
}

}  // namespace

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

Status LogHistory::Start() {
    return connection_.Subscribe(kDeletions, [this](std::string_view subject, std::string_view) {
        const std::string stream(subject.substr(subject.rfind('.') + 1));
        {
            const MutexLock lock(mutex_);
            if (marks_.erase(stream) == 0) return;  // Nothing that is known lay there.
        }
        Begin("stream_deleted", stream);
    });
}

void LogHistory::OnNoStream(const std::string& stream) {
    {
        const MutexLock lock(mutex_);
        if (marks_.erase(stream) == 0) return;
    }
    Begin("stream_missing", stream);
}

void LogHistory::OnStreams(const Marks& before, const nats::StreamList& list) {
    for (const auto& [name, mark] : before) {
        if (!Tells(list, name)) OnNoStream(name);
    }
    for (const nats::StreamInfo& stream : list.streams) {
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
