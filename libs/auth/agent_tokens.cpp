#include "auth/agent_tokens.hpp"

#include "async/fair_pool.hpp"
#include "auth/jws.hpp"
#include "auth/verified_tokens.hpp"
#include "crypto/hash.hpp"
#include "net/client_network.hpp"
#include "obs/waiting_gauge.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace unibox::auth {
namespace {

// An issuer as it is asked: its row, and the keys that the row has itself.
struct Issuer {
    domain::JwtIssuerInfo info;
    KeySetPtr keys;  // Null: they are at info.jwks_url, or cannot be read.
};

using IssuerCache = async::LookupCache<domain::JwtIssuerKey, Issuer, domain::JwtIssuerKeyHash>;
using TenantCache = async::LookupCache<std::string, domain::TenantInfo>;
using AgentCache = async::LookupCache<domain::AgentKey, domain::AgentInfo, domain::AgentKeyHash>;

Status Refused() {
    return Unauthenticated("the token is not accepted").WithReason(kTokenInvalid);
}
Status Expired() {
    return Unauthenticated("the token has expired, or is not valid yet").WithReason(kTokenExpired);
}

Status NoSuchAgent(const std::string& subject) {
    return Status(
               Code::kPermissionDenied,
               "the tenant has no agent with the external id \"" + subject +
                   "\": somebody who administers it must add the agent first"
    )
        .WithReason(kAgentUnknown);
}
Status DisabledAgent() {
    return Status(
               Code::kPermissionDenied,
               "the agent is disabled: somebody who administers the tenant must enable it"
    )
        .WithReason(kAgentDisabled);
}

async::FairLimits LimitsOf(const AgentOptions& options) {
    return {
        .thread_count = options.verify_thread_count,
        .backlog_thread_count = options.verify_thread_count,
        .waiting_max = options.verify_queue_count_max,
        .flow_waiting_max = options.verify_queue_count_max};
}

IssuerCache::Count OutcomeCounters(obs::Metrics& metrics, const char* name, const char* help) {
    std::array<obs::Counter*, async::kLookupOutcomeCount> counters{};
    for (std::size_t i = 0; i < counters.size(); ++i) {
        counters[i] = &metrics.GetCounter(name, help, {{"outcome", async::kLookupOutcomeNames[i]}});
    }
    return [counters](async::LookupOutcome outcome) {
        counters[static_cast<std::size_t>(outcome)]->Add();
    };
}

// One token on its way.
struct Call {
    Token token;
    std::string digest;
    std::string peer_address;
    async::Flow network = 0;
    std::shared_ptr<const Issuer> issuer;
    AgentTokens::Done done;
};
using CallPtr = std::shared_ptr<Call>;

}  // namespace

struct AgentTokens::State {
    State(
        const AgentOptions& given,
        const async::LookupSettings& cache_settings,
        Millis given_lookup_max,
        AgentSources given_sources,
        Shared given_shared,
        const Clock& given_clock,
        obs::Metrics& metrics
    )
        : options(given),
          settings(cache_settings),
          lookup_max(given_lookup_max),
          sources(std::move(given_sources)),
          shared(std::move(given_shared)),
          clock(given_clock),
          verified(given.verified_count_max),
          issuers(
              settings,
              clock,
              shared.lanes,
              [this](const IssuerCache::Keys& keys) { return LoadIssuers(keys); },
              [](const Issuer&) { return false; },
              OutcomeCounters(
                  metrics, "unibox_auth_issuers_total", "Issuers of tokens looked up, by how"
              )
          ),
          tenants(
              settings,
              clock,
              shared.lanes,
              [this](const TenantCache::Keys& slugs) { return LoadTenants(slugs); },
              [](const domain::TenantInfo&) { return false; },
              [](async::LookupOutcome) {}
          ),
          agents(
              settings,
              clock,
              shared.lanes,
              [this](const AgentCache::Keys& keys) { return LoadAgents(keys); },
              [](const domain::AgentInfo&) { return false; },
              OutcomeCounters(metrics, "unibox_auth_agents_total", "Agents looked up, by how")
          ),
          jwks(given.jwks, sources.fetch_jwks, clock, metrics),
          verify_lane(
              "token-verify",
              LimitsOf(given),
              clock,
              obs::WaitingGauge(metrics, "unibox_auth_waiting", "token-verify")
          ) {}

