#include "nats/detail/connection_impl.hpp"

#include "base/clock_wait.hpp"
#include "nats/detail/options.hpp"
#include "obs/log.hpp"
#include "obs/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <unordered_map>
#include <utility>

namespace unibox::nats::detail {
namespace {

constexpr Millis kRebuildWaitMin{250};
constexpr Millis kRebuildWaitMax{5000};
constexpr int kDrainedBytes = 64 * 1024;

// nats.c may still run a callback when what it was meant for has died: the closure is therefore a
// number, and this table says what it stands for.
template <typename T>
class Registry {
public:
    std::uintptr_t Add(T value) {
        const MutexLock lock(mutex_);
        entries_.emplace(++last_id_, std::move(value));
        return last_id_;
    }
    void Remove(std::uintptr_t id) {
        const MutexLock lock(mutex_);
        entries_.erase(id);
    }
    T Find(std::uintptr_t id) {
        const MutexLock lock(mutex_);
        const auto found = entries_.find(id);
        return found == entries_.end() ? T{} : found->second;
    }
    // Runs `action` with the lock held, so that Remove waits for its end.
    template <typename Action>
    void With(std::uintptr_t id, Action action) {
        const MutexLock lock(mutex_);
        if (const auto found = entries_.find(id); found != entries_.end()) action(found->second);
    }

private:
    Mutex mutex_;
    std::uintptr_t last_id_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::unordered_map<std::uintptr_t, T> entries_ UNIBOX_GUARDED_BY(mutex_);
};

Registry<ConnectionImpl*>& Links() {
    static auto* const registry =
        new Registry<ConnectionImpl*>();  // Outlives the threads of nats.c.
    return *registry;
}
Registry<std::shared_ptr<Subscription>>& Subscriptions() {
    static auto* const registry = new Registry<std::shared_ptr<Subscription>>();
    return *registry;
}

void* ToClosure(std::uintptr_t id) {
    return reinterpret_cast<void*>(id);  // NOLINT(performance-no-int-to-ptr): never followed
}
std::uintptr_t FromClosure(void* closure) {
    return reinterpret_cast<std::uintptr_t>(closure);
}

std::string RandomToken() {
    static constexpr std::string_view kAlphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::random_device device;
    std::uniform_int_distribution<std::size_t> pick(0, kAlphabet.size() - 1);
    std::string token;
    for (int i = 0; i < 22; ++i) token += kAlphabet[pick(device)];
    return token;
}

}  // namespace

Link::~Link() {
    loop_.Run([this] {
        natsConnection_Close(connection_);
        const MutexLock lock(mutex_);
        for (natsSubscription* subscription : subscriptions_) {
            natsSubscription_Destroy(subscription);
        }
        natsConnection_Destroy(connection_);
    });
}

void Link::Own(natsSubscription* subscription) {
    const MutexLock lock(mutex_);
    subscriptions_.push_back(subscription);
}

ConnectionImpl::ConnectionImpl(const Settings& settings, obs::Metrics& metrics, const Clock& clock)
    : settings_(settings),
      metrics_(metrics),
      clock_(clock),
      connected_gauge_(metrics.GetGauge(
          "unibox_nats_connected",
          "1 while the connection to NATS is up.",
          {{"name", settings.name}}
      )),
      connects_counter_(metrics.GetCounter(
          "unibox_nats_connects_total",
          "Connects to NATS, the first included.",
          {{"name", settings.name}}
      )),
      rebuilds_counter_(metrics.GetCounter(
          "unibox_nats_rebuilds_total",
          "Connections that nats.c gave up and that were built anew.",
          {{"name", settings.name}}
      )),
      loop_(std::chrono::microseconds(settings.flush_interval_us)),
      inbox_base_(fmt::format("{}.{}", settings.inbox_prefix, RandomToken())) {}

Result<std::unique_ptr<ConnectionImpl>> ConnectionImpl::Start(
    const Settings& settings, obs::Metrics& metrics, const Clock& clock
) {
    std::unique_ptr<ConnectionImpl> impl(new ConnectionImpl(settings, metrics, clock));
    UNIBOX_RETURN_IF_ERROR(impl->Connect());
    impl->connector_ = std::thread([raw = impl.get()] { raw->StayConnected(); });
    return impl;
}

ConnectionImpl::~ConnectionImpl() {
    std::shared_ptr<Link> last;
    std::vector<std::shared_ptr<Subscription>> subscriptions;
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        subscriptions = subscriptions_;
        last = link_;
        changed_.notify_all();
    }
    // Ends a ping that the keeper waits for.
    if (last) loop_.Run([&] { natsConnection_Close(last->get()); });
    if (connector_.joinable()) connector_.join();
    Links().Remove(link_id_);
    for (const auto& subscription : subscriptions) {
        Subscriptions().Remove(subscription->id_);
        const MutexLock lock(subscription->mutex_);
        subscription->handler_ = nullptr;
    }
    last.reset();
    link_.reset();  // Needs the loop, which dies after this.
}

