#include "pg/pool.hpp"

#include "base/mutex.hpp"
#include "obs/metrics.hpp"
#include "pg/detail/connection.hpp"
#include "pg/transaction.hpp"

#include <algorithm>
#include <condition_variable>
#include <string>
#include <utility>
#include <vector>

namespace unibox::pg {
namespace {

struct Probe {
    explicit Probe(obs::Metrics& metrics)
        : opened(metrics.GetCounter("unibox_pg_connections_opened_total", "Connections opened.")),
          failed(metrics.GetCounter(
              "unibox_pg_connect_failures_total", "Attempts to connect that failed."
          )),
          exhausted(metrics.GetCounter(
              "unibox_pg_pool_exhausted_total", "Requests that waited in vain for a connection."
          )),
          open(metrics.GetGauge("unibox_pg_pool_open", "Connections of the pools, in use or idle.")
          ),
          wait_seconds(metrics.GetHistogram(
              "unibox_pg_acquire_seconds", "Time to get a connection.", obs::SecondsBuckets()
          )) {}

    obs::Counter& opened;
    obs::Counter& failed;
    obs::Counter& exhausted;
    obs::Gauge& open;
    obs::Histogram& wait_seconds;
};

Result<std::unique_ptr<detail::Connection>> OpenCounted(
    const Settings& settings, SteadyTime deadline, std::atomic<std::size_t>& good_host, Probe& probe
) {
    auto connection = detail::Connection::Open(settings, deadline, good_host);
    (connection.ok() ? probe.opened : probe.failed).Add();
    return connection;
}

Status CheckSettings(const Settings& settings) {
    if (settings.url.empty()) return InvalidArgument("empty").WithField("postgres.url");
    if (settings.connection_count_max < 1)
        return InvalidArgument("below 1").WithField("postgres.connection_count_max");
    for (const std::int64_t timeout :
         {settings.acquire_timeout_ms,
          settings.connect_timeout_ms,
          settings.statement_timeout_ms,
          settings.io_timeout_ms,
          settings.idle_in_tx_timeout_ms}) {
        if (timeout < 1) return InvalidArgument("postgres: a timeout is below 1 ms");
    }
    return {};
}

}  // namespace

struct Pool::State {
    State(const Settings& given, obs::Metrics& metrics) : settings(given), probe(metrics) {}
    ~State() { probe.open.Add(-static_cast<double>(open_count)); }

    // An idle connection, or permission (nullptr) to open one.
    Result<std::unique_ptr<detail::Connection>> TakeIdleOrRoom(SteadyTime deadline);
    void GiveBack(std::unique_ptr<detail::Connection> connection);
    void Forget();

    const Settings settings;
    Probe probe;
    std::atomic<std::size_t> good_host = 0;
    mutable Mutex mutex;
    std::condition_variable_any freed;
    std::vector<std::unique_ptr<detail::Connection>> idle UNIBOX_GUARDED_BY(mutex);
    std::int64_t open_count UNIBOX_GUARDED_BY(mutex) = 0;
};

Result<std::unique_ptr<detail::Connection>> Pool::State::TakeIdleOrRoom(SteadyTime deadline) {
    const SteadyTime by_settings =
        std::chrono::steady_clock::now() + Millis(settings.acquire_timeout_ms);
    const SteadyTime until = std::min(by_settings, deadline);
    const MutexLock lock(mutex);
    while (idle.empty() && open_count >= settings.connection_count_max) {
        if (freed.wait_until(mutex, until) == std::cv_status::timeout && idle.empty() &&
            open_count >= settings.connection_count_max) {
            probe.exhausted.Add();
            return Status(Code::kResourceExhausted, "no free database connection")
                .WithReason("POOL_EXHAUSTED");
        }
    }
    if (idle.empty()) {
        ++open_count;
        probe.open.Add(1);
        return std::unique_ptr<detail::Connection>();
    }
    auto connection = std::move(idle.back());  // The one used last: others may grow old unused.
    idle.pop_back();
    return connection;
}

void Pool::State::GiveBack(std::unique_ptr<detail::Connection> connection) {
    if (!connection->IsReusable()) {
        connection.reset();
        return Forget();
    }
    const MutexLock lock(mutex);
    idle.push_back(std::move(connection));
    freed.notify_one();
}

void Pool::State::Forget() {
    const MutexLock lock(mutex);
    --open_count;
    probe.open.Add(-1);
    freed.notify_one();
}

Pool::Pool(std::shared_ptr<State> state, std::optional<ReadDemand> demand)
    : state_(std::move(state)), demand_(demand) {}
Pool::~Pool() = default;

Result<std::unique_ptr<Pool>> Pool::Create(const Settings& settings, obs::Metrics& metrics) {
    UNIBOX_RETURN_IF_ERROR(CheckSettings(settings));
    return std::unique_ptr<Pool>(new Pool(std::make_shared<State>(settings, metrics)));
}

Result<detail::Lease> Pool::Acquire(detail::PassKey /*key*/, SteadyTime deadline) {
    const auto start = std::chrono::steady_clock::now();
    UNIBOX_ASSIGN_OR_RETURN(auto connection, state_->TakeIdleOrRoom(deadline));
    if (connection != nullptr && !connection->IsAlive()) connection.reset();
    if (connection == nullptr) {
        auto opened = OpenCounted(state_->settings, deadline, state_->good_host, state_->probe);
        if (!opened.ok()) {
            state_->Forget();
            return opened.status();
        }
        connection = std::move(opened).value();
    }
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
    state_->probe.wait_seconds.Observe(waited.count());
    const auto give_back = [state = state_](detail::Connection* used) {
        state->GiveBack(std::unique_ptr<detail::Connection>(used));
    };
    return detail::Lease(connection.release(), give_back, demand_);
}

Status Pool::Ping() {
    UNIBOX_ASSIGN_OR_RETURN(SystemTx tx, SystemTx::Begin(*this, Access::kReadOnly));
    const Result<Rows> one = tx.ExecuteAndCommit({"ub_ping", "SELECT 1"}, Params());
    return one.ok() ? Status() : one.status();
}

std::int64_t Pool::open_count() const {
    const MutexLock lock(state_->mutex);
    return state_->open_count;
}

std::int64_t Pool::in_use_count() const {
    const MutexLock lock(state_->mutex);
    return state_->open_count - static_cast<std::int64_t>(state_->idle.size());
}

Session::Session(const Settings& settings, obs::Metrics& metrics)
    : settings_(settings), metrics_(metrics) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::Create(const Settings& settings, obs::Metrics& metrics) {
    UNIBOX_RETURN_IF_ERROR(CheckSettings(settings));
    return std::unique_ptr<Session>(new Session(settings, metrics));
}

bool Session::connected() const {
    return connection_ != nullptr && connection_->IsReusable();
}
void Session::SetIoTimeout(Millis timeout) {
    settings_.io_timeout_ms = timeout.count();
    if (connection_ != nullptr) connection_->SetIoTimeout(timeout);
}
void Session::Disconnect() {
    connection_.reset();
}

Result<detail::Lease> Session::Acquire(detail::PassKey /*key*/, SteadyTime deadline) {
    if (!connected() || !connection_->IsAlive()) {
        connection_.reset();
        Probe probe(metrics_);
        UNIBOX_ASSIGN_OR_RETURN(connection_, OpenCounted(settings_, deadline, good_host_, probe));
        ++connection_count_;
    }
    return detail::Lease(connection_.get(), [](detail::Connection* /*kept*/) {});
}

}  // namespace unibox::pg
