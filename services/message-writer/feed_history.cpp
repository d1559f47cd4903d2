#include "message-writer/feed_history.hpp"

#include "async/periodic.hpp"
#include "message-writer/log_history.hpp"
#include "obs/log.hpp"
#include "subjects/subjects.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

constexpr Millis kWarnPause(10'000);
// Told by the server to whoever listens: it was created, deleted, restored.
constexpr std::string_view kStreamAdvisories = "$JS.EVENT.ADVISORY.STREAM.*.";

}  // namespace

FeedHistory::FeedHistory(
    pg::Pool& pool, nats::Connection& connection, obs::Metrics& metrics, const Clock& clock
)
    : pool_(pool),
      connection_(connection),
      streams_(connection),
      epochs_(metrics.GetCounter(
          "unibox_writer_feed_epochs_total",
          "Feed epochs begun because the feed's stream was made anew or lost its tail: an alarm."
      )),
      clock_(clock) {}

FeedHistory::~FeedHistory() {
    Stop();
}

Status FeedHistory::Start(std::function<void()> on_open) {
    on_open_ = std::move(on_open);
    rounds_ = std::make_shared<async::Periodic>("feed-history", kMarkEvery, [this] { Round(); });
    // The subscriptions live as long as the connection, which outlives this object.
    const std::weak_ptr<async::Periodic> rounds = rounds_;
    connection_.OnConnect([rounds] {
        if (const auto alive = rounds.lock()) alive->Wake();
    });
    const std::weak_ptr<FeedHistory> self = weak_from_this();
    const std::string advisories =
        std::string(kStreamAdvisories) + std::string(subjects::kEvStream);
    return connection_.Subscribe(advisories, [self](std::string_view, std::string_view) {
        if (const auto alive = self.lock()) alive->DoubtAll();
    });
}

void FeedHistory::Stop() {
    if (rounds_) rounds_->Stop();
}

std::optional<FeedGate::Ticket> FeedHistory::Open() {
    const MutexLock lock(mutex_);
    if (!connection_.connected() || connection_.session() != session_) return std::nullopt;
    return ticket_;
}

void FeedHistory::Acknowledged(
    std::uint64_t ticket, const nats::PubAck& ack, const std::string& msg_id
) {
    bool backwards = false;
    {
        const MutexLock lock(mutex_);
        if (ticket < epoch_from_) return;
        const auto high = static_cast<std::uint64_t>(high_.seq);
        backwards = !ack.duplicate && ack.sequence <= std::max(high, stream_end_);
        if (!backwards && ack.sequence > high) {
            high_ = {static_cast<std::int64_t>(ack.sequence), msg_id};
        }
    }
    if (backwards) Doubt(ticket);
}

void FeedHistory::Doubt(std::uint64_t ticket) {
    {
        const MutexLock lock(mutex_);
        if (!ticket_ || ticket_->number != ticket) return;  // Looked at since.
    }
    DoubtAll();
}

void FeedHistory::DoubtAll() {
    {
        const MutexLock lock(mutex_);
        ticket_.reset();
        ++doubts_;
    }
    if (rounds_) rounds_->Wake();
}

// What was acknowledged in an epoch that is over needs no proof: its consumers read all anew.
bool FeedHistory::IsSafe(std::uint64_t ticket, std::uint64_t sequence) {
    const MutexLock lock(mutex_);
    return ticket < epoch_from_ || sequence <= static_cast<std::uint64_t>(marked_seq_);
}

store::FeedEnd FeedHistory::High(const Uuid& epoch) {
    const MutexLock lock(mutex_);
    return epoch == epoch_ ? high_ : store::FeedEnd{};
}

void FeedHistory::Round() {
    if (!connection_.connected()) return;
    Mark();
    if (Open()) return;
    const Status status = Look();
    if (status.ok() || (warned_at_ != SteadyTime{} && clock_.Steady() - warned_at_ < kWarnPause))
        return;
    warned_at_ = clock_.Steady();
    obs::Log(
        obs::Level::kWarn, "the feed waits: its stream cannot be looked at", {{"error", status}}
    );
}

void FeedHistory::Mark() {
    Uuid epoch;
    store::FeedEnd end;
    std::uint64_t ticket = 0;
    {
        const MutexLock lock(mutex_);
        if (!ticket_ || high_.seq <= marked_seq_) return;
        epoch = epoch_;
        end = high_;
        ticket = ticket_->number;
    }
    const auto feed = store::MarkFeed(pool_, epoch, end);
    if (!feed.ok()) return;  // Tried again; the outbox keeps the rows.
    if (feed->epoch != epoch) return Doubt(ticket);
    const MutexLock lock(mutex_);
    if (epoch_ == epoch) marked_seq_ = std::max(marked_seq_, feed->end.seq);
}