natsStatus ConnectionImpl::SetCallbacks(natsOptions* options, std::uintptr_t link_id) {
    void* const closure = ToClosure(link_id);
    natsStatus status = loop_.Use(options);
    if (status == NATS_OK) {
        status = natsOptions_SetRetryOnFailedConnect(options, true, ConnectedCallback, closure);
    }
    if (status == NATS_OK) {
        status = natsOptions_SetReconnectedCB(options, ConnectedCallback, closure);
    }
    if (status == NATS_OK) {
        status = natsOptions_SetDisconnectedCB(options, DisconnectedCallback, closure);
    }
    if (status == NATS_OK) status = natsOptions_SetClosedCB(options, ClosedCallback, closure);
    return status;
}

Status ConnectionImpl::Connect() {
    UNIBOX_ASSIGN_OR_RETURN(const OptionsPtr options, MakeOptions(settings_));
    const std::uintptr_t id = Links().Add(this);
    std::uintptr_t old_id = 0;
    {
        const MutexLock lock(mutex_);
        old_id = std::exchange(link_id_, id);
        closed_ = false;
    }
    // Not under mutex_: callbacks hold the table's lock first and take mutex_ then.
    Links().Remove(old_id);
    natsConnection* connection = nullptr;
    natsStatus status = SetCallbacks(options.get(), id);
    if (status == NATS_OK) status = natsConnection_Connect(&connection, options.get());
    if (status != NATS_OK && status != NATS_NOT_YET_CONNECTED) {
        Links().Remove(id);
        return FromNats(status, "connecting to NATS");
    }
    const auto link = std::make_shared<Link>(loop_, connection);
    std::shared_ptr<Link> old;
    {
        const MutexLock lock(mutex_);
        for (const auto& subscription : subscriptions_) {
            status = SubscribeOn(*link, *subscription);
            if (status != NATS_OK && !natsConnection_IsClosed(connection)) {
                obs::Log(
                    obs::Level::kError,
                    "cannot subscribe on NATS",
                    {{"subject", subscription->subject_}, {"error", FromNats(status, "subscribe")}}
                );
            }
        }
        old = std::exchange(link_, link);
    }
    // The callback of the connect may have come before link_ was there to be used: say it again.
    if (natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED) OnUp(id, connection);
    return {};
}

std::shared_ptr<Link> ConnectionImpl::link() const {
    const MutexLock lock(mutex_);
    return link_;
}

void ConnectionImpl::StayConnected() {
    while (WaitUnlessStopping(Millis(settings_.ping_interval_ms), /*until_closed=*/true)) {
        if (gave_up()) {
            Rebuild();
        } else {
            Ping();
        }
    }
}

bool ConnectionImpl::gave_up() const {
    const MutexLock lock(mutex_);
    return closed_;
}

// A connection that is made only to be given up again (wrong credentials) counts as no success.
void ConnectionImpl::Rebuild() {
    if (session_ != session_before_rebuild_) rebuild_wait_ = Millis(0);
    session_before_rebuild_ = session_;
    while (WaitUnlessStopping(rebuild_wait_, /*until_closed=*/false)) {
        rebuild_wait_ = std::clamp(rebuild_wait_ * 2, kRebuildWaitMin, kRebuildWaitMax);
        rebuilds_counter_.Add();
        obs::Log(obs::Level::kWarn, "nats.c gave the connection up; building a new one");
        const Status status = Connect();
        if (status.ok()) return;
        obs::Log(obs::Level::kWarn, "cannot connect to NATS", {{"error", status}});
    }
}

