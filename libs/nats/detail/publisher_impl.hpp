// The publisher of publisher.hpp: a window of messages under one lock, whose recipients are told
// under another. A message is built and sent without a lock; its slot is busy meanwhile. Private to
// publisher.cpp. Thread safety: that of Publisher.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "nats/detail/connection_impl.hpp"
#include "nats/detail/outgoing.hpp"
#include "nats/detail/pub_reply.hpp"
#include "nats/detail/publish_metrics.hpp"
#include "nats/detail/spent_messages.hpp"
#include "nats/detail/window.hpp"
#include "nats/publisher.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace unibox::nats::detail {

// A message that is to be sent again, unless it is decided before its turn comes.
struct Resending {
    std::uint64_t order;  // Of Publish, and no other message's.
    std::uint32_t index;
};

struct Completion {
    Recipient recipient;
    Result<PubAck> result;
    MessagePtr message;
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
    // A slot that is busy: its message is the sender's alone until AfterSend.
    struct Sending {
        std::uint32_t index = 0;
        Slot* slot = nullptr;
    };

    SteadyTime Now() const { return connection_.clock().Steady(); }
    Status Admit(const Outgoing& message) const {
        return CheckOutgoing(message, settings_.window_bytes_max, connection_.payload_bytes_max());
    }
    bool Reserve(std::size_t count, std::size_t bytes) UNIBOX_REQUIRES(mutex_);
    Sending Place(std::size_t bytes, SteadyTime deadline, Recipient recipient)
        UNIBOX_REQUIRES(mutex_);
    void BuildAndSend(const Sending& sending, const Outgoing& message);
    void Send(const Sending& sending);
    void AfterSend(std::uint32_t index, natsStatus status) UNIBOX_REQUIRES(mutex_);
    void MarkSending(Slot& slot) UNIBOX_REQUIRES(mutex_);

    void OnReply(MessagePtr reply);
    void OnRefusal(std::uint32_t index, const PubReply& reply) UNIBOX_REQUIRES(mutex_);
    void Settle(std::uint32_t index, Result<PubAck> result) UNIBOX_REQUIRES(mutex_);
    void SettleNow(Recipient recipient, Status status) UNIBOX_REQUIRES(mutex_);
    void WakeAt(SteadyTime due) UNIBOX_REQUIRES(mutex_);
    Millis BackoffOf(const Slot& slot, bool busy) const;

    void Main();
    // These give the lock back for a while.
    void RunCompletions(MessagePtr reply = {}) UNIBOX_REQUIRES(mutex_);
    void HandleNewSession() UNIBOX_REQUIRES(mutex_);
    void HandleDue(SteadyTime now) UNIBOX_REQUIRES(mutex_);
    void Resend(std::vector<Resending> messages) UNIBOX_REQUIRES(mutex_);

    bool Decide(std::uint32_t index, SteadyTime now) UNIBOX_REQUIRES(mutex_);
    void SettleAll() UNIBOX_REQUIRES(mutex_);
    void Tell(Completion& completion) UNIBOX_REQUIRES(telling_mutex_);

    ConnectionImpl& connection_;
    const PublisherSettings settings_;
    PublishMetrics counts_;

    Subscription* answers_ = nullptr;
    std::uint64_t listener_ = 0;
    std::atomic<std::size_t> in_flight_{0};
    std::atomic<std::size_t> in_flight_bytes_{0};

    // Held while recipients are told, so that it happens one at a time, in the thread that brought
    // an answer or in the publisher's own. Taken before mutex_.
    Mutex telling_mutex_;
    std::vector<Completion> telling_ UNIBOX_GUARDED_BY(telling_mutex_);
    SpentMessages spent_ UNIBOX_GUARDED_BY(telling_mutex_);

    Mutex mutex_;
    std::condition_variable_any wake_;
    // All but the message of a busy slot.
    Window window_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<Completion> completions_ UNIBOX_GUARDED_BY(mutex_);
    std::uint64_t next_order_ UNIBOX_GUARDED_BY(mutex_) = 1;
    // When the publisher's thread looks again by itself.
    SteadyTime wake_at_ UNIBOX_GUARDED_BY(mutex_){};
    bool new_session_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace unibox::nats::detail
