#include "pg/read_router.hpp"

#include "async/periodic.hpp"
#include "obs/log.hpp"
#include "obs/metrics.hpp"
#include "pg/connection_string.hpp"
#include "pg/detail/replica_board.hpp"
#include "pg/detail/server_probe.hpp"
#include "pg/sqlstate.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace unibox::pg {
namespace {

using detail::NoReplica;
using detail::ReplicaState;
using Steady = std::chrono::steady_clock;

constexpr Millis kProbeTimeoutMin{250};
constexpr Millis kProbeTimeoutMax{2'000};
// What no server in recovery has replayed: it must be a primary.
constexpr Lsn kNever{std::numeric_limits<std::uint64_t>::max()};

struct ReadMetrics {
    explicit ReadMetrics(obs::Metrics& given) : metrics(given) {}

    obs::Counter& Reads(const char* server) {
        return metrics.GetCounter(
            "unibox_pg_reads_total", "Reads by the server that was asked.", {{"server", server}}
        );
    }
    void Fallback(const char* reason) {
        metrics
            .GetCounter(
                "unibox_pg_read_fallbacks_total",
                "Reads that went to the primary though there are replicas.",
                {{"reason", reason}}
            )
            .Add();
    }
    obs::Gauge& Usable(const std::string& replica) {
        return metrics.GetGauge(
            "unibox_pg_read_replica_usable",
            "Whether the replica may be read from.",
            {{"replica", replica}}
        );
    }
    obs::Gauge& Lag(const std::string& replica) {
        return metrics.GetGauge(
            "unibox_pg_read_lag_seconds",
            "How far behind the primary the replica is at most.",
            {{"replica", replica}}
        );
    }

    obs::Metrics& metrics;
};

// The connection broke, or nothing came in time: nobody else should wait for the same.
bool IsLost(const Status& status) {
    const std::string_view reason = status.reason();
    const bool no_answer =
        status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
    return (reason.empty() && no_answer) || reason.starts_with("08") || reason.starts_with("57P");
}

const char* ReasonOf(const Status& status) {
    if (status.reason() == kNotReplayed) return "not_replayed";
    if (status.reason() == kNotReplica) return "not_replica";
    return IsLost(status) ? "lost" : "failed";
}

Status CheckReads(const ReadSettings& reads) {
    if (reads.connection_count_max < 1)
        return InvalidArgument("below 1").WithField("postgres.read_connection_count_max");
    if (reads.lag_ms_max < 1 || reads.probe_interval_ms < 1 || reads.timeout_ms < 1)
        return InvalidArgument("postgres: a time of reads is below 1 ms");
    for (const std::string& url : reads.Urls()) {
        if (!IsConnectionString(url))
            return InvalidArgument("not a connection string").WithField("postgres.read_urls");
    }
    return {};
}

}  // namespace

struct ReadRouter::State {
    State(Pool& given_primary, const ReadSettings& reads, std::size_t count, obs::Metrics& metrics)
        : primary(given_primary),
          board(count, Millis(reads.lag_ms_max), reads.connection_count_max),
          timeout(reads.timeout_ms),
          tell(metrics),
          at_primary(tell.Reads("primary")),
          at_replica(tell.Reads("replica")) {}

    struct Replica {
        std::string name;
        std::unique_ptr<Pool> pool;
        std::unique_ptr<detail::ServerProbe> probe;
        ReplicaState told = ReplicaState::kUnknown;  // The probe's.
    };

    Status Add(const Settings& settings, Millis probe_timeout, obs::Metrics& metrics);
    void LookAtPrimary();
    void LookAt(std::size_t index);
    void Tell(Replica& replica, ReplicaState now, const Status& failed);

