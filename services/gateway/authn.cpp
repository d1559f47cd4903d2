#include "gateway/authn.hpp"

#include "async/fair_pool.hpp"
#include "base/mutex.hpp"
#include "base/strings.hpp"
#include "base/token_buckets.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "gateway/key_cache.hpp"
#include "gateway/lane_gauge.hpp"
#include "gateway/outage_log.hpp"
#include "gateway/refusal_log.hpp"
#include "net/client_network.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr Millis kRefreshTimeout{5'000};
constexpr async::Flow kOneFlow = 0;

Status Refused() {
    return Unauthenticated("a valid API key is needed: Authorization: Bearer ubk_...")
        .WithReason("API_KEY_INVALID");
}

// The key if it has the form of one: nothing else is worth a lookup.
std::optional<std::string_view> KeyOf(std::string_view authorization) {
    if (authorization.size() <= kScheme.size()) return {};
    if (!EqualsIgnoreCaseAscii(authorization.substr(0, kScheme.size()), kScheme)) return {};
    const std::string_view key = TrimSpace(authorization.substr(kScheme.size()));
    return crypto::LooksLikeApiKey(key) ? std::optional(key) : std::nullopt;
}

async::FairLimits LaneLimits(const AuthnSettings& settings) {
    const auto waiting = static_cast<std::size_t>(settings.lookup_queue_count_max);
    const auto threads = static_cast<std::size_t>(settings.lookup_thread_count);
    return {
        .thread_count = threads,
        .backlog_thread_count = threads,
        .waiting_max = waiting,
        .flow_waiting_max = waiting};
}

using Found = Result<store::ApiKeyInfo>;

}  // namespace

struct Authenticator::State {
    // One lookup, and the calls that wait for it.
    struct Flight {
        std::uint64_t epoch = 0;
        SteadyTime deadline;  // The latest of the calls'.
        std::vector<std::function<void(const Found&)>> waiting;
    };

    State(AuthnSettings given, KeyDirectory where, const Clock& given_clock, obs::Metrics& metrics)
        : settings(given),
          directory(std::move(where)),
          clock(given_clock),
          cache(given),
          hits(Lookups(metrics, "cached")),
          lookups(Lookups(metrics, "looked_up")),
          failures(Lookups(metrics, "failed")),
          refreshes(Lookups(metrics, "refreshed")),
          outage("API keys cannot be looked up", given_clock),
          refusals(given_clock, metrics),
          failed_lookups(static_cast<std::size_t>(given.network_count_max), given_clock),
          unknown_lane(
              "key-lookup", LaneLimits(given), given_clock, LaneGauge(metrics, "key-lookup")
          ),
          known_lane("key-renew", LaneLimits(given), given_clock, LaneGauge(metrics, "key-renew")) {
    }

    static obs::Counter& Lookups(obs::Metrics& metrics, const char* outcome) {
        return metrics.GetCounter(
            "unibox_gateway_api_keys_total", "API keys checked, by how", {{"outcome", outcome}}
        );
    }

    std::optional<Found> Cached(const std::string& hash) UNIBOX_REQUIRES(mutex);
    Result<Principal> Judge(
        const Found& found, std::string_view key, std::string_view scope, const std::string& peer
    );
    std::optional<KeyRefusal> FaultOf(const store::ApiKeyInfo& info) const;
    void LookUp(
        const std::string& hash,
        const Credentials& credentials,
        std::function<void(const Found&)> done
    );
    void Land(const std::string& hash, std::optional<std::uint64_t> network);
    void End(const std::string& hash, const Found& found);

