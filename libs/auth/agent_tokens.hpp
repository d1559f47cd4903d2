// Agents' tokens: from a JWT to the agent that it stands for. Private to Authenticator, whose lanes
// and log it shares.
//
// In this order, each step only after the one before: form and times (jws.hpp); the issuer, found
// by `iss` and one of `aud` as it was registered; its algorithms; its key, of the row or of the URL
// of the row, never of the token (jwks_cache.hpp); the signature; tenant and role; the agent of the
// tenant whom the subject names. The issuer says who it is, the tenant whether it works there.
//
// Signatures cost tens of microseconds: they are checked on threads of their own, networks in turn,
// those of a network that turn out wrong are limited like keys that lead nowhere, and a token that
// was found right with a key is not checked with it again (verified_tokens.hpp).
// Metrics: unibox_auth_issuers_total{outcome}, unibox_auth_agents_total{outcome},
// unibox_auth_waiting{lane="token-verify"}.
// Thread safety: every function from any thread.
#pragma once

#include "async/lookup_cache.hpp"
#include "auth/jwks_cache.hpp"
#include "auth/principal.hpp"
#include "auth/refusal_log.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/status.hpp"
#include "domain/agent_info.hpp"
#include "domain/jwt_issuer.hpp"
#include "obs/metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::auth {

// Reasons of refusals, as clients see them.
inline constexpr const char* kTokenInvalid = "TOKEN_INVALID";
inline constexpr const char* kTokenExpired = "TOKEN_EXPIRED";
inline constexpr const char* kRoleMissing = "ROLE_MISSING";
inline constexpr const char* kAgentUnknown = "AGENT_UNKNOWN";
inline constexpr const char* kAgentDisabled = "AGENT_DISABLED";

struct AgentOptions {
    std::int64_t clock_skew_ms_max = 30'000;         // Between the issuers' clocks and ours.
    std::int64_t lifetime_ms_max = 24LL * 3600'000;  // From iat to exp.
    JwksSettings jwks;
    std::size_t verify_thread_count = 2;
    std::size_t verify_queue_count_max = 4'096;
    std::size_t verified_count_max = 100'000;
};

// What tokens are judged by. All of them block, little longer than until their deadline; errors
// mean "try again later".
struct AgentSources {
    std::function<
        Result<domain::JwtIssuersByKey>(const std::vector<domain::JwtIssuerKey>&, SteadyTime)>
        find_issuers;  // store::FindJwtIssuers; empty: no tokens are taken at all.
    std::function<Result<domain::TenantsBySlug>(const std::vector<std::string>&, SteadyTime)>
        find_tenants;
    // Nothing: the tenant has no such agent. store::FindCallingAgent.
    std::function<Result<std::optional<domain::AgentInfo>>(const domain::AgentKey&, SteadyTime)>
        find_agent;
    JwksCache::Fetch fetch_jwks;
    // A sealed secret of an issuer. Empty: HS256 is not taken.
    std::function<Result<Secret>(std::string_view sealed, Uuid issuer_id)> open_secret;
};

class AgentTokens {
public:
    using Done = std::function<void(const Result<Principal>&)>;
    struct Shared {
        async::LookupLanes lanes;
        RefusalLog& refusals;
        // Answers as of a directory that is away, and tells the log.
        std::function<Status(const Status&)> away;
    };

    // All that is given by reference must outlive the object, and the lanes of `shared` must be
    // stopped before it dies.
    AgentTokens(
        AgentOptions options,
        const async::LookupSettings& cache,
        Millis lookup_max,
        AgentSources sources,
        Shared shared,
        const Clock& clock,
        obs::Metrics& metrics
    );
    ~AgentTokens();
    AgentTokens(const AgentTokens&) = delete;
    AgentTokens& operator=(const AgentTokens&) = delete;

    // Calls `done` exactly once; never blocks. UNAUTHENTICATED: TOKEN_EXPIRED if it is only that
    // (or not valid yet), else TOKEN_INVALID, whatever is wrong. PERMISSION_DENIED, ROLE_MISSING:
    // the token is right and has no role; AGENT_UNKNOWN, AGENT_DISABLED: nobody of the tenant is
    // called so, or works there any more. UNAVAILABLE: DIRECTORY_UNAVAILABLE, ISSUER_UNAVAILABLE.
    // RESOURCE_EXHAUSTED as of Authenticator::Check.
    void Check(std::string_view token, const std::string& peer_address, Done done);
    // As Authenticator's.
    void Forget();
    void Stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace unibox::auth
