// Who is calling: from "Authorization: Bearer ubk_…" to a tenant and what the key may do.
//
// Keys are looked up by their SHA-256 and cached: found ones for known_ms_max, others for
// unknown_ms_max, both bounded in number. Many calls with the same key that is not in the cache
// make one lookup. While the directory is away (UNAVAILABLE, and a warning in the log), cached keys
// work until they are too old. Thread safety: every function from any thread. Check may block for
// one lookup.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "gateway/config.hpp"
#include "obs/metrics.hpp"
#include "store/directory.hpp"

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

class Authenticator {
public:
    // Finds a key by its hash: store::FindApiKey on a pool. NOT_FOUND = no such key; anything else
    // = try again later. Answers little later than the deadline.
    using Lookup =
        std::function<Result<store::ApiKeyInfo>(const std::string& key_hash, SteadyTime deadline)>;

    Authenticator(AuthnSettings settings, Lookup lookup, const Clock& clock, obs::Metrics& metrics);
    ~Authenticator();
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;

    // UNAUTHENTICATED, with the same text whether the key is absent, malformed, unknown, revoked,
    // expired or of a disabled tenant. PERMISSION_DENIED if the key lacks `scope`. UNAVAILABLE if
    // the key is not cached and cannot be looked up, DEADLINE_EXCEEDED if another call's lookup did
    // not end before `deadline`.
    Result<Principal> Check(
        std::string_view authorization, std::string_view scope, SteadyTime deadline
    );

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace unibox::gateway