    Result<IssuerCache::Found> LoadIssuers(const IssuerCache::Keys& keys);
    Result<TenantCache::Found> LoadTenants(const TenantCache::Keys& slugs);
    Result<AgentCache::Found> LoadAgents(const AgentCache::Keys& keys);
    KeySetPtr OwnKeysOf(const domain::JwtIssuerInfo& info) const;

    void OnIssuers(const CallPtr& call, const std::vector<Result<IssuerCache::ValuePtr>>& found);
    void OnIssuer(const CallPtr& call);
    void OnKeys(const CallPtr& call, const Result<KeySetPtr>& keys);
    void Verify(const CallPtr& call, const KeySetPtr& keys);
    void OnVerified(const CallPtr& call);
    void OnTenant(const CallPtr& call, Role role, const Result<TenantCache::ValuePtr>& tenant);
    void OnAgent(
        const CallPtr& call,
        const domain::TenantInfo& tenant,
        Role role,
        const Result<AgentCache::ValuePtr>& found
    );
    void Refuse(const CallPtr& call, KeyRefusal why, const Status& status);

    const AgentOptions options;
    const async::LookupSettings settings;
    const Millis lookup_max;
    const AgentSources sources;
    const Shared shared;
    const Clock& clock;
    VerifiedTokens verified;
    IssuerCache issuers;
    TenantCache tenants;
    AgentCache agents;
    JwksCache jwks;
    async::FairPool verify_lane;
};

// Null: nothing that can be used, as for a secret that cannot be opened.
KeySetPtr AgentTokens::State::OwnKeysOf(const domain::JwtIssuerInfo& info) const {
    auto keys = std::make_shared<KeySet>();
    if (!info.jwks.empty()) {
        auto parsed = ParseJwks(info.jwks);
        if (!parsed.ok()) return nullptr;
        *keys = *std::move(parsed);
    }
    for (const std::string& sealed : info.sealed_secrets) {
        if (!sources.open_secret) return nullptr;
        auto secret = sources.open_secret(sealed, info.issuer_id);
        if (!secret.ok() || secret->Reveal().size() < VerifyKey::kSecretBytesMin) continue;
        keys->emplace_back("", *std::move(secret));
    }
    return keys->empty() ? nullptr : keys;
}

Result<IssuerCache::Found> AgentTokens::State::LoadIssuers(const IssuerCache::Keys& keys) {
    auto found = sources.find_issuers(keys, clock.Steady() + lookup_max);
    if (!found.ok()) return shared.away(found.status());
    IssuerCache::Found all;
    for (auto& [key, info] : *found) {
        Issuer issuer;
        issuer.keys = OwnKeysOf(info);
        issuer.info = std::move(info);
        issuer.info.jwks.clear();  // What was made of it is kept.
        all.emplace(key, std::make_shared<const Issuer>(std::move(issuer)));
    }
    return all;
}

Result<TenantCache::Found> AgentTokens::State::LoadTenants(const TenantCache::Keys& slugs) {
    auto found = sources.find_tenants(slugs, clock.Steady() + lookup_max);
    if (!found.ok()) return shared.away(found.status());
    TenantCache::Found all;
    for (const auto& [slug, tenant] : *found) {
        all.emplace(slug, std::make_shared<const domain::TenantInfo>(tenant));
    }
    return all;
}

Result<AgentCache::Found> AgentTokens::State::LoadAgents(const AgentCache::Keys& keys) {
    AgentCache::Found all;
    for (const domain::AgentKey& key : keys) {
        auto found = sources.find_agent(key, clock.Steady() + lookup_max);
        if (!found.ok()) return shared.away(found.status());
        if (!*found) continue;
        all.emplace(key, std::make_shared<const domain::AgentInfo>(**std::move(found)));
    }
    return all;
}

void AgentTokens::State::Refuse(const CallPtr& call, KeyRefusal why, const Status& status) {
    const std::string issuer = call->issuer ? call->issuer->info.issuer_id.ToString() : "";
    shared.refusals.Refused(why, "", issuer, call->peer_address);
    call->done(status);
}

void AgentTokens::State::OnIssuers(
    const CallPtr& call, const std::vector<Result<IssuerCache::ValuePtr>>& found
) {
    Status failure;
    std::size_t count = 0;
    for (const auto& one : found) {
        if (one.ok()) {
            call->issuer = *one;
            ++count;
        } else if (one.status().code() != Code::kNotFound) {
            failure = one.status();
        }
    }
    if (count == 1) return OnIssuer(call);
    call->issuer.reset();
    // A token for two is a token for neither: nothing tells which of them is meant.
    if (count > 1 || failure.ok()) return Refuse(call, KeyRefusal::kIssuerUnknown, Refused());
    if (failure.code() != Code::kResourceExhausted) return call->done(failure);
    Refuse(call, KeyRefusal::kTooManyLookups, failure);
}

