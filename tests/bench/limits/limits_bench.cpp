// What it costs to count a call's three limits: limits::Limiter beside a bare EVALSHA of the same
// script by hiredis, in turn against one private redis-server; and by this process alone, while
// Redis is away. One call after the other, and 32 at once. Prints a table; ratios are medians.
//   limits_bench [calls] [rounds]
#include "base/assert.hpp"
#include "base/clock.hpp"
#include "bench/common/cpu_seconds.hpp"
#include "bench/common/medians.hpp"
#include "limits/limiter.hpp"
#include "obs/metrics.hpp"
#include "redis/client.hpp"
#include "redis/gcra.hpp"
#include "support/eventually.hpp"
#include "support/redis_server.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

using namespace unibox;

namespace {

constexpr int kTenantCount = 1'000;
constexpr int kWindowMax = 32;
constexpr const char* kPolicies[] = {"key", "tenant", "read"};

struct Sample {
    double wall_us = 0;  // Of one call.
    double cpu_us = 0;   // Of this process, all threads.
};

std::string KeyOf(int call, const char* policy) {
    return "rl:{t:" + std::to_string(call % kTenantCount) + "}:" + policy;
}

// Rates that refuse nothing here.
std::vector<limits::Limit> LimitsOf(int call) {
    std::vector<limits::Limit> limits;
    for (const char* policy : kPolicies) {
        redis::Bucket bucket;
        bucket.key = KeyOf(call, policy);
        bucket.rate_per_s = 100'000;
        bucket.burst = 1'000'000;
        limits.push_back({policy, std::move(bucket)});
    }
    return limits;
}

Sample Measure(int call_count, const std::function<void()>& calls) {
    const double cpu = bench::OwnCpuSeconds();
    const auto begun = std::chrono::steady_clock::now();
    calls();
    const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - begun;
    const double cpu_us = (bench::OwnCpuSeconds() - cpu) * 1e6;
    return {wall.count() / call_count, cpu_us / call_count};
}

// A connection that does nothing but send the script's SHA with its arguments and read the answer.
class Bare {
public:
    explicit Bare(int port) : context_(redisConnect("127.0.0.1", port)) {
        UNIBOX_ASSERT(context_ && context_->err == 0);
        const std::string& source = redis::TakeScript().source();
        const char* argv[] = {"SCRIPT", "LOAD", source.c_str()};
        const std::size_t lengths[] = {6, 4, source.size()};
        Free(redisCommandArgv(context_.get(), 3, argv, lengths));
    }
    void Calls(int count, int window) {
        int answered = 0;
        for (int sent = 0; answered < count;) {
            for (; sent < count && sent - answered < window; ++sent) Append(sent);
            // All that are under way, so that they are written together.
            for (const int until = sent; answered < until; ++answered) {
                void* reply = nullptr;
                UNIBOX_ASSERT(redisGetReply(context_.get(), &reply) == REDIS_OK);
                Free(reply);
            }
        }
    }

private:
    struct Close {
        void operator()(redisContext* context) const { redisFree(context); }
    };
    static void Free(void* reply) {
        UNIBOX_ASSERT(
            reply != nullptr && static_cast<redisReply*>(reply)->type != REDIS_REPLY_ERROR
        );
        freeReplyObject(reply);
    }
    void Append(int call) {
        std::vector<std::string> parts = {"EVALSHA", redis::TakeScript().sha(), "3"};
        for (const char* policy : kPolicies) parts.push_back(KeyOf(call, policy));
        for (int i = 0; i < 3; ++i) {
            for (const char* argument : {"10.000000", "1000000", "1"}) parts.emplace_back(argument);
        }
        std::vector<const char*> argv;
        std::vector<std::size_t> lengths;
        for (const std::string& part : parts) {
            argv.push_back(part.data());
            lengths.push_back(part.size());
        }
        redisAppendCommandArgv(
            context_.get(), static_cast<int>(argv.size()), argv.data(), lengths.data()
        );
    }

    std::unique_ptr<redisContext, Close> context_;
};

class Ours {
public:
    explicit Ours(const std::string& url) {
        redis::Settings settings;
        settings.url = url;
        auto client = redis::Client::Create(settings, metrics_);
        UNIBOX_ASSERT(client.ok());
        client_ = std::move(client).value();
        limits::Settings counting;
        counting.redis_timeout_ms = 1'000;
        limiter_ = std::make_unique<limits::Limiter>(*client_, counting, SystemClock(), metrics_);
    }
    ~Ours() { client_->Stop(); }
    Ours(const Ours&) = delete;
    Ours& operator=(const Ours&) = delete;

    bool WaitForRedis() {
        return test::Eventually(std::chrono::seconds(20), [&] { return client_->connected(); });
    }
    void Calls(int count, int window) {
        std::counting_semaphore<kWindowMax> room(window);
        for (int call = 0; call < count; ++call) {
            room.acquire();
            limiter_->Take(LimitsOf(call), [&room](const limits::Verdict& verdict) {
                UNIBOX_ASSERT(verdict.allowed);
                room.release();
            });
        }
        for (int i = 0; i < window; ++i) room.acquire();
    }
    double Local() {
        return metrics_.GetCounter("unibox_limits_checks_total", "", {{"by", "local"}}).Get();
    }

private:
    obs::Metrics metrics_;
    std::unique_ptr<redis::Client> client_;
    std::unique_ptr<limits::Limiter> limiter_;
};

void Compare(Bare& bare, Ours& ours, Ours& away, int call_count, int round_count, int window) {
    std::vector<double> bare_us, ours_us, away_us, wall_ratios, cpu_ratios, bare_cpu, ours_cpu;
    for (int round = 0; round < round_count; ++round) {
        const Sample floor = Measure(call_count, [&] { bare.Calls(call_count, window); });
        const Sample own = Measure(call_count, [&] { ours.Calls(call_count, window); });
        const Sample local = Measure(call_count, [&] { away.Calls(call_count, window); });
        bare_us.push_back(floor.wall_us);
        ours_us.push_back(own.wall_us);
        away_us.push_back(local.wall_us);
        bare_cpu.push_back(floor.cpu_us);
        ours_cpu.push_back(own.cpu_us);
        wall_ratios.push_back(own.wall_us / floor.wall_us);
        cpu_ratios.push_back(own.cpu_us / floor.cpu_us);
    }
    std::printf(
        "%3d at once   EVALSHA %6.1f us (cpu %5.1f)   limiter %6.1f us (cpu %5.1f)   ratio %.2f "
        "(cpu %.2f)   redis away %5.2f us\n",
        window,
        bench::Median(bare_us),
        bench::Median(bare_cpu),
        bench::Median(ours_us),
        bench::Median(ours_cpu),
        bench::Median(wall_ratios),
        bench::Median(cpu_ratios),
        bench::Median(away_us)
    );
}

}  // namespace

int main(int argc, char** argv) {
    const int call_count = argc > 1 ? std::atoi(argv[1]) : 20'000;
    const int round_count = argc > 2 ? std::atoi(argv[2]) : 9;
    std::printf("limits: %d calls of three limits, %d rounds\n", call_count, round_count);
    test::RedisServer server;
    Bare bare(server.port());
    Ours ours(server.url());
    Ours away("redis://127.0.0.1:1");
    if (!ours.WaitForRedis()) return 1;
    for (const int window : {1, kWindowMax}) {
        Compare(bare, ours, away, call_count, round_count, window);
    }
    // What was counted here would be no measurement of Redis.
    if (ours.Local() > 0) std::printf("%.0f calls were counted without Redis\n", ours.Local());
    return ours.Local() > 0 ? 1 : 0;
}
