// What a Connection is made of: the nats.c connection, its replacement when nats.c gives it up, and
// the subscriptions (inboxes of their own) on which Publisher and LogReader get their answers.
// Thread safety: all methods from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "nats/detail/event_loop.hpp"
#include "nats/detail/nats_c.hpp"
#include "nats/settings.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace unibox::obs {
class Counter;
class Gauge;
class Metrics;
}  // namespace unibox::obs

namespace unibox::nats::detail {

// A subscription of ours and who gets its messages. Subscribed once and for all: nats.c 3.4.1 can
// crash when a subscription is removed while messages come in, so one that is given back is used
// again.
class Subscription {
public:
    using Handler = std::function<void(MessagePtr)>;

    // "_INBOX.<random>.<number>."; an answer comes to this and one token of the user's choice.
    const std::string& inbox() const { return inbox_; }

private:
    friend class ConnectionImpl;
    std::string inbox_;
    std::string subject_;
    std::uintptr_t id_ = 0;
    Mutex mutex_;  // Held while the handler runs, so that none runs after the release.
    Handler handler_ UNIBOX_GUARDED_BY(mutex_);
};

// One natsConnection and the subscriptions that were made on it.
class Link {
public:
    Link(EventLoop& loop, natsConnection* connection) : loop_(loop), connection_(connection) {}
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    natsConnection* get() const { return connection_; }
    void Own(natsSubscription* subscription);

private:
    EventLoop& loop_;
    natsConnection* connection_;
    Mutex mutex_;
    std::vector<natsSubscription*> subscriptions_ UNIBOX_GUARDED_BY(mutex_);
};

class ConnectionImpl {
public:
    using Handler = std::function<void(std::string_view subject, std::string_view payload)>;

    static Result<std::unique_ptr<ConnectionImpl>> Start(
        const Settings& settings, obs::Metrics& metrics, const Clock& clock
    );
    ~ConnectionImpl();
    ConnectionImpl(const ConnectionImpl&) = delete;
    ConnectionImpl& operator=(const ConnectionImpl&) = delete;

    const Settings& settings() const { return settings_; }
    bool connected() const { return connected_.load(std::memory_order_acquire); }
    // Counts the connects; what was sent in an earlier session may be lost.
    std::uint64_t session() const { return session_.load(std::memory_order_acquire); }
    std::int64_t payload_bytes_max() const { return payload_bytes_max_; }
    // Each once: names inboxes, and what must not be taken for an answer to somebody else.
    std::uint64_t UniqueNumber() { return unique_number_.fetch_add(1, std::memory_order_relaxed); }

    // UNAVAILABLE reason "NOT_CONNECTED" without a connection: nothing is buffered while
    // reconnecting.
    natsStatus Send(natsMsg* message);
    natsStatus Send(const char* subject, const char* reply, std::string_view payload);
    bool WriteBufferFull();
    // True when the peer has taken all (or nearly all) that was written.
    bool WriteBufferDrained();

    // `handler` runs on nats.c's delivery thread: it must be quick and must not call Subscribe or
    // either of these two.
    Result<Subscription*> AcquireSubscription(Subscription::Handler handler);
    // When it returns the handler does not run and never will.
    void ReleaseSubscription(Subscription* subscription);

    Status Subscribe(std::string_view subject, Handler handler);
    Result<std::string> Request(std::string_view subject, std::string_view payload, Millis timeout);
    Status Flush(Millis timeout);

    // `listener` runs after each connect, on a thread of nats.c; it must be quick.
    std::uint64_t AddSessionListener(std::function<void()> listener);
    void RemoveSessionListener(std::uint64_t id);

    obs::Metrics& metrics() { return metrics_; }
    const Clock& clock() const { return clock_; }

private:
    ConnectionImpl(const Settings& settings, obs::Metrics& metrics, const Clock& clock);
    natsStatus SetCallbacks(natsOptions* options, std::uintptr_t link_id);
    Status Connect();
    Result<Subscription*> AddSubscription(
        std::string inbox, std::string subject, Subscription::Handler handler
    );
    static natsStatus SubscribeOn(Link& link, const Subscription& subscription);
    std::shared_ptr<Link> link() const;
    void StayConnected();
    void Rebuild();
    // False: the object dies. `until_closed`: less long if nats.c gives the link up.
    bool WaitUnlessStopping(Millis wait, bool until_closed);
    bool gave_up() const;
    void Ping();
    void OnUp(std::uintptr_t link_id, natsConnection* connection);
    void OnDown(std::uintptr_t link_id);
    void OnClosed(std::uintptr_t link_id);

    static void ConnectedCallback(natsConnection* connection, void* closure);
    static void DisconnectedCallback(natsConnection* connection, void* closure);
    static void ClosedCallback(natsConnection* connection, void* closure);
    static void MessageCallback(
        natsConnection*, natsSubscription*, natsMsg* message, void* closure
    );

    const Settings settings_;
    obs::Metrics& metrics_;
    const Clock& clock_;
    obs::Gauge& connected_gauge_;
    obs::Counter& connects_counter_;
    obs::Counter& rebuilds_counter_;
    EventLoop loop_;
    std::string inbox_base_;
    std::atomic<bool> connected_{false};
    std::atomic<std::uint64_t> session_{0};
    std::atomic<std::int64_t> payload_bytes_max_{0};
    std::atomic<std::uint64_t> unique_number_{1};

    // Taken after the lock of Links (in the callbacks of a connection) and before a Link's.
    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    std::shared_ptr<Link> link_ UNIBOX_GUARDED_BY(mutex_);
    std::uintptr_t link_id_ UNIBOX_GUARDED_BY(mutex_) = 0;
    bool closed_ UNIBOX_GUARDED_BY(mutex_) = false;  // nats.c gave the current link up.
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    std::vector<std::shared_ptr<Subscription>> subscriptions_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<Subscription*> free_subscriptions_ UNIBOX_GUARDED_BY(mutex_);

    // Held while they run, so that none runs after its removal.
    Mutex listeners_mutex_;
    std::uint64_t next_listener_ UNIBOX_GUARDED_BY(listeners_mutex_) = 1;
    std::vector<std::pair<std::uint64_t, std::function<void()>>> listeners_
        UNIBOX_GUARDED_BY(listeners_mutex_);
    // The connector's own: how long the next rebuild waits, and the session when the last one
    // began.
    Millis rebuild_wait_{0};
    std::uint64_t session_before_rebuild_ = 0;
    std::thread connector_;
};

}  // namespace unibox::nats::detail
