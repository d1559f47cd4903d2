// The key sets of issuers, fetched from their URLs and kept.
//
// A set that is older than refresh_interval_ms is fetched anew behind the answers; a key that it
// does not have makes the caller wait for a new set, but a URL is fetched once in
// unknown_key_interval_ms for that at most, so tokens with made up key ids cost nobody anything.
// While the issuer is away, or answers nonsense, the set from before is served until it is
// stale_ms_max old. A set without keys is believed: that is how an issuer revokes them.
//
// Fetching blocks threads of the cache's own, in which the flows (tenants) have their turns; one
// fetch of a URL at a time. Bounded: url_count_max sets, the one that was used longest ago goes.
// Metrics: unibox_auth_jwks_fetches_total{outcome}, unibox_auth_waiting{lane="jwks"}.
// Thread safety: every function from any thread.
#pragma once

#include "async/fair_pool.hpp"
#include "auth/jwk.hpp"
#include "auth/jws.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "obs/outage_log.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace unibox::auth {

inline constexpr const char* kIssuerUnavailable = "ISSUER_UNAVAILABLE";

struct JwksSettings {
    std::int64_t refresh_interval_ms = 600'000;
    std::int64_t unknown_key_interval_ms = 10'000;
    std::int64_t retry_interval_ms = 5'000;  // After a fetch that failed.
    std::int64_t stale_ms_max = 24LL * 3600 * 1000;
    std::size_t url_count_max = 10'000;
    std::size_t waiting_count_max = 1'000;  // Callers of one URL.
    std::size_t fetch_thread_count = 4;
    std::size_t fetch_queue_count_max = 4'096;
};

class JwksCache {
public:
    // Blocks, for a few seconds at most; the body of a 200, else an error.
    using Fetch = std::function<Result<std::string>(const std::string& url)>;
    using Done = std::function<void(const Result<KeySetPtr>&)>;

    // Clock and metrics must outlive the object.
    JwksCache(JwksSettings settings, Fetch fetch, const Clock& clock, obs::Metrics& metrics);
    // Stop().
    ~JwksCache();
    JwksCache(const JwksCache&) = delete;
    JwksCache& operator=(const JwksCache&) = delete;

    // The set in which the token's key stands, or the newest there is if it has none such. Calls
    // `done` once: at once, on this thread, if no fetch is waited for. UNAVAILABLE, reason
    // ISSUER_UNAVAILABLE: there is no set that is young enough. RESOURCE_EXHAUSTED: too much waits.
    void Get(const std::string& url, async::Flow flow, const Token& token, Done done);
    // Waits for the fetches that run; those that wait are given up.
    void Stop();

private:
    struct Entry {
        KeySetPtr keys;  // Null: never fetched.
        SteadyTime fetched_at{};
        SteadyTime tried_at{};
        bool tried = false;
        bool fetching = false;
        bool failing = false;
        std::vector<Done> waiters;
        std::list<std::string>::iterator place;
    };

    Entry& EntryOf(const std::string& url) UNIBOX_REQUIRES(mutex_);
    void DropOldest() UNIBOX_REQUIRES(mutex_);
    bool MayFetch(const Entry& entry) const UNIBOX_REQUIRES(mutex_);
    void Begin(const std::string& url, async::Flow flow);
    void Settle(const std::string& url, Result<KeySet> fetched);
    Result<KeySetPtr> BestOf(const Entry& entry) const UNIBOX_REQUIRES(mutex_);

    const JwksSettings settings_;
    const Fetch fetch_;
    const Clock& clock_;
    obs::OutageLog outage_;
    obs::Counter& fetched_;
    obs::Counter& failed_;
    std::atomic<bool> stopping_{false};
    mutable Mutex mutex_;
    std::unordered_map<std::string, Entry> entries_ UNIBOX_GUARDED_BY(mutex_);
    std::list<std::string> order_ UNIBOX_GUARDED_BY(mutex_);  // The latest used first.
    async::FairPool threads_;                                 // They use all of the above.
};

}  // namespace unibox::auth