bool ConnectionImpl::WaitUnlessStopping(Millis wait, bool until_closed) {
    const SteadyTime until = clock_.Steady() + wait;
    const MutexLock lock(mutex_);
    while (!stopping_ && !(until_closed && closed_) && clock_.Steady() < until) {
        WaitOnce(changed_, mutex_, clock_, until);
    }
    return !stopping_;
}

void ConnectionImpl::Ping() {
    if (!connected()) return;
    const std::shared_ptr<Link> current = link();
    const natsStatus status =
        natsConnection_FlushTimeout(current->get(), settings_.ping_interval_ms);
    if (status != NATS_TIMEOUT) return;
    obs::Log(obs::Level::kWarn, "NATS does not answer a ping; connecting again");
    loop_.BreakSocket(current->get());
}

void ConnectionImpl::OnUp(std::uintptr_t link_id, natsConnection* connection) {
    {
        const MutexLock lock(mutex_);
        if (link_id != link_id_ || stopping_) return;
    }
    payload_bytes_max_ = natsConnection_GetMaxPayload(connection);
    // First: whoever can send must see that it is another session.
    session_.fetch_add(1, std::memory_order_acq_rel);
    connected_.store(true, std::memory_order_release);
    connected_gauge_.Set(1);
    connects_counter_.Add();
    const MutexLock lock(listeners_mutex_);
    for (const auto& [id, listener] : listeners_) listener();
}

void ConnectionImpl::OnDown(std::uintptr_t link_id) {
    const MutexLock lock(mutex_);
    if (link_id != link_id_) return;
    connected_.store(false, std::memory_order_release);
    connected_gauge_.Set(0);
    if (!stopping_) obs::Log(obs::Level::kWarn, "disconnected from NATS");
}

void ConnectionImpl::OnClosed(std::uintptr_t link_id) {
    const MutexLock lock(mutex_);
    if (link_id != link_id_) return;
    connected_.store(false, std::memory_order_release);
    closed_ = true;
    changed_.notify_all();
}

void ConnectionImpl::ConnectedCallback(natsConnection* connection, void* closure) {
    const std::uintptr_t id = FromClosure(closure);
    Links().With(id, [&](ConnectionImpl* impl) { impl->OnUp(id, connection); });
}

void ConnectionImpl::DisconnectedCallback(natsConnection*, void* closure) {
    const std::uintptr_t id = FromClosure(closure);
    Links().With(id, [&](ConnectionImpl* impl) { impl->OnDown(id); });
}

void ConnectionImpl::ClosedCallback(natsConnection*, void* closure) {
    const std::uintptr_t id = FromClosure(closure);
    Links().With(id, [&](ConnectionImpl* impl) { impl->OnClosed(id); });
}

void ConnectionImpl::MessageCallback(
    natsConnection*, natsSubscription*, natsMsg* message, void* closure
) {
    MessagePtr owned(message);
    const std::shared_ptr<Subscription> subscription = Subscriptions().Find(FromClosure(closure));
    if (!subscription) return;
    const MutexLock lock(subscription->mutex_);
    if (subscription->handler_) subscription->handler_(std::move(owned));
}

natsStatus ConnectionImpl::Send(natsMsg* message) {
    if (!connected()) return NATS_CONNECTION_DISCONNECTED;
    return natsConnection_PublishMsg(link()->get(), message);
}

natsStatus ConnectionImpl::Send(const char* subject, const char* reply, std::string_view payload) {
    if (!connected()) return NATS_CONNECTION_DISCONNECTED;
    const auto current = link();
    const int length = static_cast<int>(payload.size());
    if (reply == nullptr) {
        return natsConnection_Publish(current->get(), subject, payload.data(), length);
    }
    return natsConnection_PublishRequest(current->get(), subject, reply, payload.data(), length);
}

bool ConnectionImpl::WriteBufferFull() {
    return natsConnection_Buffered(link()->get()) >= settings_.write_buffer_bytes_max;
}

bool ConnectionImpl::WriteBufferDrained() {
    return natsConnection_Buffered(link()->get()) <= kDrainedBytes;
}

