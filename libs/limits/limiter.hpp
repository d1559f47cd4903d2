// The rates of a call: whether it may go on now. All limits of a call are one question to Redis
// (redis/gcra.hpp), so all processes of a service count together: all limits are charged, or none.
//
// Redis never decides whether calls are served. When it is away, answers an error or takes longer
// than redis_timeout_ms, this process counts alone, from full buckets (local_buckets.hpp), so that
// n processes allow up to n times the rate meanwhile. After kFailuresMax failures in a row it is
// asked only every retry_interval_ms, so that calls do not wait for it; the first answer ends that.
// The log tells of each outage once, and of its end.
//
// Metrics: unibox_limits_checks_total{by="redis"|"local"}, unibox_limits_refused_total{policy},
// unibox_limits_seconds, unibox_limits_local (1: this process counts alone).
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "limits/local_buckets.hpp"
#include "limits/settings.hpp"
#include "obs/metrics.hpp"
#include "redis/client.hpp"
#include "redis/gcra.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace unibox::limits {

struct Limit {
    std::string policy;  // As callers are told: "tenant". A few words, which are a metric's label.
    // Its key: "rl:{t:42}:…", or "rl:{n:192.0.2.0/24}:…"; all of one call with the same hash tag.
    // A burst that would take more than 30 days to fill is cut to that.
    redis::Bucket bucket;
};

struct Verdict {
    bool allowed = true;
    redis::Micros retry_after{0};  // Until the same call would be allowed; 0 when allowed.
    std::vector<Limit> limits;     // As asked.
    std::vector<redis::BucketState> states;  // Of each.
    bool is_local = false;                   // This process alone counted.
};

class Limiter {
public:
    using Done = std::function<void(const Verdict&)>;
    static constexpr int kFailuresMax = 5;

    // Client, clock and metrics must outlive the object, and the client must be stopped before it.
    Limiter(redis::Client& client, Settings settings, const Clock& clock, obs::Metrics& metrics);
    Limiter(const Limiter&) = delete;
    Limiter& operator=(const Limiter&) = delete;

    // Never blocks. `done` runs exactly once: on this thread, or on Redis' thread; it must neither
    // block nor throw. No limits at all: allowed. At most redis::kBucketsMax.
    void Take(std::vector<Limit> limits, Done done);

    // Whether this process counts alone, because Redis failed kFailuresMax times.
    bool is_away() const { return is_away_; }

private:
    struct Question;

    void Ask(const std::shared_ptr<Question>& question);
    void TakeHere(Question& question);
    void Finish(Question& question, redis::Decision decision, bool is_local);
    void Failed(const Status& failure);
    void Answered();
    void CountRefusal(const Verdict& verdict);

    redis::Gcra gcra_;
    const Settings settings_;
    const Clock& clock_;
    obs::Metrics& metrics_;
    LocalBuckets local_;
    obs::Counter& by_redis_;
    obs::Counter& by_local_;
    obs::Histogram& seconds_;
    obs::Gauge& local_gauge_;
    std::atomic<int> failure_count_{0};               // In a row.
    std::atomic<std::int64_t> ask_not_before_us_{0};  // Of the steady clock.
    std::atomic<bool> is_away_{false};
};

}  // namespace unibox::limits
