// Who is calling: from "Authorization: Bearer …" to a tenant and what the caller may do. The same
// for every service. A token of the form ubk_… is an API key; one of the form of a JWS is the token
// of an agent, where a service takes those (agent_tokens.hpp).
//
// Keys are looked up by their SHA-256 and cached (async/lookup_cache.hpp): one lookup however many
// calls wait for it, in lanes of threads of the authenticator's own, in which client networks (/24,
// /64) have their turns; keys that were found before have a lane to themselves, so that the keys
// that somebody makes up are nobody else's wait. A network whose keys lead nowhere is asked for no
// more of them than Options.cache.failed_per_s.
//
// While the directory is away (UNAVAILABLE, and a warning in the log), keys that are known work
// until stale_ms_max. Refused credentials are in the log (RefusalLog).
// Metrics: unibox_auth_keys_total{outcome}, unibox_auth_credentials_refused_total{reason},
// unibox_auth_waiting{lane}.
// Thread safety: every function from any thread.
#pragma once

#include "async/lookup_cache.hpp"
#include "auth/agent_tokens.hpp"
#include "auth/principal.hpp"
#include "base/clock.hpp"
#include "base/status.hpp"
#include "domain/api_key.hpp"
#include "obs/metrics.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::auth {

// Reasons of refusals, as clients see them.
inline constexpr const char* kApiKeyInvalid = "API_KEY_INVALID";
inline constexpr const char* kScopeMissing = "SCOPE_MISSING";
inline constexpr const char* kDirectoryUnavailable = "DIRECTORY_UNAVAILABLE";

// What came with a call.
struct Credentials {
    std::string authorization;  // The header's value; several joined by ", "; "" = none.
    std::string peer_address;   // The client's IP address; "" = not known.
};

struct Options {
    async::LookupSettings cache;
    std::size_t lookup_thread_count = 2;  // Of each of the two lanes.
    std::size_t lookup_queue_count_max = 4'096;
    Millis lookup_max{5'000};  // One question to the directory.
    AgentOptions agents;
};

class Authenticator {
public:
    // Those of the keys that exist, by hash (store::FindApiKeys); blocks, little longer than until
    // the deadline. An error means "try again later".
    using FindKeys = std::function<
        Result<domain::ApiKeysByHash>(const std::vector<std::string>& key_hashes, SteadyTime)>;
    using Done = std::function<void(const Result<Principal>&)>;

    // Clock and metrics must outlive the object. Without `agents.find_issuers` no tokens are taken.
    Authenticator(
        Options options,
        FindKeys find,
        const Clock& clock,
        obs::Metrics& metrics,
        AgentSources agents = {}
    );
    // Stop().
    ~Authenticator();
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;

    // Calls `done` exactly once: at once, on this thread, if the cache knows; else on a thread of
    // a lane. Never blocks.
    // UNAUTHENTICATED (API_KEY_INVALID), with the same text whether the key is absent, malformed,
    // unknown, revoked, expired or of a disabled tenant. PERMISSION_DENIED (SCOPE_MISSING) if the
    // caller lacks `scope`, which is named. UNAVAILABLE (DIRECTORY_UNAVAILABLE) if the key is not
    // known and cannot be looked up. RESOURCE_EXHAUSTED if too many keys of its network led nowhere
    // (LOOKUPS_LIMITED, with the time to wait) or wait to be looked up (LOOKUPS_OVERLOADED).
    // Of agents' tokens as AgentTokens::Check, and SCOPE_MISSING if the role lacks it.
    void Check(const Credentials& credentials, std::string_view scope, Done done);

    // Keys, issuers or tenants were changed: none of them is believed any more until it was looked
    // up anew (while that cannot be done, until it is too old). Never blocks.
    void Forget();
    // Ends the lanes: keys that are not cached get no answer but RESOURCE_EXHAUSTED.
    void Stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace unibox::auth
