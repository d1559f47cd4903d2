#include "redis_fixture.hpp"
#include "support/tcp_gate.hpp"

#include <fmt/format.h>

#include <atomic>
#include <thread>

namespace unibox::test {
namespace {

// A client whose way to the server leads through a gate.
struct GatedRedis {
    explicit GatedRedis(const std::function<void(redis::Settings&)>& tune) : gate(server.port()) {
        settings = SettingsFor(fmt::format("redis://127.0.0.1:{}", gate.port()));
        tune(settings);
        client = ClientOf(settings, metrics);
        REQUIRE(IsConnected(*client));
    }
    double Connects() {
        return metrics.GetCounter("unibox_redis_connects_total", "", {{"name", "unibox"}}).Get();
    }

    obs::Metrics metrics;
    RedisServer server;
    TcpGate gate;
    redis::Settings settings;
    std::unique_ptr<redis::Client> client;
};

void NotTuned(redis::Settings&) {}

TEST_CASE("Outage: a server that is not there yet is waited for in the background", "[redis]") {
    RedisServer server;
    server.Kill9();
    obs::Metrics metrics;
    const auto client = ClientOf(SettingsFor(server.url()), metrics);
    const auto refused = client->Call(Command("PING"), kPatience);
    CHECK_THAT(refused.status(), HasCode(Code::kUnavailable));
    CHECK(refused.status().reason() == redis::kNotConnected);
    CHECK_FALSE(redis::MayHaveRun(refused.status()));
    server.Start();
    CHECK(Recovers(*client));
}

TEST_CASE("Outage: a server that still loads its data is not there yet", "[redis]") {
    RedisFixture redis;
    for (int i = 0; i < 500; ++i) {
        REQUIRE_OK(redis.Call(Command("SET").Key("k" + std::to_string(i)).Arg(i)));
    }
    CHECK(redis.server.Cli({"SAVE"}) == "OK");
    redis.server.Kill9();
    // Some milliseconds for each key, and it answers in between.
    redis.server.SetOptions(
        {.extra_config = "key-load-delay 4000\nloading-process-events-interval-bytes 1024"}
    );
    std::thread start([&] { redis.server.Start(); });  // Returns when all is loaded.
    const bool was_told = Eventually(kPatience, [&] {
        const Status status = redis.Call(Command("GET").Key("k1")).status();
        return status.message().find("LOADING") != std::string::npos;
    });
    start.join();
    CHECK(was_told);
    CHECK(Recovers(*redis.client));
    CHECK(TextOf(redis.Call(Command("GET").Key("k499"))) == "499");
}

TEST_CASE("Outage: kill -9 under load, each command has one outcome", "[redis]") {
    RedisFixture redis;
    std::atomic<bool> stopping{false};
    std::atomic<int> sent{0};
    std::atomic<int> told{0};
    std::atomic<int> odd{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            while (!stopping) {
                const Status status = redis.client->Send(
                    Command("INCR").Key("k"),
                    kPatience,
                    [&](const Result<Reply>& reply) {
                        const bool known =
                            reply.ok() || reply.status().code() == Code::kUnavailable;
                        if (!known) ++odd;
                        ++told;
                    }
                );
                if (status.ok()) ++sent;
                if (!status.ok()) std::this_thread::yield();
            }
        });
    }
    for (int round = 0; round < 3; ++round) {
        const int before = told;
        REQUIRE(Eventually(kPatience, [&] { return told > before + 100; }));
        redis.server.Restart();
    }
    CHECK(Eventually(kPatience, [&] { return redis.client->connected(); }));
    stopping = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(Eventually(kPatience, [&] { return told == sent; }));
    CHECK(odd == 0);
    CHECK(Recovers(*redis.client));
    CHECK(told == sent);
}

