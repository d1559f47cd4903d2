#include "nats/log_reader.hpp"

#include "nats/detail/arrivals.hpp"
#include "nats/detail/connection_impl.hpp"
#include "nats/detail/continuity.hpp"
#include "nats/detail/delivered.hpp"
#include "nats/detail/js_api.hpp"
#include "nats/detail/pulls.hpp"
#include "nats/detail/spent_messages.hpp"
#include "nats/reasons.hpp"
#include "obs/log.hpp"
#include "obs/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace unibox::nats {
namespace {

constexpr std::size_t kPulls = 2;  // While one is being served the next one waits.
constexpr std::size_t kHeaderBytesMax = 64 * 1024;
constexpr int kFruitlessPullsMax = 3;
constexpr Millis kRetryWaitMin{20};
constexpr Millis kRetryWaitMax{1000};
constexpr Millis kTick{50};  // How often a waiting Fetch looks at its timers.

// A machine of four states, driven from Fetch; it never waits for an answer itself: kIdle asks
// STREAM.INFO (kInfo), then CONSUMER.CREATE (kCreate), then it pulls (kReading); trouble: kIdle.
class LogReaderImpl final : public LogReader {
public:
    LogReaderImpl(
        Connection& connection,
        std::string_view stream,
        std::uint64_t start_sequence,
        const LogReaderSettings& settings,
        obs::Metrics& metrics
    );
    ~LogReaderImpl() override;
    Status Start();

    Result<std::vector<LogMessage>> Fetch(std::size_t count_max, std::size_t bytes_max, Millis wait)
        override;
    std::uint64_t next_sequence() const override { return next_; }
    std::uint64_t first_available() const override { return first_available_; }
    Status SkipTo(std::uint64_t sequence) override;
    std::uint64_t pending() const override { return pending_; }

private:
    SteadyTime Now() const { return connection_.clock().Steady(); }

    enum class State { kIdle, kInfo, kCreate, kReading };
    struct Batch {
        std::vector<LogMessage> messages;
        std::size_t count_max;
        std::size_t bytes_max;
        std::size_t bytes = 0;
    };

    Status Drive(SteadyTime now);
    Status HandleArrived(Batch& batch);
    static bool Fits(const Batch& batch, const natsMsg* message);
    Status Handle(natsMsg* message, Batch& batch);
    Status HandleAnswer(natsMsg* message, std::string_view token);
    Status OnInfo(natsMsg* message);
    void OnCreated(natsMsg* message);
    void OnPullStatus(natsMsg* message, std::string_view id);
    void OnHeartbeat(natsMsg* message);
    Status OnDelivery(natsMsg* message, Batch& batch);
    Status OnFirst(natsMsg* message, const detail::Delivery& delivery, Batch& batch);
    Status Take(natsMsg* message, const detail::Delivery& delivery, Batch& batch);
    Status CheckStream(const StreamInfo& info);
    Status Gap(std::uint64_t first_available);
    Status Recreated(std::string message);
    void Ask(State next, const std::string& call, std::string_view body, char kind);
    void TopUp(SteadyTime now);
    void Reset(std::string_view why, Status cause = {});
    void DropConsumer();
    Result<std::vector<LogMessage>> NothingNew() const;

    detail::ConnectionImpl& connection_;
    const std::string stream_;
    LogReaderSettings settings_;
    obs::Metrics& metrics_;
    detail::Arrivals arrivals_;
    detail::Subscription* answers_ = nullptr;

    std::deque<detail::MessagePtr> queue_;
    detail::SpentMessages spent_;
    State state_ = State::kIdle;
    std::uint64_t next_;
    detail::Continuity continuity_;
    std::uint64_t first_available_ = 0;
    std::uint64_t pending_ = 0;
    std::optional<std::int64_t> created_unix_us_;
    Status failure_;  // Final, or a gap until SkipTo.
    Status cause_;    // Why it is not reading.

    std::uint64_t epoch_;  // Tells answers to the present attempt from all others.
    std::uint64_t session_ = 0;
    SteadyTime state_deadline_{};
    SteadyTime retry_at_{};
    SteadyTime down_since_;
    int failures_ = 0;