Status FeedHistory::Look() {
    Ticket ticket{.number = 0, .epoch = {}, .begun_at = clock_.Steady()};
    const std::uint64_t session = connection_.session();
    std::uint64_t doubts = 0;
    {
        const MutexLock lock(mutex_);
        doubts = doubts_;
    }
    UNIBOX_ASSIGN_OR_RETURN(store::Feed feed, store::GetFeed(pool_));
    UNIBOX_ASSIGN_OR_RETURN(const auto stream, streams_.Info(subjects::kEvStream));
    UNIBOX_ASSIGN_OR_RETURN(const Standing standing, Compare(feed, stream));
    if (standing == Standing::kUnclear) {
        return Unavailable("it ends before its known end; its leader may not know all of it yet");
    }
    if (standing == Standing::kAnother) {
        UNIBOX_ASSIGN_OR_RETURN(feed, Begin(feed, stream));
    } else if (!feed.stream_created_ms) {
        UNIBOX_ASSIGN_OR_RETURN(feed, store::AdoptFeedStream(pool_, stream.created_unix_ms));
    }
    if (feed.stream_created_ms != stream.created_unix_ms) return {};  // Changed meanwhile: again.
    {
        const MutexLock lock(mutex_);
        if (doubts_ != doubts || connection_.session() != session) return {};
        ticket.number = next_number_++;
        ticket.epoch = feed.epoch.ToBytes();
        if (feed.epoch != epoch_) {
            epoch_ = feed.epoch;
            epoch_from_ = ticket.number;
            high_ = {};
            marked_seq_ = 0;
        }
        marked_seq_ = std::max(marked_seq_, feed.end.seq);
        stream_end_ = stream.last_seq;
        session_ = session;
        ticket_ = std::move(ticket);
    }
    on_open_();
    return {};
}

// Compares and swaps: another writer may have begun one.
Result<store::Feed> FeedHistory::Begin(const store::Feed& feed, const nats::StreamInfo& stream) {
    store::FeedEnd end;
    if (stream.messages > 0) {
        UNIBOX_ASSIGN_OR_RETURN(const auto last, streams_.Get(stream.name, stream.last_seq));
        end = {static_cast<std::int64_t>(stream.last_seq), last.msg_id};
    }
    UNIBOX_ASSIGN_OR_RETURN(
        const auto begun, store::BeginFeedEpoch(pool_, feed.epoch, stream.created_unix_ms, end)
    );
    if (!begun.is_ours) return begun.feed;
    epochs_.Add();
    obs::Log(
        obs::Level::kError,
        "the feed's stream was made anew or lost its tail: a new feed epoch",
        {{"known_end", std::max(feed.end.seq, High(feed.epoch).seq)},
         {"last_seq", stream.last_seq},
         {"feed_epoch", begun.feed.epoch.ToString()}}
    );
    return begun.feed;
}

Result<FeedHistory::Standing> FeedHistory::Compare(
    const store::Feed& feed, const nats::StreamInfo& stream
) {
    const bool other = feed.stream_created_ms && *feed.stream_created_ms != stream.created_unix_ms;
    Standing standing = other ? Standing::kAnother : Standing::kSame;
    for (const store::FeedEnd& end : {feed.end, High(feed.epoch)}) {
        if (standing != Standing::kSame) break;
        UNIBOX_ASSIGN_OR_RETURN(standing, CompareEnd(end, stream));
    }
    if (standing != Standing::kUnclear) shortened_since_ = {};
    return standing;
}

Result<FeedHistory::Standing> FeedHistory::CompareEnd(
    const store::FeedEnd& end, const nats::StreamInfo& stream
) {
    if (end.seq <= 0) return Standing::kSame;
    const auto sequence = static_cast<std::uint64_t>(end.seq);
    if (stream.last_seq < sequence) {
        if (stream.replicas <= 1) return Standing::kAnother;
        if (shortened_since_ == SteadyTime{}) shortened_since_ = clock_.Steady();
        const bool lasts = clock_.Steady() - shortened_since_ >= kTailLostFor;
        return lasts ? Standing::kAnother : Standing::kUnclear;
    }
    if (stream.first_seq > sequence) return Standing::kSame;  // Expired since, as all do.
    const auto message = streams_.Get(stream.name, sequence);
    if (message.status().code() == Code::kNotFound) {
        UNIBOX_ASSIGN_OR_RETURN(const auto now, streams_.Info(stream.name));
        return now.first_seq > sequence ? Standing::kSame : Standing::kAnother;
    }
    UNIBOX_RETURN_IF_ERROR(message.status());
    return message->msg_id == end.msg_id ? Standing::kSame : Standing::kAnother;
}

}  // namespace unibox::writer