TEST_CASE("Outage: a frozen server is given up, and found again when it thaws", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) {
        settings.answer_timeout_ms = 300;
        settings.connect_timeout_ms = 300;
    });
    redis.server.Pause();
    const auto frozen = redis.Call(Command("INCR").Key("k"));
    CHECK_THAT(frozen.status(), HasCode(Code::kUnavailable));
    CHECK(frozen.status().reason() == redis::kNoAnswer);
    CHECK(redis::MayHaveRun(frozen.status()));
    // The system takes connections for it, but nobody greets back.
    CHECK(redis.Call(Command("PING")).status().reason() == redis::kNotConnected);
    redis.server.Resume();
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Outage: a cut line is told at once, and made again", "[redis]") {
    GatedRedis redis(NotTuned);
    Answers answers;
    redis.server.Pause();
    const std::uint64_t greeting_bytes = redis.gate.bytes_to_server();
    REQUIRE_OK(redis.client->Send(Command("INCR").Key("k"), kPatience, answers.Done(0)));
    REQUIRE(Eventually(kPatience, [&] { return redis.gate.bytes_to_server() > greeting_bytes; }));
    redis.gate.SetMode(TcpGate::Mode::kRefuse);
    REQUIRE(answers.WaitFor(1));
    CHECK(answers.Of(0).status().reason() == redis::kNoAnswer);
    CHECK_FALSE(redis.client->connected());
    CHECK(redis.client->Call(Command("PING"), kPatience).status().reason() == redis::kNotConnected);
    redis.server.Resume();
    redis.gate.SetMode(TcpGate::Mode::kPass);
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Outage: a slow line costs deadlines, not the connection", "[redis]") {
    GatedRedis redis(NotTuned);
    redis.gate.SetDelay(300ms);
    for (int i = 0; i < 5; ++i) {
        const auto late = redis.client->Call(Command("ECHO").Arg("late"), 50ms);
        CHECK_THAT(late.status(), HasCode(Code::kDeadlineExceeded));
    }
    const auto slow = redis.client->Call(Command("ECHO").Arg("slow"), kPatience);
    CHECK(TextOf(slow) == "slow");
    redis.gate.SetDelay(0ms);
    CHECK(Recovers(*redis.client));
    CHECK(redis.Connects() == 1);
}

TEST_CASE("Outage: an answer that is lost may have been carried out", "[redis]") {
    GatedRedis redis([](redis::Settings& settings) { settings.answer_timeout_ms = 300; });
    redis.gate.SetMode(TcpGate::Mode::kDropReplies);
    const auto lost = redis.client->Call(Command("INCR").Key("k"), kPatience);
    CHECK_THAT(lost.status(), HasCode(Code::kUnavailable));
    CHECK(redis::MayHaveRun(lost.status()));
    CHECK(redis.server.Cli({"GET", "k"}) == "1");
    redis.gate.SetMode(TcpGate::Mode::kPass);
    redis.gate.CloseAll();
    CHECK(Recovers(*redis.client));
    CHECK(redis.server.Cli({"GET", "k"}) == "1");
}

