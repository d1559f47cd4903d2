// Who is calling: from "Authorization: Bearer ubk_…" to a tenant and what the key may do.
//
// Keys are looked up by their SHA-256 and cached (KeyCache). What the cache knows is answered at
// once, on the caller's thread. The rest waits in a lane of its own for one of
// lookup_thread_count threads, networks in turn (FairPool), so that the keys that somebody makes up
// are nobody else's wait; keys that were found before have a lane to themselves. A network (/24,
// /64) whose keys lead nowhere is asked for no more of them than failed_lookups_per_s. Many calls
// with the same key make one lookup.
//
// While the directory is away (UNAVAILABLE, and a warning in the log), cached keys work until they
// are too old. Refused credentials are in the log (RefusalLog). Thread safety: every function from
// any thread.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "gateway/config.hpp"
#include "obs/metrics.hpp"
#include "store/directory/lookups.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::gateway {

struct Principal {
    TenantId tenant;
    Uuid key_id;
};

// Where keys are looked up: store::FindApiKey and FindApiKeys on a pool. Answers little later than
// the deadline.
struct KeyDirectory {
    // NOT_FOUND = no such key; anything else = try again later.
    std::function<Result<store::ApiKeyInfo>(const std::string& key_hash, SteadyTime deadline)> find;
    // Those of at most kKeysPerLookupMax keys that exist.
    std::function<
        Result<store::ApiKeysByHash>(const std::vector<std::string>& key_hashes, SteadyTime)>
        find_many;
};

class Authenticator {
public:
    static constexpr std::size_t kKeysPerLookupMax = 500;

    struct Credentials {
        std::string authorization;  // The header's value.
        std::string peer_address;   // The client's IP address; "" = not known.
        SteadyTime deadline;
    };
    using Done = std::function<void(const Result<Principal>&)>;

    Authenticator(
        AuthnSettings settings, KeyDirectory directory, const Clock& clock, obs::Metrics& metrics
    );
    ~Authenticator();
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;

    // Calls `done` exactly once: at once, on this thread, if the cache knows; else on a thread of
    // a lane. Never blocks.
    // UNAUTHENTICATED, with the same text whether the key is absent, malformed, unknown, revoked,
    // expired or of a disabled tenant. PERMISSION_DENIED if the key lacks `scope`. UNAVAILABLE if
    // the key is not cached and cannot be looked up. RESOURCE_EXHAUSTED if too many keys of its
    // network led nowhere (reason LOOKUPS_LIMITED, with the time to wait) or wait to be looked up
    // (LOOKUPS_OVERLOADED).
    void Check(const Credentials& credentials, std::string_view scope, Done done);

    // Keys or tenants were changed: asks anew for every key that is believed, so that a revoked one
    // is refused from then on, and forgets the unknown ones. What cannot be asked for now stays as
    // it was, until it is too old. Blocks for the lookups.
    void Refresh();
    // Ends the lanes: keys that are not cached get no answer but RESOURCE_EXHAUSTED.
    void Stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace unibox::gateway