void AgentTokens::State::OnIssuer(const CallPtr& call) {
    const Issuer& issuer = *call->issuer;
    if (issuer.info.disabled) return Refuse(call, KeyRefusal::kIssuerDisabled, Refused());
    if (issuer.info.tenant_disabled) return Refuse(call, KeyRefusal::kTenantDisabled, Refused());
    const auto& allowed = issuer.info.algorithms;
    const auto name = kAlgorithmNames[static_cast<std::size_t>(call->token.algorithm)];
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
        return Refuse(call, KeyRefusal::kAlgorithm, Refused());
    }
    if (issuer.keys || issuer.info.jwks_url.empty()) return OnKeys(call, issuer.keys);
    const auto flow = static_cast<async::Flow>(issuer.info.tenant.value_or(TenantId{}).value);
    jwks.Get(issuer.info.jwks_url, flow, call->token, [this, call](const auto& keys) {
        OnKeys(call, keys);
    });
}

void AgentTokens::State::OnKeys(const CallPtr& call, const Result<KeySetPtr>& keys) {
    if (!keys.ok()) return call->done(keys.status());
    const auto candidates =
        *keys ? CandidatesOf(**keys, call->token) : std::vector<const VerifyKey*>();
    if (candidates.empty()) return Refuse(call, KeyRefusal::kSigningKeyUnknown, Refused());
    for (const VerifyKey* key : candidates) {
        if (verified.Contains(call->digest, key->fingerprint())) return OnVerified(call);
    }
    // Taken before the check, given back if it was right.
    const Millis wait =
        settings.failed_per_s == 0
            ? Millis(0)
            : shared.lanes.failed.Take(call->network, settings.failed_per_s, settings.failed_burst);
    const auto too_many = [&](const char* message, const char* reason) {
        return ResourceExhausted(message).WithReason(reason).WithRetryAfter(wait);
    };
    if (wait > Millis(0)) {
        return Refuse(
            call,
            KeyRefusal::kTooManyLookups,
            too_many("too many tokens of this network are wrong", "LOOKUPS_LIMITED")
        );
    }
    verify_lane.Post(
        call->network,
        {.run = [this, call, keys = *keys] { Verify(call, keys); },
         .refuse =
             [this, call, status = too_many("too many tokens wait", "LOOKUPS_OVERLOADED")] {
                 if (settings.failed_per_s != 0) shared.lanes.failed.GiveBack(call->network);
                 Refuse(call, KeyRefusal::kTooManyLookups, status);
             }}
    );
}

void AgentTokens::State::Verify(const CallPtr& call, const KeySetPtr& keys) {
    const auto candidates = CandidatesOf(*keys, call->token);
    const auto right = std::find_if(candidates.begin(), candidates.end(), [&](const auto* key) {
        return key->Verify(call->token.signed_text, call->token.signature);
    });
    if (right == candidates.end()) return Refuse(call, KeyRefusal::kForged, Refused());
    if (settings.failed_per_s != 0) shared.lanes.failed.GiveBack(call->network);
    verified.Add(call->digest, (*right)->fingerprint());
    OnVerified(call);
}

void AgentTokens::State::OnVerified(const CallPtr& call) {
    const domain::JwtIssuerInfo& issuer = call->issuer->info;
    const auto& texts = call->token.claims.texts;
    const auto claim = texts.find(issuer.role_claim);
    const auto role = claim == texts.end() ? std::nullopt : RoleOf(claim->second);
    if (!role) {
        const Status status(
            Code::kPermissionDenied,
            "the claim " + issuer.role_claim + " of the token must be agent, supervisor or admin"
        );
        return Refuse(call, KeyRefusal::kLacksRole, Status(status).WithReason(kRoleMissing));
    }
    if (issuer.tenant) {
        return OnTenant(
            call,
            *role,
            std::make_shared<const domain::TenantInfo>(domain::TenantInfo{
                *issuer.tenant, false, issuer.limits})
        );
    }
    const auto slug = texts.find(issuer.tenant_claim);
    if (slug == texts.end() || !IsPlainName(slug->second, kNameBytesMax)) {
        return Refuse(call, KeyRefusal::kTenantUnknown, Refused());
    }
    tenants.Get(
        {slug->second},
        {.flow = call->network, .is_stranger = false},
        [this, call, role = *role](const std::vector<Result<TenantCache::ValuePtr>>& found) {
            OnTenant(call, role, found.front());
        }
    );
}