TEST_CASE("Outage: a large command may take its time, while it is read at all", "[redis]") {
    GatedRedis redis([](redis::Settings& settings) {
        settings.command_bytes_max = 128 << 20;
        settings.answer_timeout_ms = 3'000;
    });
    // Each piece of 64 KiB; when the last one is taken, several MiB are still in buffers.
    redis.gate.SetDelay(6ms);
    const std::string value(64 << 20, 'x');
    const auto start = std::chrono::steady_clock::now();
    REQUIRE_OK(redis.client->Call(Command("SET").Key("k").Arg(value), 2 * kPatience));
    CHECK(std::chrono::steady_clock::now() - start > 6'000ms);
    CHECK(redis.Connects() == 1);
    redis.gate.SetDelay(0ms);
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Outage: a black hole is noticed by the ping of an idle connection", "[redis]") {
    GatedRedis redis([](redis::Settings& settings) {
        settings.ping_interval_ms = 100;
        settings.answer_timeout_ms = 300;
        settings.connect_timeout_ms = 300;
    });
    redis.gate.SetMode(TcpGate::Mode::kDrop);
    REQUIRE(Eventually(kPatience, [&] { return !redis.client->connected(); }));
    redis.gate.SetMode(TcpGate::Mode::kPass);
    redis.gate.CloseAll();
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Outage: a peer that stops reading never blocks the sender", "[redis]") {
    GatedRedis redis([](redis::Settings& settings) {
        settings.command_bytes_max = 32 << 20;
        settings.answer_timeout_ms = 10'000;  // Longer than it takes to fill the window.
    });
    redis.gate.SetMode(TcpGate::Mode::kStall);
    const std::string value(1 << 20, 'x');
    Answers answers;
    int taken = 0;
    Status status;
    for (; taken < 100 && status.ok(); ++taken) {
        status =
            redis.client->Send(Command("SET").Key("k").Arg(value), kPatience, answers.Done(taken));
    }
    CHECK(status.reason() == redis::kWindowFull);
    CHECK(taken > 20);
    const auto count = static_cast<std::size_t>(taken - 1);
    REQUIRE(answers.WaitFor(count));
    // What was not written is known not to have been carried out.
    CHECK(redis::MayHaveRun(answers.Of(0).status()));
    CHECK(answers.Of(taken - 2).status().reason() == redis::kNotSent);
    redis.gate.SetMode(TcpGate::Mode::kPass);
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Outage: memory that is used up refuses writes, and reads go on", "[redis]") {
    RedisFixture redis({.extra_config = "maxmemory 12mb\nmaxmemory-policy noeviction"});
    REQUIRE_OK(redis.Call(Command("SET").Key("small").Arg("v")));
    Status full;
    for (int i = 0; i < 30 && full.ok(); ++i) {
        full =
            redis.Call(Command("SET").Key("k" + std::to_string(i)).Arg(std::string(1 << 20, 'x')))
                .status();
    }
    CHECK_THAT(full, HasCode(Code::kResourceExhausted));
    CHECK(full.reason() == "OOM");
    CHECK(TextOf(redis.Call(Command("GET").Key("small"))) == "v");
    const redis::Script write("return redis.call('SET', KEYS[1], ARGV[1])");
    const std::string value(1 << 20, 'x');
    const auto by_script = redis.Call(Command(write).Key("k").Arg(value));
    CHECK_THAT(by_script.status(), HasCode(Code::kResourceExhausted));
    CHECK(redis.server.Cli({"FLUSHALL"}) == "OK");
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg("v")));
    REQUIRE_OK(redis.Call(Command(write).Key("k").Arg("v")));
    CHECK(Recovers(*redis.client));
    CHECK(redis.Count("unibox_redis_connects_total") == 1);
}

TEST_CASE("Outage: a master that became a replica is left, until it is one again", "[redis]") {
    RedisFixture redis;
    RedisServer other;
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg("v")));
    const std::string port = std::to_string(other.port());
    CHECK(redis.server.Cli({"REPLICAOF", "127.0.0.1", port}) == "OK");
    const auto refused = redis.Call(Command("SET").Key("k").Arg("v"));
    CHECK_THAT(refused.status(), HasCode(Code::kUnavailable));
    CHECK(refused.status().reason() == redis::kReadOnly);
    CHECK_FALSE(redis::MayHaveRun(refused.status()));
    // A new connection, because the name may lead to another server by now.
    CHECK(Eventually(kPatience, [&] { return redis.Count("unibox_redis_connects_total") >= 2; }));
    CHECK(redis.server.Cli({"REPLICAOF", "NO", "ONE"}) == "OK");
    CHECK(Eventually(kPatience, [&] { return redis.Call(Command("SET").Key("k").Arg("v")).ok(); }));
    CHECK(Recovers(*redis.client));
}

}  // namespace
}  // namespace unibox::test