    const AuthnSettings settings;
    const KeyDirectory directory;
    const Clock& clock;
    Mutex mutex;
    KeyCache cache UNIBOX_GUARDED_BY(mutex);
    std::unordered_map<std::string, Flight> flights UNIBOX_GUARDED_BY(mutex);
    std::uint64_t epoch UNIBOX_GUARDED_BY(mutex) = 0;  // Of what is asked now.
    obs::Counter& hits;
    obs::Counter& lookups;
    obs::Counter& failures;
    obs::Counter& refreshes;
    OutageLog outage;
    RefusalLog refusals;
    TokenBuckets failed_lookups;  // By network.
    // Last: their threads use what is above. Keys that were found before have threads of their own,
    // so that no number of made up ones stands in their way.
    async::FairPool unknown_lane;
    async::FairPool known_lane;
};

std::optional<Found> Authenticator::State::Cached(const std::string& hash) {
    const SteadyTime now = clock.Steady();
    if (const auto* info = cache.Find(hash, now)) return Found(*info);
    if (!cache.IsUnknown(hash, now)) return {};
    return Found(NotFound("unknown key"));
}

std::optional<KeyRefusal> Authenticator::State::FaultOf(const store::ApiKeyInfo& info) const {
    if (info.revoked) return KeyRefusal::kRevoked;
    if (info.expired || clock.UnixMillis() >= info.expires_at_ms) return KeyRefusal::kExpired;
    if (info.tenant_disabled) return KeyRefusal::kTenantDisabled;
    return {};
}

Result<Principal> Authenticator::State::Judge(
    const Found& found, std::string_view key, std::string_view scope, const std::string& peer
) {
    if (!found.ok()) {
        const Code code = found.status().code();
        if (code == Code::kResourceExhausted) {
            refusals.Refused(KeyRefusal::kTooManyLookups, key, "", peer);
        }
        if (code != Code::kNotFound) return found.status();
        refusals.Refused(KeyRefusal::kUnknown, key, "", peer);
        return Refused();
    }
    const store::ApiKeyInfo& info = *found;
    if (const auto fault = FaultOf(info)) {
        refusals.Refused(*fault, key, info.key_id.ToString(), peer);
        return Refused();
    }
    if (std::find(info.scopes.begin(), info.scopes.end(), scope) == info.scopes.end()) {
        refusals.Refused(KeyRefusal::kScopeMissing, key, info.key_id.ToString(), peer);
        return Status(Code::kPermissionDenied, "the API key lacks the scope " + std::string(scope))
            .WithReason("SCOPE_MISSING");
    }
    return Principal{info.tenant, info.key_id};
}

void Authenticator::State::LookUp(
    const std::string& hash, const Credentials& credentials, std::function<void(const Found&)> done
) {
    const std::uint64_t network = net::NetworkOf(credentials.peer_address);
    bool suspect = false;
    std::int64_t wait_ms = 0;
    {
        const MutexLock lock(mutex);
        const auto running = flights.find(hash);
        if (running != flights.end()) {
            Flight& flight = running->second;
            flight.deadline = std::max(flight.deadline, credentials.deadline);
            flight.waiting.push_back(std::move(done));
            return;
        }
        suspect = !cache.WasKnown(hash);
        if (suspect && settings.failed_lookups_per_s > 0) {
            wait_ms = failed_lookups.Take(
                network, settings.failed_lookups_per_s, settings.failed_lookup_burst
            );
        }
        if (wait_ms == 0) {
            Flight& flight = flights[hash];
            flight = {epoch, credentials.deadline, {}};
            flight.waiting.push_back(std::move(done));
        }
    }
    if (wait_ms > 0) {
        return done(ResourceExhausted("too many keys of this network are unknown")
                        .WithReason("LOOKUPS_LIMITED")
                        .WithRetryAfter(wait_ms));
    }
    const auto charged = suspect ? std::optional(network) : std::nullopt;
    async::FairPool& lane = suspect ? unknown_lane : known_lane;
    lane.Post(
        charged.value_or(kOneFlow),
        {.run = [this, hash, charged] { Land(hash, charged); },
         .refuse =
             [this, hash] {
                 End(hash,
                     ResourceExhausted("too many API keys wait to be looked up")
                         .WithReason("LOOKUPS_OVERLOADED"));
             }}
    );
}

