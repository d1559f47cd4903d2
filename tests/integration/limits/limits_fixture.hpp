// Processes that count limits together: limiters with a client each, of one Redis.
// Thread safety: one thread.
#pragma once

#include "limits/limiter.hpp"
#include "obs/metrics.hpp"
#include "redis/client.hpp"
#include "support/eventually.hpp"
#include "support/redis_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace unibox::test {

using namespace std::chrono_literals;

inline constexpr Millis kPatience{60'000};  // Where time is not the subject.

inline limits::Limit LimitOf(
    const std::string& policy, const std::string& key, double per_s, std::int64_t burst
) {
    return {policy, {.key = key, .rate_per_s = per_s, .burst = burst}};
}

// One that a test does not outlive: what was taken stays taken.
inline limits::Limit SlowLimit(std::int64_t burst) {
    return LimitOf("tenant", "rl:{t:1}:tenant", 0.001, burst);
}

class LimitProcess {
public:
    // Patient with a busy machine unless told otherwise.
    explicit LimitProcess(
        const std::string& url, std::int64_t redis_timeout_ms = 1'000, std::string mode = "single"
    ) {
        redis::Settings settings;
        settings.url = url;
        settings.mode = std::move(mode);
        settings.reconnect_first_ms = 10;
        settings.reconnect_ms_max = 100;
        settings.topology_interval_ms = 200;
        auto created = redis::Client::Create(settings, metrics_);
        REQUIRE_OK(created);
        client_ = std::move(created).value();
        limits::Settings counting;
        counting.redis_timeout_ms = redis_timeout_ms;
        counting.retry_interval_ms = 20;
        limiter_ = std::make_unique<limits::Limiter>(*client_, counting, SystemClock(), metrics_);
    }
    ~LimitProcess() { client_->Stop(); }
    LimitProcess(const LimitProcess&) = delete;
    LimitProcess& operator=(const LimitProcess&) = delete;

    std::future<limits::Verdict> Begin(std::vector<limits::Limit> limits) {
        const auto told = std::make_shared<std::promise<limits::Verdict>>();
        limiter_->Take(std::move(limits), [told](const limits::Verdict& verdict) {
            told->set_value(verdict);
        });
        return told->get_future();
    }
    limits::Verdict Take(std::vector<limits::Limit> limits) {
        return Begin(std::move(limits)).get();
    }

    // Until Redis counts, which takes from a limit that nobody else has.
    bool CountsInRedis() {
        return Eventually(kPatience, [&] {
            return !Take({LimitOf("probe", "rl:{t:1}:probe", 100'000, 1'000'000)}).is_local;
        });
    }
    limits::Limiter& limiter() { return *limiter_; }
    redis::Client& client() { return *client_; }
    double Checks(const char* by) {
        return metrics_.GetCounter("unibox_limits_checks_total", "", {{"by", by}}).Get();
    }

private:
    obs::Metrics metrics_;
    std::unique_ptr<redis::Client> client_;
    std::unique_ptr<limits::Limiter> limiter_;
};

}  // namespace unibox::test