natsStatus ConnectionImpl::SubscribeOn(Link& link, const Subscription& subscription) {
    natsSubscription* made = nullptr;
    natsStatus status = natsConnection_Subscribe(
        &made,
        link.get(),
        subscription.subject_.c_str(),
        MessageCallback,
        ToClosure(subscription.id_)
    );
    if (status != NATS_OK) return status;
    link.Own(made);
    // What is in flight is bounded by the window of a publisher and the credit of a reader; a limit
    // here would drop messages silently.
    return natsSubscription_SetPendingLimits(made, -1, -1);
}

Result<Subscription*> ConnectionImpl::AddSubscription(
    std::string inbox, std::string subject, Subscription::Handler handler
) {
    const auto subscription = std::make_shared<Subscription>();
    subscription->inbox_ = std::move(inbox);
    subscription->subject_ = std::move(subject);
    {
        const MutexLock lock(subscription->mutex_);
        subscription->handler_ = std::move(handler);
    }
    subscription->id_ = Subscriptions().Add(subscription);
    const MutexLock lock(mutex_);
    const natsStatus status = SubscribeOn(*link_, *subscription);
    // A closed connection is being rebuilt, and the rebuilt one makes all subscriptions.
    if (status != NATS_OK && status != NATS_CONNECTION_CLOSED) {
        Subscriptions().Remove(subscription->id_);
        return FromNats(status, "subscribing to " + subscription->subject_);
    }
    subscriptions_.push_back(subscription);
    return subscription.get();
}

Result<Subscription*> ConnectionImpl::AcquireSubscription(Subscription::Handler handler) {
    std::string inbox;
    Subscription* subscription = nullptr;
    {
        const MutexLock lock(mutex_);
        if (free_subscriptions_.empty()) {
            inbox = fmt::format("{}.{}.", inbox_base_, UniqueNumber());
        } else {
            subscription = free_subscriptions_.back();
            free_subscriptions_.pop_back();
        }
    }
    if (subscription == nullptr) return AddSubscription(inbox, inbox + "*", std::move(handler));
    const MutexLock lock(subscription->mutex_);
    subscription->handler_ = std::move(handler);
    return subscription;
}

void ConnectionImpl::ReleaseSubscription(Subscription* subscription) {
    {
        const MutexLock lock(subscription->mutex_);
        subscription->handler_ = nullptr;
    }
    const MutexLock lock(mutex_);
    free_subscriptions_.push_back(subscription);
}

Status ConnectionImpl::Subscribe(std::string_view subject, Handler handler) {
    if (subject.empty()) return InvalidArgument("a subject to subscribe to must not be empty");
    auto deliver = [handler = std::move(handler)](MessagePtr message) {
        handler(TextOf(natsMsg_GetSubject(message.get())), DataOf(message.get()));
    };
    UNIBOX_ASSIGN_OR_RETURN(
        Subscription* const subscription,
        AddSubscription("", std::string(subject), std::move(deliver))
    );
    static_cast<void>(subscription);  // Lives as long as the connection.
    return {};
}

Result<std::string> ConnectionImpl::Request(
    std::string_view subject, std::string_view payload, Millis timeout
) {
    const std::string subject_z(subject);
    natsMsg* raw = nullptr;
    const natsStatus status = natsConnection_Request(
        &raw,
        link()->get(),
        subject_z.c_str(),
        payload.data(),
        static_cast<int>(payload.size()),
        std::max<std::int64_t>(timeout.count(), 1)
    );
    const MessagePtr reply(raw);
    UNIBOX_RETURN_IF_ERROR(FromNats(status, "request to " + subject_z));
    return std::string(DataOf(reply.get()));
}

Status ConnectionImpl::Flush(Millis timeout) {
    const natsStatus status =
        natsConnection_FlushTimeout(link()->get(), std::max<std::int64_t>(timeout.count(), 1));
    return FromNats(status, "flush");
}

std::uint64_t ConnectionImpl::AddSessionListener(std::function<void()> listener) {
    const MutexLock lock(listeners_mutex_);
    listeners_.emplace_back(next_listener_, std::move(listener));
    return next_listener_++;
}

void ConnectionImpl::RemoveSessionListener(std::uint64_t id) {
    const MutexLock lock(listeners_mutex_);
    std::erase_if(listeners_, [&](const auto& entry) { return entry.first == id; });
}

}  // namespace unibox::nats::detail
