#include "auth/authenticator.hpp"

#include "async/fair_pool.hpp"
#include "auth/bearer.hpp"
#include "auth/jws.hpp"
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
    State(
        Options given,
        FindKeys given_find,
        const Clock& given_clock,
        obs::Metrics& metrics,
        AgentSources sources
    )
        : options(given),
          find(std::move(given_find)),
          clock(given_clock),
          outage("credentials cannot be looked up", given_clock),
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
          ) {
        if (!sources.find_issuers) return;
        agents = std::make_unique<AgentTokens>(
            given.agents,
            given.cache,
            given.lookup_max,
            std::move(sources),
            AgentTokens::Shared{
                {known_lane, unknown_lane, failed_lookups},
                refusals,
                [this](const Status& failure) { return Away(failure); }},
            clock,
            metrics
        );
    }

    static std::function<void(std::size_t)> Waiting(obs::Metrics& metrics, const char* lane) {
        return obs::WaitingGauge(metrics, "unibox_auth_waiting", lane);
    }

    Status Away(const Status& failure);
    Result<Cache::Found> Load(const Cache::Keys& hashes);
    Result<Principal> Judge(
        const Result<Cache::ValuePtr>& found,
        std::string_view key,
        std::string_view scope,
        const std::string& peer_address
    );
    Result<Principal> WithScope(
        Principal caller,
        std::string_view key,
        std::string_view scope,
        const std::string& peer_address
    );
    void CheckKey(std::string key, std::string_view scope, const std::string& peer, Done done);
    void CheckToken(
        std::string_view token, std::string_view scope, const std::string& peer, Done done
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
    std::unique_ptr<AgentTokens> agents;  // Null: none are taken.
};

Status Authenticator::State::Away(const Status& failure) {
    outage.Warn(failure);
    return Unavailable("credentials cannot be checked now").WithReason(kDirectoryUnavailable);
}

Result<Cache::Found> Authenticator::State::Load(const Cache::Keys& hashes) {
    auto found = find(hashes, clock.Steady() + options.lookup_max);
    if (!found.ok()) return Away(found.status());
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
    Principal caller;
    caller.tenant = info.tenant;
    caller.key_id = info.key_id;
    caller.key_name = info.name;
    caller.scopes = info.scopes;
    caller.limits = info.limits;
    return WithScope(std::move(caller), key, scope, peer_address);
}

Result<Principal> Authenticator::State::WithScope(
    Principal caller, std::string_view key, std::string_view scope, const std::string& peer_address
) {
    if (caller.May(scope)) return caller;
    const bool is_key = caller.kind == Principal::Kind::kApiKey;
    const Uuid id = is_key ? caller.key_id : caller.issuer_id;
    refusals.Refused(KeyRefusal::kLacksScope, key, id.ToString(), peer_address);
    const std::string who =
        is_key ? "the API key" : "the role " + std::string(RowOf(*caller.role).name);
    return Status(Code::kPermissionDenied, who + " lacks the scope " + std::string(scope))
        .WithReason(kScopeMissing);
}

void Authenticator::State::CheckKey(
    std::string key, std::string_view scope, const std::string& peer, Done done
) {
    const Cache::Keys hashes = {crypto::Sha256(key)};
    cache.Get(
        hashes,
        {.flow = net::NetworkOf(peer), .is_stranger = true},
        [this, key = std::move(key), scope = std::string(scope), peer, done = std::move(done)](
            std::vector<Result<Cache::ValuePtr>> found
        ) { done(Judge(found.front(), key, scope, peer)); }
    );
}

void Authenticator::State::CheckToken(
    std::string_view token, std::string_view scope, const std::string& peer, Done done
) {
    agents->Check(
        token,
        peer,
        [this, scope = std::string(scope), peer, done = std::move(done)](
            const Result<Principal>& agent
        ) { done(agent.ok() ? WithScope(*agent, "", scope, peer) : agent); }
    );
}

Authenticator::Authenticator(
    Options options, FindKeys find, const Clock& clock, obs::Metrics& metrics, AgentSources agents
)
    : state_(std::make_unique<State>(options, std::move(find), clock, metrics, std::move(agents))) {
}

Authenticator::~Authenticator() {
    Stop();
}

void Authenticator::Check(const Credentials& credentials, std::string_view scope, Done done) {
    State& state = *state_;
    const auto token = BearerToken(credentials.authorization);
    if (token && crypto::LooksLikeApiKey(*token)) {
        return state.CheckKey(
            std::string(*token), scope, credentials.peer_address, std::move(done)
        );
    }
    if (token && state.agents && LooksLikeJws(*token)) {
        return state.CheckToken(*token, scope, credentials.peer_address, std::move(done));
    }
    const bool absent = credentials.authorization.empty();
    // Not a byte of what may be a secret of something else.
    state.refusals.Refused(
        absent ? KeyRefusal::kAbsent : KeyRefusal::kMalformed, "", "", credentials.peer_address
    );
    done(Refused());
}

void Authenticator::Forget() {
    state_->cache.Forget();
    if (state_->agents) state_->agents->Forget();
}

void Authenticator::Stop() {
    if (state_->agents) state_->agents->Stop();
    state_->unknown_lane.Stop();
    state_->known_lane.Stop();
}

}  // namespace unibox::auth
