#include "limits/local_buckets.hpp"

#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using limits::LocalBuckets;
using redis::Bucket;

TEST_CASE("Local buckets: a burst at once, then evenly", "[unit][limits]") {
    test::FakeClock clock;
    LocalBuckets buckets(10, clock);
    const std::vector<Bucket> one = {{.key = "a", .rate_per_s = 2, .burst = 3}};
    for (int left = 2; left >= 0; --left) {
        const auto decision = buckets.Take(one);
        REQUIRE(decision.allowed);
        CHECK(decision.buckets[0].remaining == left);
        CHECK(decision.buckets[0].reset_after == (3 - left) * 500ms);
    }
    for (int i = 0; i < 2; ++i) {  // A refusal costs nothing.
        const auto refused = buckets.Take(one);
        CHECK_FALSE(refused.allowed);
        CHECK(refused.retry_after == 500ms);
        CHECK(refused.buckets[0].remaining == 0);
    }
    clock.Advance(499ms);
    CHECK_FALSE(buckets.Take(one).allowed);
    clock.Advance(1ms);
    CHECK(buckets.Take(one).allowed);
    CHECK_FALSE(buckets.Take(one).allowed);
    clock.Advance(1h);
    for (int i = 0; i < 3; ++i) CHECK(buckets.Take(one).allowed);
    CHECK_FALSE(buckets.Take(one).allowed);
}

TEST_CASE("Local buckets: all of a call are charged, or none", "[unit][limits]") {
    test::FakeClock clock;
    LocalBuckets buckets(10, clock);
    const Bucket wide{.key = "wide", .rate_per_s = 1, .burst = 5};
    const Bucket narrow{.key = "narrow", .rate_per_s = 1, .burst = 1};
    CHECK(buckets.Take({wide, narrow}).allowed);
    for (int i = 0; i < 3; ++i) {
        const auto refused = buckets.Take({wide, narrow});
        CHECK_FALSE(refused.allowed);
        CHECK(refused.buckets[0].allowed);
        CHECK_FALSE(refused.buckets[1].allowed);
        CHECK(refused.buckets[0].remaining == 4);
        CHECK(refused.retry_after == 1s);
    }
    CHECK(buckets.Take({wide}).buckets[0].remaining == 3);
}

TEST_CASE(
    "Local buckets: smaller limits than before close for one burst at most", "[unit][limits]"
) {
    test::FakeClock clock;
    LocalBuckets buckets(10, clock);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(buckets.Take({{.key = "a", .rate_per_s = 1, .burst = 100}}).allowed);
    }
    const auto refused = buckets.Take({{.key = "a", .rate_per_s = 1, .burst = 2}});
    CHECK_FALSE(refused.allowed);
    CHECK(refused.retry_after == 1s);
}

TEST_CASE(
    "Local buckets: no more than count_max; the oldest goes, the used stay", "[unit][limits]"
) {
    test::FakeClock clock;
    LocalBuckets buckets(3, clock);
    const auto take = [&](const std::string& key) {
        return buckets.Take({{.key = key, .rate_per_s = 0.001, .burst = 1}}).allowed;
    };
    REQUIRE(take("old"));
    REQUIRE(take("used"));
    for (int i = 0; i < 100; ++i) {
        CHECK(take("k" + std::to_string(i)));
        CHECK_FALSE(take("used"));  // Remembered, since it is asked for.
        CHECK(buckets.count() <= 3);
    }
    CHECK(take("old"));  // Forgotten.
}

TEST_CASE("Local buckets: never more than burst + rate·t in any time t", "[unit][limits]") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    test::FakeClock clock;
    LocalBuckets buckets(10, clock);
    const Bucket bucket{.key = "a", .rate_per_s = 30, .burst = 7};
    std::vector<std::int64_t> allowed_at_ms;
    std::int64_t now_ms = 0;
    for (int i = 0; i < 3'000; ++i) {
        const auto pause = static_cast<std::int64_t>(random() % 40);
        clock.Advance(Millis(pause));
        now_ms += pause;
        if (buckets.Take({bucket}).allowed) allowed_at_ms.push_back(now_ms);
    }
    REQUIRE(allowed_at_ms.size() > 1'000);
    for (std::size_t first = 0; first < allowed_at_ms.size(); first += 17) {
        for (std::size_t last = first; last < allowed_at_ms.size(); last += 13) {
            const auto count = static_cast<double>(last - first + 1);
            const auto spent_ms = static_cast<double>(allowed_at_ms[last] - allowed_at_ms[first]);
            REQUIRE(count <= 7 + 30 * spent_ms / 1'000 + 1e-3);
        }
    }
}
