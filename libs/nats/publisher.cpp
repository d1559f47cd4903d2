#include "nats/publisher.hpp"

#include "base/clock_wait.hpp"
#include "nats/detail/publisher_impl.hpp"

#include <sys/prctl.h>

#include <random>

namespace unibox::nats {
namespace detail {
namespace {

// A message can be decided while a thread is still sending it: its slot is free only after that,
// its place in the window at once. One for each thread that may be sending.
constexpr std::size_t kSpareSlots = 256;
static_assert(kPublishWindowCountMax + kSpareSlots <= Window::kSlotsMax);
constexpr int kResendsMax = 2;  // In one session, for want of an answer.
constexpr int kBackoffDoublings = 4;
constexpr int kBusyFactor = 4;  // A server that sheds load is left alone for longer.
// The publisher's thread looks at least so often: a deadline further away needs no wake-up of its
// own.
constexpr Millis kIdleWait{100};

}  // namespace

PublisherImpl::PublisherImpl(
    Connection& connection, const PublisherSettings& settings, obs::Metrics& metrics
)
    : connection_(connection.impl()),
      settings_(settings),
      counts_(metrics),
      // An answer to an earlier user of the same inbox must not look like one of ours.
      window_(settings.window_count_max + kSpareSlots, std::random_device()()) {}

Status PublisherImpl::Open() {
    auto handler = [this](MessagePtr reply) { OnReply(std::move(reply)); };
    UNIBOX_ASSIGN_OR_RETURN(answers_, connection_.AcquireSubscription(std::move(handler)));
    listener_ = connection_.AddSessionListener([this] {
        const MutexLock lock(mutex_);
        new_session_ = true;
        wake_.notify_one();
    });
    thread_ = std::thread([this] { Main(); });
    return {};
}

PublisherImpl::~PublisherImpl() {
    if (answers_ == nullptr) return;
    connection_.RemoveSessionListener(listener_);
    connection_.ReleaseSubscription(answers_);
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_one();
    }
    thread_.join();
}

bool PublisherImpl::Reserve(std::size_t count, std::size_t bytes) {
    if (in_flight_ + count > settings_.window_count_max || window_.free_count() < count)
        return false;
    if (in_flight_bytes_ + bytes > settings_.window_bytes_max) return false;
    in_flight_ += count;
    in_flight_bytes_ += bytes;
    return true;
}

PublisherImpl::Sending PublisherImpl::Place(
    std::size_t bytes, SteadyTime deadline, Recipient recipient
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
    return {index, &slot};
}

void PublisherImpl::Publish(Outgoing message, SteadyTime deadline, Done done) {
    Recipient recipient{.done = std::move(done), .group = {}, .index = 0};
    Status status = Admit(message);
    const std::size_t bytes = SizeOf(message);
    Sending sending;
    {
        const MutexLock lock(mutex_);
        if (status.ok() && !Reserve(1, bytes)) status = WindowFull();
        if (!status.ok()) {
            SettleNow(std::move(recipient), std::move(status));
            return;
        }
        sending = Place(bytes, deadline, std::move(recipient));
    }
    BuildAndSend(sending, message);
}

void PublisherImpl::PublishAll(std::vector<Outgoing> messages, SteadyTime deadline, AllDone done) {
    auto group = std::make_shared<Group>();
    group->results.resize(messages.size());
    group->remaining = messages.size();
    group->done = std::move(done);
    if (messages.empty()) {
        group->remaining = 1;
        const MutexLock lock(mutex_);
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
        bytes += SizeOf(message);
    }
    std::vector<std::pair<Sending, const Outgoing*>> placed;
    {
        const MutexLock lock(mutex_);
        const bool room = Reserve(count, bytes);
        for (std::size_t i = 0; i < messages.size(); ++i) {
            Recipient recipient{.done = {}, .group = group, .index = i};
            if (refusals[i].ok() && !room) refusals[i] = WindowFull();
            if (refusals[i].ok()) {
                const std::size_t size = SizeOf(messages[i]);
                placed.emplace_back(Place(size, deadline, std::move(recipient)), &messages[i]);
            } else {
                SettleNow(std::move(recipient), std::move(refusals[i]));
            }
        }
    }
    for (const auto& [sending, message] : placed) BuildAndSend(sending, *message);
}

void PublisherImpl::BuildAndSend(const Sending& sending, const Outgoing& message) {
    const std::string token = Window::Token(sending.index, sending.slot->generation);
    auto built = BuildMessage(message, answers_->inbox() + token);
    if (!built.ok()) {
        const MutexLock lock(mutex_);
        sending.slot->busy = false;
        if (sending.slot->settled) {
            window_.Recycle(sending.index);
        } else {
            Settle(sending.index, built.status());
            wake_.notify_one();
        }
        return;
    }
    sending.slot->message = std::move(built).value();
    Send(sending);
}

void PublisherImpl::Send(const Sending& sending) {
    const natsStatus status = connection_.Send(sending.slot->message.get());
    const MutexLock lock(mutex_);
    AfterSend(sending.index, status);
}

// Before the sending: the answer can come before it returns, and a session read later could be one
// that began after the message was lost.
void PublisherImpl::MarkSending(Slot& slot) {
    slot.busy = true;
    slot.maybe_stored |= slot.awaiting;
    slot.awaiting = true;
    slot.sent_session = connection_.session();
}

void PublisherImpl::AfterSend(std::uint32_t index, natsStatus status) {
    Slot& slot = window_[index];
    slot.busy = false;
    if (slot.settled) {
        window_.Recycle(index);
        return;
    }
    if (status == NATS_MAX_PAYLOAD || status == NATS_NO_MEMORY) {
        Settle(index, FromNats(status, "publish"));
        wake_.notify_one();
        return;
    }
    if (status == NATS_OK && !slot.awaiting) return;  // Refused meanwhile, and due for that.
    SteadyTime due = slot.deadline;
    if (status != NATS_OK) {
        slot.awaiting = false;
        slot.sent_session = 0;
    } else if (settings_.republish_after > Millis(0) && slot.resends < kResendsMax) {
        due = std::min(due, Now() + settings_.republish_after);
    }
    // A reconnect during the sending: the pass over the window left this slot out.
    if (slot.sent_session != connection_.session() && connection_.connected()) due = Now();
    window_.SetDue(index, due);
    WakeAt(due);
}

void PublisherImpl::WakeAt(SteadyTime due) {
    if (due >= wake_at_) return;
    wake_at_ = due;
    wake_.notify_one();
}

void PublisherImpl::OnReply(MessagePtr reply) {
    const std::string_view subject = TextOf(natsMsg_GetSubject(reply.get()));
    const std::string_view token =
        subject.substr(std::min(answers_->inbox().size(), subject.size()));
    const std::string_view body = DataOf(reply.get());
    const std::string_view header =
        body.empty() ? HeaderOf(reply.get(), "Status") : std::string_view();
    PubReply outcome = ReadPubReply(header, body);
    const MutexLock lock(mutex_);
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
    RunCompletions(std::move(reply));
}

void PublisherImpl::OnRefusal(std::uint32_t index, const PubReply& reply) {
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
    return settings_.retry_wait * (1LL << doublings) * (busy ? kBusyFactor : 1);
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
    window_.SetDue(index, Window::kNever);
    if (!slot.busy) {
        completion.message = std::move(slot.message);
        window_.Recycle(index);
    }
    completions_.push_back(std::move(completion));
}

void PublisherImpl::SettleNow(Recipient recipient, Status status) {
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
    const MutexLock lock(mutex_);
    while (!stopping_) {
        const SteadyTime now = Now();
        if (new_session_) HandleNewSession();
        if (now >= wake_at_) {
            HandleDue(now);
            wake_at_ = std::min(window_.EarliestDue(), now + kIdleWait);
        }
        RunCompletions();
        if (stopping_ || new_session_ || !completions_.empty()) continue;
        const SteadyTime until = wake_at_;
        WaitOnce(wake_, mutex_, connection_.clock(), until);
    }
    SettleAll();
    RunCompletions();
}

// `reply` is what brought one of them about.
void PublisherImpl::RunCompletions(MessagePtr reply) {
    if (completions_.empty()) return;
    mutex_.unlock();
    {
        const MutexLock telling(telling_mutex_);
        {
            const MutexLock lock(mutex_);
            telling_.swap(completions_);
        }
        for (auto& completion : telling_) Tell(completion);
        telling_.clear();  // What the closures own dies without the lock.
        spent_.Add(std::move(reply));
    }
    mutex_.lock();
}

void PublisherImpl::Tell(Completion& completion) {
    spent_.Add(std::move(completion.message));
    if (completion.in_window) {
        counts_.CountOutcome(completion.result, Now() - completion.started);
        --in_flight_;  // First, so that `done` can publish into a full window.
        in_flight_bytes_ -= completion.bytes;
    } else if (!completion.result.ok()) {
        counts_.CountRefused();
    }
    completion.recipient.Tell(std::move(completion.result));
}

void PublisherImpl::HandleNewSession() {
    new_session_ = false;
    const std::uint64_t session = connection_.session();
    const SteadyTime now = Now();
    std::vector<Resending> unanswered;
    for (std::uint32_t i = 0; i < window_.size(); ++i) {
        Slot& slot = window_[i];
        if (!slot.used || slot.settled || slot.busy || slot.sent_session == session) continue;
        if (slot.deadline <= now) continue;  // It is about to be settled.
        slot.resends = 0;
        unanswered.push_back({.order = slot.order, .index = i});
    }
    Resend(std::move(unanswered));
}

void PublisherImpl::HandleDue(SteadyTime now) {
    std::vector<Resending> again;
    for (std::uint32_t i = 0; i < window_.size(); ++i) {
        if (window_.due(i) > now || !Decide(i, now)) continue;
        again.push_back({.order = window_[i].order, .index = i});
    }
    Resend(std::move(again));
}

// What to do with a slot that is due; true: send it again.
bool PublisherImpl::Decide(std::uint32_t index, SteadyTime now) {
    Slot& slot = window_[index];
    if (now >= slot.deadline) {
        Settle(index, StatusAtDeadline(slot));
        return false;
    }
    window_.SetDue(index, slot.deadline);
    if (slot.busy || !connection_.connected()) return false;  // Looked at again after that.
    if (!slot.awaiting || slot.sent_session != connection_.session()) return true;
    // Unanswered: the answer is lost or late. More copies would only bury a peer that reads
    // nothing.
    const bool drained = connection_.WriteBufferDrained();
    const SteadyTime again = now + settings_.republish_after;
    if (!drained) window_.SetDue(index, std::min(slot.deadline, again));
    if (drained) ++slot.resends;
    return drained;
}

void PublisherImpl::Resend(std::vector<Resending> messages) {
    std::sort(messages.begin(), messages.end(), [](const Resending& a, const Resending& b) {
        return a.order < b.order;
    });
    for (const auto& [order, index] : messages) {
        Slot& slot = window_[index];
        if (slot.order != order || slot.settled) continue;  // Answered meanwhile.
        if (!settings_.resend) Settle(index, NotSentAgain());
        if (!settings_.resend) continue;
        MarkSending(slot);
        counts_.CountResent();
        mutex_.unlock();
        Send({index, &slot});
        mutex_.lock();
    }
}

void PublisherImpl::SettleAll() {
    for (std::uint32_t i = 0; i < window_.size(); ++i) {
        if (!window_[i].used || window_[i].settled) continue;
        Settle(i, Unavailable("the publisher is shutting down").WithReason("SHUTTING_DOWN"));
    }
}

}  // namespace detail

Result<std::unique_ptr<Publisher>> Publisher::Create(
    Connection& connection, const PublisherSettings& settings, obs::Metrics& metrics
) {
    if (settings.window_count_max < 1 || settings.window_count_max > kPublishWindowCountMax) {
        return InvalidArgument("window_count_max must be 1 to 65000").WithField("window_count_max");
    }
    auto publisher = std::make_unique<detail::PublisherImpl>(connection, settings, metrics);
    UNIBOX_RETURN_IF_ERROR(publisher->Open());
    return std::unique_ptr<Publisher>(std::move(publisher));
}

}  // namespace unibox::nats