    std::string consumer_;
    std::uint64_t consumer_sequence_ = 0;
    detail::Pulls pulls_;
    SteadyTime last_heard_{};
    SteadyTime last_fetch_{};
};

LogReaderImpl::LogReaderImpl(
    Connection& connection,
    std::string_view stream,
    std::uint64_t start_sequence,
    const LogReaderSettings& settings,
    obs::Metrics& metrics
)
    : connection_(connection.impl()),
      stream_(stream),
      settings_(settings),
      metrics_(metrics),
      arrivals_(settings.on_arrival, connection_.clock()),
      next_(start_sequence),
      continuity_(settings.expected_last),
      created_unix_us_(settings.expected_created_unix_us),
      epoch_(connection_.UniqueNumber()),
      down_since_(Now()) {}

LogReaderImpl::~LogReaderImpl() {
    DropConsumer();
    if (answers_ != nullptr) connection_.ReleaseSubscription(answers_);
}

Status LogReaderImpl::Start() {
    auto handler = [this](detail::MessagePtr message) { arrivals_.Push(std::move(message)); };
    UNIBOX_ASSIGN_OR_RETURN(answers_, connection_.AcquireSubscription(std::move(handler)));
    const SteadyTime deadline = Now() + 2 * Millis(connection_.settings().request_timeout_ms);
    Batch nothing{.messages = {}, .count_max = 0, .bytes_max = 0};
    while (true) {
        UNIBOX_RETURN_IF_ERROR(Drive(Now()));
        UNIBOX_RETURN_IF_ERROR(HandleArrived(nothing));
        if (state_ == State::kReading || failure_.code() == Code::kDataLoss) return {};
        const SteadyTime now = Now();
        if (now >= deadline && !cause_.ok()) return cause_;
        if (now >= deadline) {
            return Unavailable("NATS cannot be asked about stream " + stream_)
                .WithReason("NOT_CONNECTED");
        }
        arrivals_.Wait(std::min(deadline, now + kRetryWaitMin));
    }
}

Result<std::vector<LogMessage>> LogReaderImpl::Fetch(
    std::size_t count_max, std::size_t bytes_max, Millis wait
) {
    const SteadyTime start = Now();
    const SteadyTime deadline = start + wait;
    // While nobody fetched nobody listened: silence counts from now.
    if (start - last_fetch_ > settings_.heartbeat) last_heard_ = start;
    Batch batch{
        .messages = {}, .count_max = std::max<std::size_t>(count_max, 1), .bytes_max = bytes_max};
    while (true) {
        const SteadyTime now = Now();
        last_fetch_ = now;
        Status status = HandleArrived(batch);
        if (status.ok()) status = Drive(now);
        if (!batch.messages.empty()) continuity_.SetLast(detail::MarkOf(batch.messages.back()));
        if (!batch.messages.empty()) return std::move(batch.messages);
        if (!failure_.ok()) return failure_;
        if (!status.ok()) return status;
        if (now >= deadline) return NothingNew();
        arrivals_.Wait(std::min(deadline, now + (state_ == State::kReading ? kTick : kRetryWaitMin))
        );
    }
}

Result<std::vector<LogMessage>> LogReaderImpl::NothingNew() const {
    const Millis patience(connection_.settings().request_timeout_ms);
    if (state_ == State::kReading || Now() - down_since_ < patience) {
        return std::vector<LogMessage>();
    }
    const std::string why = cause_.ok() ? "no connection to NATS" : cause_.ToString();
    return Unavailable(fmt::format("stream {} cannot be read: {}", stream_, why))
        .WithReason("NOT_READING");
}

Status LogReaderImpl::SkipTo(std::uint64_t sequence) {
    if (sequence < next_)
        return InvalidArgument("a log is not read backwards").WithField("sequence");
    if (failure_.code() == Code::kFailedPrecondition) return failure_;
    failure_ = Status();
    if (sequence != next_) continuity_.SetLast(std::nullopt);
    next_ = sequence;
    Reset("skip");
    retry_at_ = {};
    return {};
}

// Timers, and whatever the present state has to send.
Status LogReaderImpl::Drive(SteadyTime now) {
    if (state_ != State::kIdle && session_ != connection_.session()) Reset("reconnect");
    switch (state_) {
        case State::kIdle:
            if (!connection_.connected() || now < retry_at_ || !failure_.ok()) return {};
            session_ = connection_.session();
            Ask(State::kInfo, "STREAM.INFO." + stream_, "", 'i');
            return {};
        case State::kInfo:
        case State::kCreate:
            if (now >= state_deadline_) {
                Reset("timeout", DeadlineExceeded("the JetStream API does not answer"));
            }
            return {};
        case State::kReading:
            break;
    }
    if (now - last_heard_ > settings_.heartbeat * 5 / 2) {
        Reset("silence", Unavailable("the consumer is silent"));
        return {};
    }
    pulls_.DropExpired(now);
    TopUp(now);
    return {};
}

Status LogReaderImpl::HandleArrived(Batch& batch) {
    arrivals_.TakeInto(queue_);
    while (!queue_.empty() && failure_.ok() && Fits(batch, queue_.front().get())) {
        detail::MessagePtr message = std::move(queue_.front());
        queue_.pop_front();
        UNIBOX_RETURN_IF_ERROR(Handle(message.get(), batch));
        spent_.Add(std::move(message));
    }
    return {};
}

bool LogReaderImpl::Fits(const Batch& batch, const natsMsg* message) {
    if (batch.messages.empty()) return true;
    if (batch.messages.size() >= batch.count_max) return false;
    return batch.bytes + detail::DataOf(message).size() <= batch.bytes_max;
}

Status LogReaderImpl::Handle(natsMsg* message, Batch& batch) {
    const std::string_view subject = detail::TextOf(natsMsg_GetSubject(message));
    const std::string& inbox = answers_->inbox();
    if (subject.starts_with(inbox)) {
        return HandleAnswer(message, subject.substr(inbox.size()));
    }
    return OnDelivery(message, batch);
}

// Tokens: "i<epoch>" and "c<epoch>" for the two questions, "p<epoch>-<pull>" for what is said about
// a pull.
Status LogReaderImpl::HandleAnswer(natsMsg* message, std::string_view token) {
    if (token.empty()) return {};
    const std::string epoch = std::to_string(epoch_);
    const char kind = token.front();
    token.remove_prefix(1);
    if (kind == 'i' && state_ == State::kInfo && token == epoch) return OnInfo(message);
    if (kind == 'c' && state_ == State::kCreate && token == epoch) OnCreated(message);
    if (kind == 'p' && state_ == State::kReading && token.starts_with(epoch + "-")) {
        OnPullStatus(message, token.substr(epoch.size() + 1));
    }
    return {};
}

Status LogReaderImpl::OnInfo(natsMsg* message) {
    const auto info = detail::ReadStreamInfoReply(detail::DataOf(message), stream_);
    if (!info.ok()) {
        const Status& status = info.status();
        Reset(status.reason() == kNoResponders ? "no_jetstream" : "stream_info", status);
        return status.code() == Code::kNotFound ? status : Status();
    }
    UNIBOX_RETURN_IF_ERROR(CheckStream(*info));
    if (!failure_.ok()) return {};
    const std::uint64_t from = continuity_.Begin(next_, info->first_seq);
    const std::string request = detail::ConsumerRequest(stream_, from, settings_);
    Ask(State::kCreate, "CONSUMER.CREATE." + stream_, request, 'c');
    return {};
}

// Before a consumer is made: server 2.9.10 silently clamps a start beyond the end, and would then
// deliver other messages than the caller means.
Status LogReaderImpl::CheckStream(const StreamInfo& info) {
    if (created_unix_us_ && *created_unix_us_ != info.created_unix_us) {
        return Recreated(fmt::format("stream {} was created anew", stream_));
    }
    created_unix_us_ = info.created_unix_us;
    if (info.last_seq + 1 < next_) {
        return Recreated(fmt::format(
            "stream {} ends at {}, but {} was read from it before",
            stream_,
            info.last_seq,
            next_ - 1
        ));
    }
    if (info.first_seq > next_) return Gap(info.first_seq);
    return {};
}

Status LogReaderImpl::Recreated(std::string message) {
    Reset("recreated");
    failure_ = FailedPrecondition(std::move(message)).WithReason(kStreamRecreated);
    return failure_;
}

Status LogReaderImpl::Gap(std::uint64_t first_available) {
    Reset("gap");
    first_available_ = first_available;
    failure_ =
        Status(
            Code::kDataLoss,
            fmt::format(
                "stream {}: messages {} to {} are gone, unread", stream_, next_, first_available - 1
            )
        )
            .WithReason(kGap);
    return {};
}

void LogReaderImpl::OnCreated(natsMsg* message) {
    auto name = detail::ReadConsumerName(detail::DataOf(message), stream_);
    if (!name.ok()) {
        Reset("create", name.status());
        return;
    }
    consumer_ = std::move(name).value();
    consumer_sequence_ = 0;
    cause_ = Status();
    state_ = State::kReading;
    last_heard_ = Now();
    TopUp(last_heard_);
}

void LogReaderImpl::OnPullStatus(natsMsg* message, std::string_view id) {
    const std::string_view status = detail::HeaderOf(message, "Status");
    last_heard_ = Now();
    if (status == "100") {
        OnHeartbeat(message);
        return;
    }
    const std::string_view text = detail::HeaderOf(message, "Description");
    if (!detail::EndsOnePull(status, text)) {
        Reset("consumer_lost", Unavailable(fmt::format("pull ended: {} {}", status, text)));
        return;
    }
    const std::uint64_t ended_pull = std::strtoull(std::string(id).c_str(), nullptr, 10);
    pulls_.Ended(ended_pull, status != "408");
    if (pulls_.fruitless() > kFruitlessPullsMax) {
        Reset("fruitless", Unavailable(fmt::format("pulls end at once: {} {}", status, text)));
    }
}

// Says how far the consumer has come: more than has arrived means that the tail was lost on the
// way.
void LogReaderImpl::OnHeartbeat(natsMsg* message) {
    failures_ = 0;
    const std::string last(detail::HeaderOf(message, "Nats-Last-Consumer"));
    if (last.empty()) return;
    if (std::strtoull(last.c_str(), nullptr, 10) > consumer_sequence_) Reset("lost_tail");
}

Status LogReaderImpl::OnDelivery(natsMsg* message, Batch& batch) {
    const auto delivery = detail::ParseDelivery(detail::TextOf(natsMsg_GetReply(message)));
    if (!delivery || delivery->stream != stream_) return {};
    if (state_ != State::kReading || delivery->consumer != consumer_) return {};
    last_heard_ = Now();
    failures_ = 0;
    if (delivery->consumer_sequence != consumer_sequence_ + 1) {
        Reset("lost_message");
        return {};
    }
    if (continuity_.open()) return OnFirst(message, *delivery, batch);
    return Take(message, *delivery, batch);
}

Status LogReaderImpl::OnFirst(natsMsg* message, const detail::Delivery& delivery, Batch& batch) {
    using Answer = detail::Continuity::Answer;
    const LogMark mark = detail::MarkOf(message, delivery);
    switch (continuity_.Look(delivery.stream_sequence, next_, mark)) {
        case Answer::kNothing:
            return Take(message, delivery, batch);
        case Answer::kOdd:
            Reset("sequence");
            return {};
        case Answer::kAnother:
            return Recreated(fmt::format(
                "stream {} has another message at {} than was read from it", stream_, next_ - 1
            ));
        case Answer::kProven:
            break;
    }
    consumer_sequence_ = 1;
    pulls_.Delivered();
    return {};
}

Status LogReaderImpl::Take(natsMsg* message, const detail::Delivery& delivery, Batch& batch) {
    const bool first = delivery.consumer_sequence == continuity_.wanted_from();
    if (delivery.stream_sequence != next_) {
        // A consumer's first message is the first that the stream still has; in the middle it may
        // be the consumer that is wrong, and a new one decides.
        if (first && delivery.stream_sequence > next_) return Gap(delivery.stream_sequence);
        Reset("sequence");
        return {};
    }
    consumer_sequence_ = delivery.consumer_sequence;
    pending_ = delivery.pending;
    ++next_;
    batch.messages.push_back(detail::LogMessageOf(message, delivery));
    batch.bytes += batch.messages.back().payload.size();
    pulls_.Delivered();
    return {};
}

void LogReaderImpl::Ask(State next, const std::string& call, std::string_view body, char kind) {
    const std::string reply = answers_->inbox() + kind + std::to_string(epoch_);
    const natsStatus status = connection_.Send(("$JS.API." + call).c_str(), reply.c_str(), body);
    if (status != NATS_OK) {
        Reset("send", detail::FromNats(status, call));
        return;
    }
    state_ = next;
    state_deadline_ = Now() + Millis(connection_.settings().request_timeout_ms);
}

void LogReaderImpl::TopUp(SteadyTime now) {
    const std::size_t msgs = std::max<std::size_t>(settings_.credit_msgs / kPulls, 1);
    const auto payload_max = static_cast<std::size_t>(connection_.payload_bytes_max());
    // After a pull that ended without a message the next one is too large for the usual bytes.
    const std::size_t bytes = pulls_.fruitless() == 0
                                  ? std::max<std::size_t>(settings_.credit_bytes / kPulls, 1)
                                  : payload_max + kHeaderBytesMax;
    const std::string subject = fmt::format("$JS.API.CONSUMER.MSG.NEXT.{}.{}", stream_, consumer_);
    while (pulls_.size() < kPulls) {
        const Millis expires = settings_.pull_expires + settings_.heartbeat;
        const std::uint64_t id = pulls_.Add(msgs, now + expires);
        const std::string reply = fmt::format("{}p{}-{}", answers_->inbox(), epoch_, id);
        const std::string body = detail::PullRequest(msgs, bytes, settings_);
        if (connection_.Send(subject.c_str(), reply.c_str(), body) != NATS_OK)
            return;  // Silence follows.
    }
}

void LogReaderImpl::DropConsumer() {
    if (!consumer_.empty() && session_ == connection_.session()) {
        // Without an answer: if it is lost, the server forgets the consumer by itself.
        const std::string call = fmt::format("$JS.API.CONSUMER.DELETE.{}.{}", stream_, consumer_);
        static_cast<void>(connection_.Send(call.c_str(), nullptr, ""));
    }
    consumer_.clear();
}

void LogReaderImpl::Reset(std::string_view why, Status cause) {
    if (state_ == State::kReading) down_since_ = Now();
    DropConsumer();
    state_ = State::kIdle;
    epoch_ = connection_.UniqueNumber();
    pulls_.Clear();
    cause_ = std::move(cause);
    // The first attempt is made at once, the others wait longer and longer.
    const Millis wait = failures_ == 0 ? Millis(0) : kRetryWaitMin * (1 << std::min(failures_, 6));
    retry_at_ = Now() + std::min(wait, kRetryWaitMax);
    ++failures_;
    metrics_
        .GetCounter(
            "unibox_nats_reader_resets_total",
            "Consumers of log readers given up, by cause.",
            {{"cause", std::string(why)}}
        )
        .Add();
    obs::Log(
        obs::Level::kDebug,
        "log reader starts anew",
        {{"stream", stream_}, {"cause", why}, {"next", next_}}
    );
}

}  // namespace

Result<std::unique_ptr<LogReader>> LogReader::Open(
    Connection& connection,
    std::string_view stream,
    std::uint64_t start_sequence,
    const LogReaderSettings& settings,
    obs::Metrics& metrics
) {
    UNIBOX_RETURN_IF_ERROR(detail::CheckReader(stream, start_sequence, settings));
    auto reader =
        std::make_unique<LogReaderImpl>(connection, stream, start_sequence, settings, metrics);
    UNIBOX_RETURN_IF_ERROR(reader->Start());
    return std::unique_ptr<LogReader>(std::move(reader));
}

}  // namespace unibox::nats