void AgentTokens::State::OnTenant(
    const CallPtr& call, Role role, const Result<TenantCache::ValuePtr>& tenant
) {
    if (tenant.status().code() == Code::kNotFound) {
        return Refuse(call, KeyRefusal::kTenantUnknown, Refused());
    }
    if (!tenant.ok()) return call->done(tenant.status());
    if ((*tenant)->disabled) return Refuse(call, KeyRefusal::kTenantDisabled, Refused());
    agents.Get(
        {domain::AgentKey{(*tenant)->tenant, call->token.claims.subject}},
        {.flow = call->network, .is_stranger = false},
        [this, call, role, info = *tenant](const std::vector<Result<AgentCache::ValuePtr>>& found) {
            OnAgent(call, *info, role, found.front());
        }
    );
}

void AgentTokens::State::OnAgent(
    const CallPtr& call,
    const domain::TenantInfo& tenant,
    Role role,
    const Result<AgentCache::ValuePtr>& found
) {
    const std::string& subject = call->token.claims.subject;
    if (found.status().code() == Code::kNotFound) {
        return Refuse(call, KeyRefusal::kAgentUnknown, NoSuchAgent(subject));
    }
    if (!found.ok()) return call->done(found.status());
    const domain::AgentInfo& info = **found;
    if (info.disabled) return Refuse(call, KeyRefusal::kAgentDisabled, DisabledAgent());
    const Role effective = std::min(role, RoleOf(info.role));
    const auto& scopes = RowOf(effective).scopes;
    Principal agent;
    agent.tenant = tenant.tenant;
    agent.limits = tenant.limits;
    agent.kind = Principal::Kind::kAgent;
    agent.issuer_id = call->issuer->info.issuer_id;
    agent.subject = subject;
    agent.agent = info.agent;
    agent.agent_name = info.name;
    agent.role = effective;
    agent.scopes.assign(scopes.begin(), scopes.end());
    call->done(agent);
}

AgentTokens::AgentTokens(
    AgentOptions options,
    const async::LookupSettings& cache,
    Millis lookup_max,
    AgentSources sources,
    Shared shared,
    const Clock& clock,
    obs::Metrics& metrics
)
    : state_(std::make_unique<State>(
          options, cache, lookup_max, std::move(sources), std::move(shared), clock, metrics
      )) {}

AgentTokens::~AgentTokens() {
    Stop();
}

void AgentTokens::Check(std::string_view token, const std::string& peer_address, Done done) {
    State& state = *state_;
    const auto call = std::make_shared<Call>();
    call->peer_address = peer_address;
    call->network = net::NetworkOf(peer_address);
    call->done = std::move(done);
    auto parsed = ParseToken(token);
    if (!parsed) return state.Refuse(call, KeyRefusal::kTokenMalformed, Refused());
    call->token = *std::move(parsed);
    call->digest = crypto::Sha256(token);
    const Claims& claims = call->token.claims;
    const auto& options = state.options;
    switch (FaultOfTimes(
        claims, state.clock.UnixMillis(), options.clock_skew_ms_max, options.lifetime_ms_max
    )) {
        case TimeFault::kNone:
            break;
        case TimeFault::kTooLong:
            return state.Refuse(call, KeyRefusal::kTokenLifetime, Refused());
        case TimeFault::kExpired:
        case TimeFault::kNotYet:
            return state.Refuse(call, KeyRefusal::kTokenExpired, Expired());
    }
    IssuerCache::Keys keys;
    for (const std::string& audience : claims.audiences) keys.push_back({claims.issuer, audience});
    state.issuers.Get(
        keys,
        {.flow = call->network, .is_stranger = true},
        [&state, call](const std::vector<Result<IssuerCache::ValuePtr>>& found) {
            state.OnIssuers(call, found);
        }
    );
}

void AgentTokens::Forget() {
    state_->issuers.Forget();
    state_->tenants.Forget();
    state_->agents.Forget();
}

void AgentTokens::Stop() {
    state_->jwks.Stop();
    state_->verify_lane.Stop();
}

}  // namespace unibox::auth
