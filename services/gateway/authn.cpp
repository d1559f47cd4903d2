#include "gateway/authn.hpp"

#include "base/mutex.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "gateway/outage_log.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::string_view kScheme = "bearer ";

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

// Entries by key hash that live for a while, at most so many; the oldest leaves first.
template <typename T>
class AgingMap {
public:
    explicit AgingMap(std::size_t count_max) : count_max_(count_max) {}

    const T* Find(const std::string& hash, SteadyTime now) const {
        const auto found = entries_.find(hash);
        return found != entries_.end() && now < found->second.until ? &found->second.value
                                                                    : nullptr;
    }
    void Put(const std::string& hash, T value, SteadyTime until) {
        const auto [entry, is_new] =
            entries_.insert_or_assign(hash, Entry{std::move(value), until});
        static_cast<void>(entry);
        if (is_new) order_.push_back(hash);
        while (order_.size() > count_max_) {
            entries_.erase(order_.front());
            order_.pop_front();
        }
    }

private:
    struct Entry {
        T value;
        SteadyTime until;
    };
    const std::size_t count_max_;
    std::unordered_map<std::string, Entry> entries_;
    std::deque<std::string> order_;  // Every hash of entries_ once, by first arrival.
};

// One lookup that several calls wait for.
struct Flight {
    std::optional<Result<store::ApiKeyInfo>> result;
};

struct Nothing {};

}  // namespace

struct Authenticator::State {
    State(AuthnSettings given, Lookup given_lookup, const Clock& given_clock, obs::Metrics& metrics)
        : settings(given),
          lookup(std::move(given_lookup)),
          clock(given_clock),
          known(static_cast<std::size_t>(given.known_count_max)),
          unknown(static_cast<std::size_t>(given.unknown_count_max)),
          hits(Lookups(metrics, "cached")),
          lookups(Lookups(metrics, "looked_up")),
          failures(Lookups(metrics, "failed")),
          outage("API keys cannot be looked up", given_clock) {}

    static obs::Counter& Lookups(obs::Metrics& metrics, const char* outcome) {
        return metrics.GetCounter(
            "unibox_gateway_api_keys_total", "API keys checked, by how", {{"outcome", outcome}}
        );
    }

    Result<store::ApiKeyInfo> Find(const std::string& hash, SteadyTime deadline);
    // From the cache; nothing if it must be looked up.
    std::optional<Result<store::ApiKeyInfo>> Cached(const std::string& hash) UNIBOX_REQUIRES(mutex);
    Result<store::ApiKeyInfo> WaitFor(const Flight& flight, SteadyTime deadline)
        UNIBOX_REQUIRES(mutex);
    Result<store::ApiKeyInfo> LookUp(const std::string& hash, SteadyTime deadline, Flight& flight);
    void Keep(const std::string& hash, const Result<store::ApiKeyInfo>& found)
        UNIBOX_REQUIRES(mutex);

    const AuthnSettings settings;
    const Lookup lookup;
    const Clock& clock;
    Mutex mutex;
    std::condition_variable_any landed;
    AgingMap<store::ApiKeyInfo> known UNIBOX_GUARDED_BY(mutex);
    AgingMap<Nothing> unknown UNIBOX_GUARDED_BY(mutex);
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights UNIBOX_GUARDED_BY(mutex);
    obs::Counter& hits;
    obs::Counter& lookups;
    obs::Counter& failures;
    OutageLog outage;
};

std::optional<Result<store::ApiKeyInfo>> Authenticator::State::Cached(const std::string& hash) {
    const SteadyTime now = clock.Steady();
    if (const auto* info = known.Find(hash, now)) return Result<store::ApiKeyInfo>(*info);
    if (unknown.Find(hash, now) == nullptr) return {};
    return Result<store::ApiKeyInfo>(NotFound("unknown key"));
}

Result<store::ApiKeyInfo> Authenticator::State::Find(const std::string& hash, SteadyTime deadline) {
    const auto flight = std::make_shared<Flight>();
    {
        const MutexLock lock(mutex);
        if (auto cached = Cached(hash)) {
            hits.Add();
            return *std::move(cached);
        }
        const auto [entry, is_first] = flights.emplace(hash, flight);
        if (!is_first) {
            const auto running = entry->second;  // Lives on when its entry is erased.
            return WaitFor(*running, deadline);
        }
    }
    return LookUp(hash, deadline, *flight);
}

Result<store::ApiKeyInfo> Authenticator::State::LookUp(
    const std::string& hash, SteadyTime deadline, Flight& flight
) {
    lookups.Add();
    Result<store::ApiKeyInfo> found = lookup(hash, deadline);
    if (!found.ok() && found.status().code() != Code::kNotFound) {
        failures.Add();
        outage.Warn(found.status());
        found = Unavailable("API keys cannot be checked now").WithReason("DIRECTORY_UNAVAILABLE");
    }
    {
        const MutexLock lock(mutex);
        Keep(hash, found);
        flight.result = found;
        flights.erase(hash);
    }
    landed.notify_all();
    return found;
}

Result<store::ApiKeyInfo> Authenticator::State::WaitFor(const Flight& flight, SteadyTime deadline) {
    while (!flight.result) {
        if (landed.wait_until(mutex, deadline) == std::cv_status::timeout && !flight.result) {
            return DeadlineExceeded("the API key could not be looked up in time")
                .WithReason("DEADLINE_EXCEEDED");
        }
    }
    return *flight.result;
}

void Authenticator::State::Keep(const std::string& hash, const Result<store::ApiKeyInfo>& found) {
    const SteadyTime now = clock.Steady();
    if (found.ok()) {
        known.Put(hash, *found, now + Millis(settings.known_ms_max));
    } else if (found.status().code() == Code::kNotFound) {
        unknown.Put(hash, {}, now + Millis(settings.unknown_ms_max));
    }
}

Authenticator::Authenticator(
    AuthnSettings settings, Lookup lookup, const Clock& clock, obs::Metrics& metrics
)
    : state_(std::make_unique<State>(settings, std::move(lookup), clock, metrics)) {}
Authenticator::~Authenticator() = default;

Result<Principal> Authenticator::Check(
    std::string_view authorization, std::string_view scope, SteadyTime deadline
) {
    const auto key = KeyOf(authorization);
    if (!key) return Refused();
    const auto found = state_->Find(crypto::Sha256(*key), deadline);
    if (!found.ok()) {
        return found.status().code() == Code::kNotFound ? Refused() : found.status();
    }
    const store::ApiKeyInfo& info = *found;
    const bool expired = info.expired || state_->clock.UnixMillis() >= info.expires_at_ms;
    if (info.revoked || expired || info.tenant_disabled) return Refused();
    if (std::find(info.scopes.begin(), info.scopes.end(), scope) == info.scopes.end()) {
        return Status(Code::kPermissionDenied, "the API key lacks the scope " + std::string(scope))
            .WithReason("SCOPE_MISSING");
    }
    return Principal{info.tenant, info.key_id};
}

}  // namespace unibox::gateway
