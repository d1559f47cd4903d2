#include "auth/authenticator.hpp"

#include "async/fair_pool.hpp"
#include "auth/bearer.hpp"
#include "auth/refusal_log.hpp"
#include "base/token_buckets.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "net/client_network.hpp"
#include "obs/outage_log.hpp"
#include "obs/waiting_gauge.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace unibox::auth {
namespace {

using Cache = async::LookupCache<std::string, domain::ApiKeyInfo>;

Status Refused() {
    return Unauthenticated("a valid API key is needed: Authorization: Bearer ubk_...")
        .WithReason(kApiKeyInvalid);
}

// The key if it has the form of one: nothing else is worth a lookup.
std::optional<std::string_view> KeyOf(std::string_view authorization) {
    const auto token = BearerToken(authorization);
    return token && crypto::LooksLikeApiKey(*token) ? token : std::nullopt;
}

async::FairLimits LaneLimits(const Options& options) {
    return {
        .thread_count = options.lookup_thread_count,
        .backlog_thread_count = options.lookup_thread_count,
        .waiting_max = options.lookup_queue_count_max,
        .flow_waiting_max = options.lookup_queue_count_max};
}

Cache::Count OutcomeCounters(obs::Metrics& metrics) {
    std::array<obs::Counter*, async::kLookupOutcomeCount> counters{};
    for (std::size_t i = 0; i < counters.size(); ++i) {
        counters[i] = &metrics.GetCounter(
            "unibox_auth_keys_total",
            "API keys checked, by how",
            {{"outcome", async::kLookupOutcomeNames[i]}}
        );
    }
    return [counters](async::LookupOutcome outcome) {
        counters[static_cast<std::size_t>(outcome)]->Add();
    };
}

}  // namespace

struct Authenticator::State {
    State(Options given, FindKeys given_find, const Clock& given_clock, obs::Metrics& metrics)
        : options(given),
          find(std::move(given_find)),
          clock(given_clock),
          outage("API keys cannot be looked up", given_clock),
          refusals(given_clock, metrics),
          failed_lookups(given.cache.failed_network_count_max, given_clock),
          unknown_lane(
              "key-lookup", LaneLimits(given), given_clock, Waiting(metrics, "key-lookup")
          ),
          known_lane("key-renew", LaneLimits(given), given_clock, Waiting(metrics, "key-renew")),
          cache(
              given.cache,
              given_clock,
              async::LookupLanes{known_lane, unknown_lane, failed_lookups},
              [this](const Cache::Keys& hashes) { return Load(hashes); },
              [](const domain::ApiKeyInfo&) { return false; },  // Judge knows the time.
              OutcomeCounters(metrics)
          ) {}

    static std::function<void(std::size_t)> Waiting(obs::Metrics& metrics, const char* lane) {
        return obs::WaitingGauge(metrics, "unibox_auth_waiting", lane);
    }

    Result<Cache::Found> Load(const Cache::Keys& hashes);
    Result<Principal> Judge(
        const Result<Cache::ValuePtr>& found,
        std::string_view key,
        std::string_view scope,
        const std::string& peer_address
    );
    std::optional<KeyRefusal> FaultOf(const domain::ApiKeyInfo& info) const;

    const Options options;
    const FindKeys find;
    const Clock& clock;
    obs::OutageLog outage;
    RefusalLog refusals;
    TokenBuckets failed_lookups;  // By network.
    // Their threads use the cache, so they are stopped before anything dies.
    async::FairPool unknown_lane;
    async::FairPool known_lane;
    Cache cache;
};

Result<Cache::Found> Authenticator::State::Load(const Cache::Keys& hashes) {
    auto found = find(hashes, clock.Steady() + options.lookup_max);
    if (!found.ok()) {
        outage.Warn(found.status());
        return Unavailable("API keys cannot be checked now").WithReason(kDirectoryUnavailable);
    }
    Cache::Found all;
    for (auto& [hash, info] : *found) {
        all.emplace(hash, std::make_shared<const domain::ApiKeyInfo>(std::move(info)));
    }
    return all;
}

std::optional<KeyRefusal> Authenticator::State::FaultOf(const domain::ApiKeyInfo& info) const {
    if (info.revoked) return KeyRefusal::kRevoked;
    if (info.expired || clock.UnixMillis() >= info.expires_at_ms) return KeyRefusal::kExpired;
    if (info.tenant_disabled) return KeyRefusal::kTenantDisabled;
    return {};
}

Result<Principal> Authenticator::State::Judge(
    const Result<Cache::ValuePtr>& found,
    std::string_view key,
    std::string_view scope,
    const std::string& peer_address
) {
    if (!found.ok()) {
        const Code code = found.status().code();
        if (code == Code::kResourceExhausted) {
            refusals.Refused(KeyRefusal::kTooManyLookups, key, "", peer_address);
        }
        if (code != Code::kNotFound) return found.status();
        refusals.Refused(KeyRefusal::kUnknown, key, "", peer_address);
        return Refused();
    }
    const domain::ApiKeyInfo& info = **found;
    if (const auto fault = FaultOf(info)) {
        refusals.Refused(*fault, key, info.key_id.ToString(), peer_address);
        return Refused();
    }
    if (std::find(info.scopes.begin(), info.scopes.end(), scope) == info.scopes.end()) {
        refusals.Refused(KeyRefusal::kLacksScope, key, info.key_id.ToString(), peer_address);
        return Status(Code::kPermissionDenied, "the API key lacks the scope " + std::string(scope))
            .WithReason(kScopeMissing);
    }
    return Principal{info.tenant, info.key_id, info.name};
}

Authenticator::Authenticator(
    Options options, FindKeys find, const Clock& clock, obs::Metrics& metrics
)
    : state_(std::make_unique<State>(options, std::move(find), clock, metrics)) {}

Authenticator::~Authenticator() {
    Stop();
}

void Authenticator::Check(const Credentials& credentials, std::string_view scope, Done done) {
    State& state = *state_;
    const auto key = KeyOf(credentials.authorization);
    if (!key) {
        const bool absent = credentials.authorization.empty();
        // Not a byte of what may be a secret of something else.
        state.refusals.Refused(
            absent ? KeyRefusal::kAbsent : KeyRefusal::kMalformed, "", "", credentials.peer_address
        );
        return done(Refused());
    }
    state.cache.Get(
        {crypto::Sha256(*key)},
        {.flow = net::NetworkOf(credentials.peer_address), .is_stranger = true},
        [&state,
         key = std::string(*key),
         scope = std::string(scope),
         peer = credentials.peer_address,
         done = std::move(done)](std::vector<Result<Cache::ValuePtr>> found) {
            done(state.Judge(found.front(), key, scope, peer));
        }
    );
}

void Authenticator::Forget() {
    state_->cache.Forget();
}

void Authenticator::Stop() {
    state_->unknown_lane.Stop();
    state_->known_lane.Stop();
}

}  // namespace unibox::auth
