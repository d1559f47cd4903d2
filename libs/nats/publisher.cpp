#include "nats/publisher.hpp"

#include "base/assert.hpp"
#include "nats/detail/core.hpp"
#include "nats/detail/outgoing.hpp"
#include "nats/detail/pub_reply.hpp"
#include "nats/detail/publish_metrics.hpp"
#include "nats/detail/spent_messages.hpp"
#include "nats/detail/window.hpp"

#include <sys/prctl.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace unibox::nats {
namespace {

using detail::Fate;
using detail::Slot;

// A message can be decided while a thread is still sending it: its slot is free only after that,
// its place in the window at once. One for each thread that may be sending.
constexpr std::size_t kSpareSlots = 256;
static_assert(kPublishWindowMsgsMax + kSpareSlots <= detail::Window::kSlotsMax);
constexpr int kResendsMax = 2;  // In one session, for want of an answer.
constexpr int kBackoffDoublings = 4;
constexpr int kBusyFactor = 4;  // A server that sheds load is left alone for longer.
// The publisher's thread looks at least so often: a deadline further away needs no wake-up of its
// own.
constexpr Millis kIdleWait{100};

SteadyTime Now() {
    return std::chrono::steady_clock::now();
}

// A message that is to be sent again, unless it is decided before its turn comes.
struct Resending {
    std::uint64_t order;  // Of Publish, and no other message's.
    std::uint32_t index;
};

struct Completion {
    detail::Recipient recipient;
    Result<PubAck> result;
    detail::MessagePtr message;
    SteadyTime started{};  // Of a message that was in the window.
    std::size_t bytes = 0;
    bool in_window = false;
};

class PublisherImpl final : public Publisher {
public:
    PublisherImpl(Connection& connection, const PublisherSettings& settings, obs::Metrics& metrics);
    ~PublisherImpl() override;
    Status Open();

    void Publish(Outgoing message, SteadyTime deadline, Done done) override;
    void PublishAll(std::vector<Outgoing> messages, SteadyTime deadline, AllDone done) override;
    std::size_t in_flight() const override { return in_flight_; }
    std::size_t in_flight_bytes() const override { return in_flight_bytes_; }

private:
    using Lock = std::unique_lock<std::mutex>;

    Status Admit(const Outgoing& message) const {
        return detail::CheckOutgoing(message, settings_.window_bytes, core_.payload_bytes_max());
    }
    bool Reserve(std::size_t count, std::size_t bytes);
    std::uint32_t Place(std::size_t bytes, SteadyTime deadline, detail::Recipient recipient);
    void BuildAndSend(std::uint32_t index, const Outgoing& message);
    void Send(std::uint32_t index);
    void AfterSend(std::uint32_t index, natsStatus status);
    void MarkSending(Slot& slot);

    void OnReply(detail::MessagePtr reply);
    void OnRefusal(std::uint32_t index, const detail::PubReply& reply);
    void Settle(std::uint32_t index, Result<PubAck> result);
    void SettleNow(detail::Recipient recipient, Status status);
    void WakeAt(SteadyTime due);
    Millis BackoffOf(const Slot& slot, bool busy) const;

    void Main();
    void RunCompletions(Lock& lock, detail::MessagePtr reply = {});
    void HandleNewSession(Lock& lock);
    void HandleDue(Lock& lock, SteadyTime now);
    bool Decide(std::uint32_t index, SteadyTime now);
    void Resend(Lock& lock, std::vector<Resending> messages);
    void SettleAll();
    void Tell(Completion& completion);

    detail::Core& core_;
    const PublisherSettings settings_;
    detail::PublishMetrics counts_;

    detail::Lane* lane_ = nullptr;
    std::uint64_t listener_ = 0;
    std::atomic<std::size_t> in_flight_{0};
    std::atomic<std::size_t> in_flight_bytes_{0};

    // Held while recipients are told, so that it happens one at a time, in the thread that brought
    // an answer or in the publisher's own. Taken before mutex_.
    std::mutex telling_mutex_;
    std::vector<Completion> telling_;
    detail::SpentMessages spent_;

