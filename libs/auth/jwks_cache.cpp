#include "auth/jwks_cache.hpp"

#include "obs/waiting_gauge.hpp"

#include <iterator>
#include <utility>

namespace unibox::auth {
namespace {

async::FairLimits LimitsOf(const JwksSettings& settings) {
    return {
        .thread_count = settings.fetch_thread_count,
        .backlog_thread_count = settings.fetch_thread_count,
        .waiting_max = settings.fetch_queue_count_max,
        .flow_waiting_max = settings.fetch_queue_count_max};
}

obs::Counter& FetchCounter(obs::Metrics& metrics, const char* outcome) {
    return metrics.GetCounter(
        "unibox_auth_jwks_fetches_total",
        "Key sets of issuers fetched, by how it ended",
        {{"outcome", outcome}}
    );
}

}  // namespace

JwksCache::JwksCache(JwksSettings settings, Fetch fetch, const Clock& clock, obs::Metrics& metrics)
    : settings_(settings),
      fetch_(std::move(fetch)),
      clock_(clock),
      outage_("the keys of an issuer cannot be fetched", clock),
      fetched_(FetchCounter(metrics, "ok")),
      failed_(FetchCounter(metrics, "failed")),
      threads_(
          "jwks",
          LimitsOf(settings),
          clock,
          obs::WaitingGauge(metrics, "unibox_auth_waiting", "jwks")
      ) {}

JwksCache::~JwksCache() {
    Stop();
}

void JwksCache::Stop() {
    stopping_ = true;
    threads_.Stop();
}

void JwksCache::Get(const std::string& url, async::Flow flow, const Token& token, Done done) {
    Result<KeySetPtr> answer;
    bool waits = false;
    bool begins = false;
    {
        const MutexLock lock(mutex_);
        Entry& entry = EntryOf(url);
        answer = BestOf(entry);
        const bool has_key = answer.ok() && !CandidatesOf(**answer, token).empty();
        const bool is_old =
            clock_.Steady() - entry.fetched_at >= Millis(settings_.refresh_interval_ms);
        begins = (!has_key || is_old) && MayFetch(entry);
        entry.fetching |= begins;
        waits = !has_key && entry.fetching;
        if (waits && entry.waiters.size() >= settings_.waiting_count_max) {
            waits = false;
            answer = ResourceExhausted("too many calls wait for the keys of the issuer")
                         .WithReason("LOOKUPS_OVERLOADED");
        }
        if (waits) entry.waiters.push_back(std::move(done));
    }
    if (begins) Begin(url, flow);
    if (!waits) done(answer);  // NOLINT(bugprone-use-after-move): moved only if it waits
}

JwksCache::Entry& JwksCache::EntryOf(const std::string& url) {
    const auto [at, is_new] = entries_.try_emplace(url);
    if (is_new) {
        order_.push_front(url);
        at->second.place = order_.begin();
        if (entries_.size() > settings_.url_count_max) DropOldest();
    } else {
        order_.splice(order_.begin(), order_, at->second.place);
    }
    return at->second;
}

// Not one that is waited for: there are fewer of them than may wait for the threads.
void JwksCache::DropOldest() {
    for (auto oldest = std::prev(order_.end()); oldest != order_.begin(); --oldest) {
        const auto at = entries_.find(*oldest);
        if (at->second.fetching) continue;
        order_.erase(oldest);
        entries_.erase(at);
        return;
    }
}

bool JwksCache::MayFetch(const Entry& entry) const {
    if (entry.fetching) return false;
    const std::int64_t interval_ms =
        entry.failing ? settings_.retry_interval_ms : settings_.unknown_key_interval_ms;
    return !entry.tried || clock_.Steady() - entry.tried_at >= Millis(interval_ms);
}

Result<KeySetPtr> JwksCache::BestOf(const Entry& entry) const {
    const bool is_usable = entry.keys != nullptr &&
                           clock_.Steady() - entry.fetched_at < Millis(settings_.stale_ms_max);
    if (is_usable) return entry.keys;
    return Unavailable("the keys of the token's issuer cannot be had now")
        .WithReason(kIssuerUnavailable)
        .WithRetryAfter(Millis(settings_.retry_interval_ms));
}

void JwksCache::Begin(const std::string& url, async::Flow flow) {
    threads_.Post(
        flow,
        {.run =
             [this, url] {
                 if (stopping_) return Settle(url, Unavailable("the service stops"));
                 const auto body = fetch_(url);
                 Settle(url, body.ok() ? ParseJwks(*body) : Result<KeySet>(body.status()));
             },
         .refuse = [this, url] { Settle(url, ResourceExhausted("too many fetches are waiting")); }}
    );
}

void JwksCache::Settle(const std::string& url, Result<KeySet> fetched) {
    (fetched.ok() ? fetched_ : failed_).Add();
    if (!fetched.ok()) outage_.Warn(Status(fetched.status()).WithContext(url));
    std::vector<Done> waiters;
    Result<KeySetPtr> answer;
    {
        const MutexLock lock(mutex_);
        Entry& entry = entries_.at(url);
        entry.fetching = false;
        entry.tried = true;
        entry.tried_at = clock_.Steady();
        entry.failing = !fetched.ok();
        if (fetched.ok()) {
            entry.keys = std::make_shared<const KeySet>(*std::move(fetched));
            entry.fetched_at = entry.tried_at;
        }
        answer = BestOf(entry);
        waiters.swap(entry.waiters);
    }
    for (const Done& done : waiters) done(answer);
}

}  // namespace unibox::auth
