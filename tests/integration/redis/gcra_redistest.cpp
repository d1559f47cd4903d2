#include "redis/gcra.hpp"
#include "redis_fixture.hpp"

#include <atomic>
#include <cmath>
#include <random>
#include <thread>

namespace unibox::test {
namespace {

using redis::Bucket;
using redis::Decision;
using redis::Gcra;
using redis::Micros;

Decision TakeOk(Gcra& gcra, const std::vector<Bucket>& buckets) {
    auto decision = gcra.Take(buckets, kPatience);
    REQUIRE_OK(decision);
    return std::move(decision).value();
}

Micros Since(SteadyTime start) {
    return std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now() - start);
}

TEST_CASE("Gcra: a burst at once, then nothing until there is room again", "[redis]") {
    RedisFixture redis;
    Gcra gcra(*redis.client);
    const std::vector<Bucket> bucket = {{.key = "rl:{t:1}:a", .rate_per_s = 0.01, .burst = 3}};
    for (int left = 2; left >= 0; --left) {
        const Decision decision = TakeOk(gcra, bucket);
        CHECK(decision.allowed);
        CHECK(decision.retry_after == Micros(0));
        REQUIRE(decision.buckets.size() == 1);
        CHECK(decision.buckets[0].remaining == left);
        CHECK(decision.buckets[0].reset_after <= (3 - left) * 100s);
        CHECK(decision.buckets[0].reset_after > (3 - left) * 100s - 50s);
    }
    for (int i = 0; i < 2; ++i) {  // A refusal costs nothing.
        const Decision refused = TakeOk(gcra, bucket);
        CHECK_FALSE(refused.allowed);
        CHECK(refused.retry_after > 50s);
        CHECK(refused.retry_after <= 100s);
        CHECK(refused.buckets[0].remaining == 0);
    }
    // The key lives as long as the bucket is not full.
    const std::int64_t left_ms = IntegerOf(redis.Call(Command("PTTL").Key("rl:{t:1}:a")));
    CHECK(left_ms > 250'000);
    CHECK(left_ms <= 300'000);
    CHECK(redis.server.Cli({"FLUSHALL"}) == "OK");
    CHECK(TakeOk(gcra, bucket).allowed);
}

TEST_CASE(
    "Gcra: what was told to come back is allowed then, and a full bucket is gone", "[redis]"
) {
    RedisFixture redis;
    Gcra gcra(*redis.client);
    const std::vector<Bucket> bucket = {{.key = "k", .rate_per_s = 5, .burst = 1}};
    REQUIRE(TakeOk(gcra, bucket).allowed);
    const auto start = std::chrono::steady_clock::now();
    Micros told{0};
    REQUIRE(Eventually(kPatience, [&] {
        const Decision decision = TakeOk(gcra, bucket);
        if (told == Micros(0)) told = decision.retry_after;
        return decision.allowed;
    }));
    CHECK(Since(start) >= told);
    CHECK(told <= 200ms);
    REQUIRE(Eventually(kPatience, [&] {
        return IntegerOf(redis.Call(Command("EXISTS").Key("k"))) == 0;
    }));
}

// The time is Redis' own. What it tells of a bucket after one call bounds what it may tell in the
// next one, by the time that has passed between the calls, which is known within bounds.
TEST_CASE("Gcra: agrees with the model over random calls", "[redis]") {
    RedisFixture redis;
    Gcra gcra(*redis.client);
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    for (const auto& [rate, burst] :
         {std::pair{100.0, 5}, std::pair{3'000.0, 40}, std::pair{7.0, 3}, std::pair{0.5, 10}}) {
        const double step = 1e6 / rate;
        const double depth = step * burst;
        double debt_max = 0;  // Of the bucket when the call before was answered, at most, at least.
        double debt_min = 0;
        auto before = std::chrono::steady_clock::now();
        const std::string key = "model:" + std::to_string(rate);
        for (int i = 0; i < 400; ++i) {
            const std::int64_t cost =
                static_cast<std::int64_t>(random() % (static_cast<unsigned>(burst) + 1U));
            const auto sent = std::chrono::steady_clock::now();
            const Decision decision =
                TakeOk(gcra, {{.key = key, .rate_per_s = rate, .burst = burst, .cost = cost}});
            const double passed_max = static_cast<double>(Since(before).count()) + 1;
            before = sent;
            const double low = std::max(debt_min - passed_max, 0.0);
            const double charge = step * static_cast<double>(cost);
            constexpr double kRounding = 2;  // µs
            const auto& bucket = decision.buckets[0];
            const auto reset = static_cast<double>(bucket.reset_after.count());
            if (low + charge > depth + kRounding) CHECK_FALSE(decision.allowed);
            if (debt_max + charge < depth - kRounding) CHECK(decision.allowed);
            const double debt = decision.allowed ? reset - charge : reset;
            CHECK(debt >= low - kRounding);
            CHECK(debt <= debt_max + kRounding);
            CHECK(reset <= depth + kRounding);
            CHECK(std::abs(static_cast<double>(bucket.remaining) - (depth - reset) / step) < 1.01);
            const auto retry = static_cast<double>(bucket.retry_after.count());
            if (!decision.allowed) CHECK(std::abs(retry - (debt + charge - depth)) <= kRounding);
            if (decision.allowed) CHECK(retry == 0);
            debt_min = debt_max = reset;
        }
    }
}

TEST_CASE("Gcra: however many ask at once, never more than burst and rate", "[redis]") {
    RedisFixture redis;
    constexpr double kRate = 200;
    constexpr int kBurst = 50;
    std::atomic<int> allowed{0};
    std::atomic<int> failed{0};
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&, t] {
            obs::Metrics metrics;
            const auto client = redis::Client::Create(redis.settings, metrics).value();
            Gcra gcra(t % 2 == 0 ? *redis.client : *client);  // Several processes, as it were.
            if (!Eventually(kPatience, [&] { return client->connected(); })) ++failed;
            for (int i = 0; i < 500; ++i) {
                const auto decision =
                    gcra.Take({{.key = "k", .rate_per_s = kRate, .burst = kBurst}}, kPatience);
                if (!decision.ok()) ++failed;
                if (decision.ok() && decision->allowed) ++allowed;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    const double seconds = static_cast<double>(Since(start).count()) / 1e6;
    CHECK(failed == 0);
    CHECK(allowed >= kBurst);
    CHECK(allowed <= kBurst + std::ceil(kRate * seconds));
}

TEST_CASE("Gcra: several buckets are charged together, or none is", "[redis]") {
    RedisFixture redis;
    Gcra gcra(*redis.client);
    const Bucket tight{.key = "rl:{t:42}:key:7", .rate_per_s = 0.01, .burst = 2};
    const Bucket wide{.key = "rl:{t:42}:all", .rate_per_s = 0.01, .burst = 100};
    const Bucket dear{.key = "rl:{t:42}:class", .rate_per_s = 0.01, .burst = 10, .cost = 4};
    for (int i = 1; i <= 2; ++i) {
        const Decision decision = TakeOk(gcra, {tight, wide, dear});
        CHECK(decision.allowed);
        REQUIRE(decision.buckets.size() == 3);
        CHECK(decision.buckets[0].remaining == 2 - i);
        CHECK(decision.buckets[1].remaining == 100 - i);
        CHECK(decision.buckets[2].remaining == 10 - 4 * i);
    }
    for (int i = 0; i < 3; ++i) {
        const Decision refused = TakeOk(gcra, {tight, wide, dear});
        CHECK_FALSE(refused.allowed);
        CHECK_FALSE(refused.buckets[0].allowed);
        CHECK(refused.buckets[1].allowed);
        CHECK(refused.buckets[1].remaining == 98);
        CHECK_FALSE(refused.buckets[2].allowed);
        CHECK(refused.buckets[2].remaining == 2);
        // Two more of the dear one take longer than one more of the tight one.
        CHECK(refused.retry_after == refused.buckets[2].retry_after);
        CHECK(refused.retry_after > refused.buckets[0].retry_after);
    }
    Bucket look = wide;
    look.cost = 0;
    CHECK(TakeOk(gcra, {look}).buckets[0].remaining == 98);
    const auto apart = gcra.Take({tight, {.key = "rl:{t:43}:all"}}, kPatience);
    CHECK(apart.status().reason() == redis::kCrossSlot);
}

TEST_CASE(
    "Gcra: a time from another clock, or of other limits, does not close a bucket", "[redis]"
) {
    RedisFixture redis;
    Gcra gcra(*redis.client);
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg("9000000000000000")));
    const std::vector<Bucket> bucket = {{.key = "k", .rate_per_s = 20, .burst = 2}};
    const Decision refused = TakeOk(gcra, bucket);
    CHECK_FALSE(refused.allowed);
    CHECK(refused.retry_after <= 50ms);
    CHECK(Eventually(kPatience, [&] { return TakeOk(gcra, bucket).allowed; }));
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg("no number")));
    CHECK(TakeOk(gcra, bucket).allowed);
    REQUIRE_OK(redis.Call(Command("DEL").Key("k")));
    REQUIRE_OK(redis.Call(Command("RPUSH").Key("k").Arg("no text")));
    CHECK(gcra.Take(bucket, kPatience).status().reason() == "WRONGTYPE");
    CHECK(redis.server.Cli({"FLUSHALL"}) == "OK");
    CHECK(TakeOk(gcra, bucket).allowed);
}

TEST_CASE("Gcra: what makes no sense names its field", "[redis]") {
    RedisFixture redis;
    Gcra gcra(*redis.client);
    const auto field = [&](const Bucket& bucket) {
        return gcra.Take({bucket}, kPatience).status().field();
    };
    CHECK(field({.key = ""}) == "key");
    CHECK(field({.key = "k", .rate_per_s = 0}) == "rate_per_s");
    CHECK(field({.key = "k", .rate_per_s = -1}) == "rate_per_s");
    CHECK(field({.key = "k", .rate_per_s = std::nan("")}) == "rate_per_s");
    CHECK(field({.key = "k", .rate_per_s = 1'000'001}) == "rate_per_s");
    CHECK(field({.key = "k", .burst = 0}) == "burst");
    CHECK(field({.key = "k", .rate_per_s = 0.001, .burst = 2'593}) == "burst");
    CHECK(field({.key = "k", .cost = -1}) == "cost");
    CHECK(field({.key = "k", .burst = 5, .cost = 6}) == "cost");
    CHECK(gcra.Take({}, kPatience).status().field() == "buckets");
    CHECK(
        gcra.Take(std::vector<Bucket>(17, {.key = "k"}), kPatience).status().field() == "buckets"
    );
    Answers unused;
    std::atomic<int> told{0};
    REQUIRE_OK(gcra.Take({{.key = "k"}}, kPatience, [&](const Result<Decision>& decision) {
        if (decision.ok() && decision->allowed) ++told;
    }));
    CHECK(Eventually(kPatience, [&] { return told == 1; }));
}

}  // namespace
}  // namespace unibox::test