    std::mutex mutex_;
    std::condition_variable wake_;
    detail::Window window_;
    std::vector<Completion> completions_;
    std::uint64_t next_order_ = 1;
    SteadyTime wake_at_{};  // When the publisher's thread looks again by itself.
    bool new_session_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

PublisherImpl::PublisherImpl(
    Connection& connection, const PublisherSettings& settings, obs::Metrics& metrics
)
    : core_(connection.core()),
      settings_(settings),
      counts_(metrics),
      // An answer to an earlier user of the same inbox must not look like one of ours.
      window_(settings.window_msgs + kSpareSlots, std::random_device()()) {}

Status PublisherImpl::Open() {
    auto handler = [this](detail::MessagePtr reply) { OnReply(std::move(reply)); };
    UNIBOX_ASSIGN_OR_RETURN(lane_, core_.AcquireLane(std::move(handler)));
    listener_ = core_.AddSessionListener([this] {
        const Lock lock(mutex_);
        new_session_ = true;
        wake_.notify_one();
    });
    thread_ = std::thread([this] { Main(); });
    return {};
}

PublisherImpl::~PublisherImpl() {
    if (lane_ == nullptr) return;
    core_.RemoveSessionListener(listener_);
    core_.ReleaseLane(lane_);
    {
        const Lock lock(mutex_);
        stopping_ = true;
        wake_.notify_one();
    }
    thread_.join();
}

bool PublisherImpl::Reserve(std::size_t count, std::size_t bytes) {
    if (in_flight_ + count > settings_.window_msgs || window_.free_count() < count) return false;
    if (in_flight_bytes_ + bytes > settings_.window_bytes) return false;
    in_flight_ += count;
    in_flight_bytes_ += bytes;
    return true;
}

std::uint32_t PublisherImpl::Place(
    std::size_t bytes, SteadyTime deadline, detail::Recipient recipient
) {
    const std::uint32_t index = window_.Take();
    Slot& slot = window_[index];
    slot.recipient = std::move(recipient);
    slot.started = Now();
    slot.deadline = deadline;
    slot.order = next_order_++;
    slot.bytes = bytes;
    MarkSending(slot);
    window_.SetDue(index, deadline);
    WakeAt(deadline);
    return index;
}

void PublisherImpl::Publish(Outgoing message, SteadyTime deadline, Done done) {
    detail::Recipient recipient{.done = std::move(done), .group = {}, .index = 0};
    Status status = Admit(message);
    const std::size_t bytes = detail::SizeOf(message);
    std::uint32_t index = 0;
    {
        const Lock lock(mutex_);
        if (status.ok() && !Reserve(1, bytes)) status = detail::WindowFull();
        if (!status.ok()) {
            SettleNow(std::move(recipient), std::move(status));
            return;
        }
        index = Place(bytes, deadline, std::move(recipient));
    }
    BuildAndSend(index, message);
}

void PublisherImpl::PublishAll(std::vector<Outgoing> messages, SteadyTime deadline, AllDone done) {
    auto group = std::make_shared<detail::Group>();
    group->results.resize(messages.size());
    group->remaining = messages.size();
    group->done = std::move(done);
    if (messages.empty()) {
        group->remaining = 1;
        const Lock lock(mutex_);
        SettleNow({.done = [group](auto) { group->done({}); }, .group = {}, .index = 0}, {});
        return;
    }
    std::vector<Status> refusals;
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (const auto& message : messages) {
        refusals.push_back(Admit(message));
        if (!refusals.back().ok()) continue;
        ++count;
        bytes += detail::SizeOf(message);
    }
    std::vector<std::pair<std::uint32_t, const Outgoing*>> placed;
    {
        const Lock lock(mutex_);
        const bool room = Reserve(count, bytes);
        for (std::size_t i = 0; i < messages.size(); ++i) {
            detail::Recipient recipient{.done = {}, .group = group, .index = i};
            if (refusals[i].ok() && !room) refusals[i] = detail::WindowFull();
            if (refusals[i].ok()) {
                const std::size_t size = detail::SizeOf(messages[i]);
                placed.emplace_back(Place(size, deadline, std::move(recipient)), &messages[i]);
            } else {
                SettleNow(std::move(recipient), std::move(refusals[i]));
            }
        }
    }
    for (const auto& [index, message] : placed) BuildAndSend(index, *message);
}

// The slot is busy: nobody else touches its message.
void PublisherImpl::BuildAndSend(std::uint32_t index, const Outgoing& message) {
    auto built = detail::BuildMessage(message, lane_->inbox() + window_.Token(index));
    if (!built.ok()) {
        const Lock lock(mutex_);
        window_[index].busy = false;
        if (window_[index].settled) {
            window_.Recycle(index);
        } else {
            Settle(index, built.status());
            wake_.notify_one();
        }
        return;
    }
    window_[index].message = std::move(built).value();
    Send(index);
}

void PublisherImpl::Send(std::uint32_t index) {
    const natsStatus status = core_.Send(window_[index].message.get());
    const Lock lock(mutex_);
    AfterSend(index, status);
}

// Before the sending: the answer can come before it returns, and a session read later could be one
// that began after the message was lost.
void PublisherImpl::MarkSending(Slot& slot) {
    slot.busy = true;
    slot.maybe_stored |= slot.awaiting;
    slot.awaiting = true;
    slot.sent_session = core_.session();
}

void PublisherImpl::AfterSend(std::uint32_t index, natsStatus status) {
    Slot& slot = window_[index];
    slot.busy = false;
    if (slot.settled) {
        window_.Recycle(index);
        return;
    }
    if (status == NATS_MAX_PAYLOAD || status == NATS_NO_MEMORY) {
        Settle(index, detail::FromNats(status, "publish"));
        wake_.notify_one();
        return;
    }
    if (status == NATS_OK && !slot.awaiting) return;  // Refused meanwhile, and due for that.
    SteadyTime due = slot.deadline;
    if (status != NATS_OK) {
        slot.awaiting = false;
        slot.sent_session = 0;
    } else if (settings_.republish_after_ms > 0 && slot.resends < kResendsMax) {
        due = std::min(due, Now() + Millis(settings_.republish_after_ms));
    }
    // A reconnect during the sending: the pass over the window left this slot out.
    if (slot.sent_session != core_.session() && core_.connected()) due = Now();
    window_.SetDue(index, due);
    WakeAt(due);
}

void PublisherImpl::WakeAt(SteadyTime due) {
    if (due >= wake_at_) return;
    wake_at_ = due;
    wake_.notify_one();
}

void PublisherImpl::OnReply(detail::MessagePtr reply) {
    const std::string_view subject = detail::TextOf(natsMsg_GetSubject(reply.get()));
    const std::string_view token = subject.substr(std::min(lane_->inbox().size(), subject.size()));
    const std::string_view body = detail::DataOf(reply.get());
    const std::string_view header =
        body.empty() ? detail::HeaderOf(reply.get(), "Status") : std::string_view();
    detail::PubReply outcome = detail::ReadPubReply(header, body);
    Lock lock(mutex_);
    const auto index = window_.Find(token);
    if (!index) return;  // Answered before, or given up.
    switch (outcome.fate) {
        case Fate::kStored:
            Settle(*index, std::move(outcome.ack));
            break;
        case Fate::kRefused:
            Settle(*index, std::move(outcome.status));
            break;
        case Fate::kRetry:
        case Fate::kBusy:
            OnRefusal(*index, outcome);
            return;
    }
    // Here and now: this thread is neither the network's nor a caller's, and another hand-over
    // would cost two switches of threads for each message.
    RunCompletions(lock, std::move(reply));
}

void PublisherImpl::OnRefusal(std::uint32_t index, const detail::PubReply& reply) {
    Slot& slot = window_[index];
    slot.awaiting = false;
    slot.refusal = reply.status;
    const SteadyTime due = Now() + BackoffOf(slot, reply.fate == Fate::kBusy);
    ++slot.refusals;
    window_.SetDue(index, std::min(due, slot.deadline));
    WakeAt(window_.due(index));
}

Millis PublisherImpl::BackoffOf(const Slot& slot, bool busy) const {
    const int doublings = std::min(slot.refusals, kBackoffDoublings);
    return Millis(settings_.retry_wait_ms * (1LL << doublings) * (busy ? kBusyFactor : 1));
}

void PublisherImpl::Settle(std::uint32_t index, Result<PubAck> result) {
    Slot& slot = window_[index];
    Completion completion{
        .recipient = std::move(slot.recipient),
        .result = std::move(result),
        .message = {},
        .started = slot.started,
        .bytes = slot.bytes,
        .in_window = true,
    };
    slot.settled = true;
    window_.SetDue(index, detail::Window::kNever);
    if (!slot.busy) {
        completion.message = std::move(slot.message);
        window_.Recycle(index);
    }
    completions_.push_back(std::move(completion));
}

void PublisherImpl::SettleNow(detail::Recipient recipient, Status status) {
    Result<PubAck> result = status.ok() ? Result<PubAck>(PubAck{}) : std::move(status);
    completions_.push_back(
        {.recipient = std::move(recipient),
         .result = std::move(result),
         .message = {},
         .started = {},
         .bytes = 0,
         .in_window = false}
    );
    if (completions_.size() == 1) wake_.notify_one();
}

void PublisherImpl::Main() {
    prctl(PR_SET_NAME, "nats-publisher");
    Lock lock(mutex_);
    while (!stopping_) {
        const SteadyTime now = Now();
        if (new_session_) HandleNewSession(lock);
        if (now >= wake_at_) {
            HandleDue(lock, now);
            wake_at_ = std::min(window_.EarliestDue(), now + kIdleWait);
        }
        RunCompletions(lock);
        if (stopping_ || new_session_ || !completions_.empty()) continue;
        const SteadyTime until = wake_at_;
        wake_.wait_until(lock, until);  // Woken for nothing it only looks again.
    }
    SettleAll();
    RunCompletions(lock);
}

// `reply` is what brought one of them about.
void PublisherImpl::RunCompletions(Lock& lock, detail::MessagePtr reply) {
    if (completions_.empty()) return;
    lock.unlock();
    {
        const Lock telling(telling_mutex_);
        lock.lock();
        telling_.swap(completions_);
        lock.unlock();
        for (auto& completion : telling_) Tell(completion);
        telling_.clear();  // What the closures own dies without the lock.
        spent_.Add(std::move(reply));
    }
    lock.lock();
}

void PublisherImpl::Tell(Completion& completion) {
    spent_.Add(std::move(completion.message));
    if (completion.in_window) {
        counts_.CountOutcome(completion.result, completion.started);
        --in_flight_;  // First, so that `done` can publish into a full window.
        in_flight_bytes_ -= completion.bytes;
    } else if (!completion.result.ok()) {
        counts_.CountRefused();
    }
    completion.recipient.Tell(std::move(completion.result));
}

void PublisherImpl::HandleNewSession(Lock& lock) {
    new_session_ = false;
    const std::uint64_t session = core_.session();
    const SteadyTime now = Now();
    std::vector<Resending> unanswered;
    for (std::uint32_t i = 0; i < window_.size(); ++i) {
        Slot& slot = window_[i];
        if (!slot.used || slot.settled || slot.busy || slot.sent_session == session) continue;
        if (slot.deadline <= now) continue;  // It is about to be settled.
        slot.resends = 0;
        unanswered.push_back({.order = slot.order, .index = i});
    }
    Resend(lock, std::move(unanswered));
}

void PublisherImpl::HandleDue(Lock& lock, SteadyTime now) {
    std::vector<Resending> again;
    for (std::uint32_t i = 0; i < window_.size(); ++i) {
        if (window_.due(i) > now || !Decide(i, now)) continue;
        again.push_back({.order = window_[i].order, .index = i});
    }
    Resend(lock, std::move(again));
}

// What to do with a slot that is due; true: send it again.
bool PublisherImpl::Decide(std::uint32_t index, SteadyTime now) {
    Slot& slot = window_[index];
    if (now >= slot.deadline) {
        Settle(index, detail::StatusAtDeadline(slot));
        return false;
    }
    window_.SetDue(index, slot.deadline);
    if (slot.busy || !core_.connected()) return false;  // Looked at again after that.
    if (!slot.awaiting || slot.sent_session != core_.session()) return true;
    // Unanswered: the answer is lost or late. More copies would only bury a peer that reads
    // nothing.
    const bool drained = core_.WriteBufferDrained();
    const SteadyTime again = now + Millis(settings_.republish_after_ms);
    if (!drained) window_.SetDue(index, std::min(slot.deadline, again));
    if (drained) ++slot.resends;
    return drained;
}

void PublisherImpl::Resend(Lock& lock, std::vector<Resending> messages) {
    std::sort(messages.begin(), messages.end(), [](const Resending& a, const Resending& b) {
        return a.order < b.order;
    });
    for (const auto& [order, index] : messages) {
        Slot& slot = window_[index];
        if (slot.order != order || slot.settled) continue;  // Answered meanwhile.
        if (!settings_.resend) Settle(index, detail::NotSentAgain());
        if (!settings_.resend) continue;
        MarkSending(slot);
        counts_.CountResent();
        lock.unlock();
        Send(index);
        lock.lock();
    }
}

void PublisherImpl::SettleAll() {
    for (std::uint32_t i = 0; i < window_.size(); ++i) {
        if (!window_[i].used || window_[i].settled) continue;
        Settle(i, Unavailable("the publisher is shutting down").WithReason("SHUTTING_DOWN"));
    }
}

}  // namespace

Result<std::unique_ptr<Publisher>> Publisher::Create(
    Connection& connection, const PublisherSettings& settings, obs::Metrics& metrics
) {
    if (settings.window_msgs < 1 || settings.window_msgs > kPublishWindowMsgsMax) {
        return InvalidArgument("window_msgs must be 1 to 65000").WithField("window_msgs");
    }
    auto publisher = std::make_unique<PublisherImpl>(connection, settings, metrics);
    UNIBOX_RETURN_IF_ERROR(publisher->Open());
    return std::unique_ptr<Publisher>(std::move(publisher));
}

}  // namespace unibox::nats
