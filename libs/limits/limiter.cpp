#include "limits/limiter.hpp"

#include "base/assert.hpp"
#include "obs/log.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace unibox::limits {
namespace {

constexpr double kFillSecondsMax = 30.0 * 86'400;  // As redis::Bucket demands.

std::int64_t MicrosOf(SteadyTime time) {
    return std::chrono::duration_cast<redis::Micros>(time.time_since_epoch()).count();
}

// 50 µs to 50 ms.
std::vector<double> Bounds() {
    return {0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05};
}

obs::Counter& Checks(obs::Metrics& metrics, const char* by) {
    return metrics.GetCounter(
        "unibox_limits_checks_total", "Calls whose limits were counted, by where", {{"by", by}}
    );
}

}  // namespace

struct Limiter::Question {
    Verdict verdict;
    std::vector<redis::Bucket> buckets;
    Done done;
    SteadyTime begun;
};

Limiter::Limiter(
    redis::Client& client, Settings settings, const Clock& clock, obs::Metrics& metrics
)
    : gcra_(client),
      settings_(settings),
      clock_(clock),
      metrics_(metrics),
      local_(settings.local_count_max, clock),
      by_redis_(Checks(metrics, "redis")),
      by_local_(Checks(metrics, "local")),
      seconds_(metrics.GetHistogram(
          "unibox_limits_seconds", "How long a call waited for its limits to be counted", Bounds()
      )),
      local_gauge_(metrics.GetGauge(
          "unibox_limits_local", "1 while this process counts limits alone, without Redis"
      )) {}

void Limiter::Take(std::vector<Limit> limits, Done done) {
    UNIBOX_ASSERT(limits.size() <= redis::kBucketsMax);
    if (limits.empty()) return done(Verdict());
    const auto question = std::make_shared<Question>();
    question->begun = clock_.Steady();
    question->done = std::move(done);
    for (const Limit& limit : limits) {
        redis::Bucket bucket = limit.bucket;
        const double burst_max = std::max(bucket.rate_per_s * kFillSecondsMax, 1.0);
        bucket.burst = std::min(bucket.burst, static_cast<std::int64_t>(burst_max));
        question->buckets.push_back(std::move(bucket));
    }
    question->verdict.limits = std::move(limits);
    const bool is_shunned =
        failure_count_ >= kFailuresMax && MicrosOf(question->begun) < ask_not_before_us_;
    if (is_shunned) return TakeHere(*question);
    Ask(question);
}

void Limiter::Ask(const std::shared_ptr<Question>& question) {
    const Status sent = gcra_.Take(
        question->buckets,
        Millis(settings_.redis_timeout_ms),
        [this, question](Result<redis::Decision> decision) {
            if (decision.ok()) {
                Answered();
                return Finish(*question, *std::move(decision), false);
            }
            Failed(decision.status());
            TakeHere(*question);
        }
    );
    if (sent.ok()) return;
    Failed(sent);
    TakeHere(*question);
}

void Limiter::TakeHere(Question& question) {
    Finish(question, local_.Take(question.buckets), true);
}

void Limiter::Finish(Question& question, redis::Decision decision, bool is_local) {
    Verdict& verdict = question.verdict;
    verdict.allowed = decision.allowed;
    verdict.retry_after = decision.retry_after;
    verdict.states = std::move(decision.buckets);
    verdict.is_local = is_local;
    (is_local ? by_local_ : by_redis_).Add();
    seconds_.Observe(std::chrono::duration<double>(clock_.Steady() - question.begun).count());
    if (!verdict.allowed) CountRefusal(verdict);
    question.done(verdict);
}

void Limiter::CountRefusal(const Verdict& verdict) {
    for (std::size_t i = 0; i < verdict.limits.size(); ++i) {
        if (verdict.states[i].allowed) continue;
        metrics_
            .GetCounter(
                "unibox_limits_refused_total",
                "Calls refused because of their rate, by the limit",
                {{"policy", verdict.limits[i].policy}}
            )
            .Add();
    }
}

void Limiter::Failed(const Status& failure) {
    ask_not_before_us_ = MicrosOf(clock_.Steady()) + settings_.retry_interval_ms * 1'000;
    if (++failure_count_ < kFailuresMax || is_away_.exchange(true)) return;
    local_gauge_.Set(1);
    obs::Log(
        obs::Level::kWarn,
        "limits are counted by this process alone: redis fails",
        {{"error", failure}}
    );
}

void Limiter::Answered() {
    failure_count_ = 0;
    if (!is_away_ || !is_away_.exchange(false)) return;
    local_gauge_.Set(0);
    obs::Log(obs::Level::kInfo, "limits are counted in redis again", {});
}

}  // namespace unibox::limits
