#include "limits/limiter.hpp"

#include "redis/reasons.hpp"
#include "support/fake_clock.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <utility>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using limits::Limiter;
using limits::Verdict;
using redis::Reply;

namespace {

// Redis as the limiter sees it: keeps what was asked until the test answers.
class HeldRedis final : public redis::Client {
public:
    Status Send(redis::Command, Millis timeout, Done done) override {
        ++asked;
        last_timeout = timeout;
        if (is_away) return Unavailable("away").WithReason(redis::kNotConnected);
        held.push_back(std::move(done));
        return {};
    }
    bool connected() const override { return !is_away; }
    void Stop() override {}

    void Answer(Result<Reply> reply) {
        auto done = std::move(held.front());
        held.pop_front();
        done(std::move(reply));
    }

    bool is_away = false;
    int asked = 0;
    Millis last_timeout{0};
    std::deque<Done> held;
};

Reply Allowed(std::int64_t remaining) {
    return Reply::OfArray(
        {Reply::OfInteger(1),
         Reply::OfInteger(1),
         Reply::OfInteger(remaining),
         Reply::OfInteger(0),
         Reply::OfInteger(1'000)}
    );
}

Status Late() {
    return DeadlineExceeded("late").WithReason(redis::kNoAnswer);
}

struct Fixture {
    Verdict last;
    int done_count = 0;
    test::FakeClock clock;
    obs::Metrics metrics;
    HeldRedis redis;
    Limiter limiter{redis, {}, clock, metrics};

    void Take(std::int64_t burst = 2) {
        limiter.Take(
            {{"tenant", {.key = "rl:{t:1}:tenant", .rate_per_s = 1, .burst = burst}}},
            [this](const Verdict& verdict) {
                last = verdict;
                ++done_count;
            }
        );
    }
    double Local() { return metrics.GetGauge("unibox_limits_local", "").Get(); }
    double Refused() {
        return metrics.GetCounter("unibox_limits_refused_total", "", {{"policy", "tenant"}}).Get();
    }
};

}  // namespace

TEST_CASE("Limiter: Redis' answer is the verdict", "[unit][limits]") {
    Fixture f;
    f.Take();
    CHECK(f.done_count == 0);  // Nothing waits here.
    CHECK(f.redis.last_timeout == Millis(limits::Settings().redis_timeout_ms));
    f.redis.Answer(Allowed(1));
    REQUIRE(f.done_count == 1);
    CHECK(f.last.allowed);
    CHECK_FALSE(f.last.is_local);
    CHECK(f.last.states.at(0).remaining == 1);
    f.limiter.Take({}, [&](const Verdict& verdict) { f.last = verdict; });
    CHECK(f.last.allowed);
    CHECK(f.redis.asked == 1);  // No limits, no question.
}

TEST_CASE("Limiter: without Redis this process counts, and refuses too", "[unit][limits]") {
    Fixture f;
    f.redis.is_away = true;
    for (int i = 1; i <= 3; ++i) {
        f.Take();
        REQUIRE(f.done_count == i);  // At once.
        CHECK(f.last.is_local);
        CHECK(f.last.allowed == (i <= 2));
    }
    CHECK(f.last.retry_after == 1s);
    CHECK(f.Refused() == 1);
}

TEST_CASE("Limiter: an answer that is late or wrong is counted here", "[unit][limits]") {
    Fixture f;
    f.Take();
    f.redis.Answer(Late());
    CHECK(f.last.is_local);
    CHECK(f.last.allowed);
    f.Take();
    f.redis.Answer(Reply::OfText("nonsense"));
    CHECK(f.last.is_local);
    f.Take();
    f.redis.Answer(Status(Code::kResourceExhausted, "OOM").WithReason("OOM"));
    CHECK(f.last.is_local);
    CHECK_FALSE(f.last.allowed);  // The third of a burst of two.
    CHECK(f.done_count == 3);
}

TEST_CASE(
    "Limiter: calls do not wait for a Redis that fails; it comes back by itself", "[unit][limits]"
) {
    Fixture f;
    for (int i = 0; i < Limiter::kFailuresMax; ++i) {
        CHECK(f.Local() == 0);
        f.Take(1'000);
        f.redis.Answer(Late());
    }
    CHECK(f.limiter.is_away());
    CHECK(f.Local() == 1);
    const int asked = f.redis.asked;
    for (int i = 0; i < 10; ++i) f.Take(1'000);
    CHECK(f.redis.asked == asked);
    CHECK(f.done_count == Limiter::kFailuresMax + 10);  // All at once.

    f.clock.Advance(Millis(limits::Settings().retry_interval_ms));
    f.Take(1'000);
    CHECK(f.redis.asked == asked + 1);
    f.redis.Answer(Late());  // Not yet.
    f.Take(1'000);
    CHECK(f.redis.asked == asked + 1);

    f.clock.Advance(Millis(limits::Settings().retry_interval_ms));
    f.Take(1'000);
    f.redis.Answer(Allowed(5));
    CHECK_FALSE(f.last.is_local);
    CHECK_FALSE(f.limiter.is_away());
    CHECK(f.Local() == 0);
    f.Take(1'000);
    CHECK(f.redis.held.size() == 1);  // Asked again, each time.
    f.redis.Answer(Allowed(4));
}

TEST_CASE("Limiter: a burst that no bucket may have is cut, not an outage", "[unit][limits]") {
    Fixture f;
    f.Take(100'000'000);  // Years to fill.
    REQUIRE(f.redis.held.size() == 1);
    f.redis.Answer(Allowed(3));
    CHECK_FALSE(f.last.is_local);
}