    Pool& primary;
    std::unique_ptr<detail::ServerProbe> primary_probe;
    std::vector<Replica> replicas;
    detail::ReplicaBoard board;
    const Millis timeout;
    ReadMetrics tell;
    obs::Counter& at_primary;
    obs::Counter& at_replica;
    std::vector<std::unique_ptr<async::Periodic>> probes;  // Last: they use the rest.
};

Status ReadRouter::State::Add(
    const Settings& settings, Millis probe_timeout, obs::Metrics& metrics
) {
    Replica replica;
    replica.name = FirstServer(settings.url);
    UNIBOX_ASSIGN_OR_RETURN(replica.pool, Pool::Create(settings, metrics));
    UNIBOX_ASSIGN_OR_RETURN(
        replica.probe, detail::ServerProbe::Create(settings, probe_timeout, metrics)
    );
    tell.Usable(replica.name).Set(0);
    replicas.push_back(std::move(replica));
    return {};
}

void ReadRouter::State::LookAtPrimary() {
    const SteadyTime asked = Steady::now();
    const auto sighting = primary_probe->Look();
    if (sighting.ok()) board.SawPrimary(*sighting, asked);
}

void ReadRouter::State::LookAt(std::size_t index) {
    Replica& replica = replicas[index];
    const SteadyTime asked = Steady::now();
    const auto sighting = replica.probe->Look();
    if (sighting.ok()) {
        board.SawReplica(index, *sighting, asked);
    } else {
        board.Lost(index);
    }
    const SteadyTime now = Steady::now();
    Tell(replica, board.StateOf(index, now), sighting.ok() ? Status() : sighting.status());
    if (const auto lag = board.LagOf(index, now)) {
        tell.Lag(replica.name).Set(std::chrono::duration<double>(*lag).count());
    }
}

void ReadRouter::State::Tell(Replica& replica, ReplicaState now, const Status& failed) {
    if (std::exchange(replica.told, now) == now) return;
    const bool usable = now == ReplicaState::kUsable;
    tell.Usable(replica.name).Set(usable ? 1 : 0);
    obs::Log(
        usable ? obs::Level::kInfo : obs::Level::kWarn,
        usable ? "the replica is read from" : "the replica is not read from",
        {{"replica", replica.name},
         {"state", detail::NameOf(now)},
         {"error", failed.ok() ? std::string() : failed.ToString()}}
    );
}

ReadRouter::Route::Route(
    std::shared_ptr<State> given, std::size_t index, Pool&& to, SteadyTime until
)
    : state(std::move(given)), replica(index), pool(to.state_, to.demand_), deadline(until) {}
ReadRouter::Route::~Route() {
    state->board.Done(replica);
}

ReadRouter::ReadRouter(std::shared_ptr<State> state) : state_(std::move(state)) {}
ReadRouter::~ReadRouter() {
    state_->probes.clear();
}

Result<std::unique_ptr<ReadRouter>> ReadRouter::Create(
    Pool& primary, const Settings& settings, const ReadSettings& reads, obs::Metrics& metrics
) {
    UNIBOX_RETURN_IF_ERROR(CheckReads(reads));
    const std::vector<std::string> urls = reads.Urls();
    auto state = std::make_shared<State>(primary, reads, urls.size(), metrics);
    if (urls.empty()) return std::unique_ptr<ReadRouter>(new ReadRouter(std::move(state)));
    const Millis probe_timeout =
        std::clamp(Millis(reads.lag_ms_max), kProbeTimeoutMin, kProbeTimeoutMax);
    UNIBOX_ASSIGN_OR_RETURN(
        state->primary_probe, detail::ServerProbe::Create(settings, probe_timeout, metrics)
    );
    Settings of_replica = settings;
    of_replica.connection_count_max = reads.connection_count_max;
    of_replica.acquire_timeout_ms = std::min(settings.acquire_timeout_ms, reads.timeout_ms);
    of_replica.connect_timeout_ms = std::min(settings.connect_timeout_ms, reads.timeout_ms);
    for (const std::string& url : urls) {
        of_replica.url = url;
        UNIBOX_RETURN_IF_ERROR(state->Add(of_replica, probe_timeout, metrics));
    }
    State* const looking = state.get();  // Outlives its probes.
    const auto look_every = [&](std::function<void()> look) {
        state->probes.push_back(std::make_unique<async::Periodic>(
            "pg-probe", Millis(reads.probe_interval_ms), std::move(look)
        ));
    };
    look_every([looking] { looking->LookAtPrimary(); });
    for (std::size_t i = 0; i < urls.size(); ++i) {
        look_every([looking, i] { looking->LookAt(i); });
    }
    return std::unique_ptr<ReadRouter>(new ReadRouter(std::move(state)));
}

std::unique_ptr<ReadRouter::Route> ReadRouter::ToReplica(
    std::optional<Lsn> token, SteadyTime deadline
) const {
    if (state_->replicas.empty()) return nullptr;
    const SteadyTime now = Steady::now();
    NoReplica why_not = NoReplica::kNone;
    const auto choice = state_->board.Take(token, now, &why_not);
    if (!choice) {
        constexpr std::array kReasons = {"none", "behind", "busy"};
        state_->tell.Fallback(kReasons[static_cast<std::size_t>(why_not)]);
        return nullptr;
    }
    state_->at_replica.Add();
    // Time for the primary must be left.
    const SteadyTime half = now + std::max(deadline - now, SteadyTime::duration()) / 2;
    return std::make_unique<Route>(
        state_,
        choice->replica,
        state_->replicas[choice->replica].pool->Demanding({choice->replayed, true}),
        std::min(half, now + state_->timeout)
    );
}

Pool ReadRouter::ToPrimary(std::optional<Lsn> token) const {
    state_->at_primary.Add();
    if (!token && state_->replicas.empty()) return Pool(state_->primary.state_);
    return state_->primary.Demanding({token.value_or(kNever), false});
}

bool ReadRouter::MustRepeat(const Route& route, const Status& status) const {
    const bool is_answer =
        status.ok() || (!IsTransient(status) && status.code() != Code::kDataLoss &&
                        status.code() != Code::kInternal);
    if (is_answer) return false;
    if (IsLost(status)) state_->board.Lost(route.replica);
    state_->tell.Fallback(ReasonOf(status));
    return true;
}

}  // namespace unibox::pg