void Authenticator::State::Land(const std::string& hash, std::optional<std::uint64_t> network) {
    SteadyTime deadline;
    {
        const MutexLock lock(mutex);
        deadline = flights.at(hash).deadline;
    }
    lookups.Add();
    Found found = directory.find(hash, deadline);
    const bool answered = found.ok() || found.status().code() == Code::kNotFound;
    if (!answered) {
        failures.Add();
        outage.Warn(found.status());
        found = Unavailable("API keys cannot be checked now").WithReason("DIRECTORY_UNAVAILABLE");
    }
    // Only keys that lead nowhere count.
    if (network && (!answered || (found.ok() && !FaultOf(*found)))) {
        failed_lookups.GiveBack(*network);
    }
    End(hash, found);
}

void Authenticator::State::End(const std::string& hash, const Found& found) {
    std::vector<std::function<void(const Found&)>> waiting;
    {
        const MutexLock lock(mutex);
        const auto flight = flights.find(hash);
        // What was asked before a change may be older than it.
        if (flight->second.epoch == epoch) {
            if (found.ok()) cache.PutFound(hash, *found, clock.Steady());
            if (found.status().code() == Code::kNotFound) cache.PutUnknown(hash, clock.Steady());
        }
        waiting = std::move(flight->second.waiting);
        flights.erase(flight);
    }
    for (const auto& done : waiting) done(found);
}

Authenticator::Authenticator(
    AuthnSettings settings, KeyDirectory directory, const Clock& clock, obs::Metrics& metrics
)
    : state_(std::make_unique<State>(settings, std::move(directory), clock, metrics)) {}
Authenticator::~Authenticator() = default;

void Authenticator::Check(const Credentials& credentials, std::string_view scope, Done done) {
    const auto key = KeyOf(credentials.authorization);
    if (!key) {
        const bool absent = credentials.authorization.empty();
        // Not a byte of what may be a secret of something else.
        state_->refusals.Refused(
            absent ? KeyRefusal::kAbsent : KeyRefusal::kMalformed, "", "", credentials.peer_address
        );
        return done(Refused());
    }
    const std::string hash = crypto::Sha256(*key);
    std::optional<Found> cached;
    {
        const MutexLock lock(state_->mutex);
        cached = state_->Cached(hash);
    }
    if (cached) {
        state_->hits.Add();
        return done(state_->Judge(*cached, *key, scope, credentials.peer_address));
    }
    state_->LookUp(
        hash,
        credentials,
        [state = state_.get(),
         key = std::string(*key),
         scope = std::string(scope),
         peer = credentials.peer_address,
         done = std::move(done)](const Found& found) {
            done(state->Judge(found, key, scope, peer));
        }
    );
}

void Authenticator::Refresh() {
    State& state = *state_;
    std::vector<std::string> believed;
    {
        const MutexLock lock(state.mutex);
        ++state.epoch;
        state.cache.ForgetUnknown();
        believed = state.cache.Believed(state.clock.Steady());
    }
    for (std::size_t at = 0; at < believed.size(); at += kKeysPerLookupMax) {
        const auto begin = believed.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t count = std::min(kKeysPerLookupMax, believed.size() - at);
        const std::vector<std::string> some(begin, begin + static_cast<std::ptrdiff_t>(count));
        const auto found =
            state.directory.find_many(some, std::chrono::steady_clock::now() + kRefreshTimeout);
        if (!found.ok()) return state.outage.Warn(found.status());
        state.refreshes.Add(static_cast<double>(count));
        const MutexLock lock(state.mutex);
        const SteadyTime now = state.clock.Steady();
        for (const std::string& hash : some) {
            const auto info = found->find(hash);
            if (info != found->end()) {
                state.cache.PutFound(hash, info->second, now);
            } else {
                state.cache.PutUnknown(hash, now);
            }
        }
    }
}

void Authenticator::Stop() {
    state_->unknown_lane.Stop();
    state_->known_lane.Stop();
}

}  // namespace unibox::gateway
