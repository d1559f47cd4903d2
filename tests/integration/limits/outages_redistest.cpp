// What may become of Redis while limits are counted. Each ends with processes that count together.
#include "limits_fixture.hpp"
#include "support/redis_groups.hpp"
#include "support/tcp_gate.hpp"

namespace unibox::test {
namespace {

// Whether two processes share one limit that nobody has used.
void CheckShared(LimitProcess& first, LimitProcess& second, const std::string& name) {
    REQUIRE(first.CountsInRedis());
    REQUIRE(second.CountsInRedis());
    const auto limit = LimitOf("tenant", "rl:{t:1}:" + name, 0.001, 2);
    CHECK(first.Take({limit}).allowed);
    CHECK(second.Take({limit}).allowed);
    CHECK_FALSE(first.Take({limit}).allowed);
    CHECK_FALSE(second.Take({limit}).allowed);
}

TEST_CASE(
    "Limits: Redis killed, calls go on with limits of this process; then shared again",
    "[redis][limits]"
) {
    RedisServer server;
    LimitProcess first(server.url());
    LimitProcess second(server.url());
    CheckShared(first, second, "before");
    server.Kill9();
    REQUIRE(Eventually(kPatience, [&] { return first.Take({SlowLimit(1'000'000)}).is_local; }));
    // The same rule, from a full bucket, in each process.
    const auto limit = LimitOf("tenant", "rl:{t:1}:away", 0.001, 3);
    for (LimitProcess* process : {&first, &second}) {
        for (int i = 0; i < 3; ++i) CHECK(process->Take({limit}).allowed);
        const auto refused = process->Take({limit});
        CHECK(refused.is_local);
        CHECK_FALSE(refused.allowed);
        CHECK(refused.retry_after > 100s);
    }
    REQUIRE(Eventually(kPatience, [&] {
        (void)first.Take({SlowLimit(1'000'000)});
        return first.limiter().is_away();
    }));
    server.Start();
    CheckShared(first, second, "after");
    CHECK_FALSE(first.limiter().is_away());
}

TEST_CASE("Limits: started without Redis, counted there as soon as it comes", "[redis][limits]") {
    RedisServer server;
    server.Kill9();
    LimitProcess first(server.url());
    LimitProcess second(server.url());
    CHECK(first.Take({SlowLimit(1)}).is_local);
    CHECK_FALSE(first.Take({SlowLimit(1)}).allowed);
    server.Start();
    CheckShared(first, second, "after");
}

TEST_CASE("Limits: a frozen Redis costs a few calls their time-out, then none", "[redis][limits]") {
    RedisServer server;
    TcpGate gate(server.port());
    const std::string url = "redis://127.0.0.1:" + std::to_string(gate.port());
    LimitProcess first(url, 200);
    LimitProcess second(url, 200);
    CheckShared(first, second, "before");
    gate.SetMode(TcpGate::Mode::kDrop);
    REQUIRE(Eventually(kPatience, [&] {
        CHECK(first.Take({SlowLimit(1'000'000)}).is_local);
        return first.limiter().is_away();
    }));
    CHECK(first.Checks("local") >= limits::Limiter::kFailuresMax);
    gate.SetMode(TcpGate::Mode::kPass);
    gate.CloseAll();
    CheckShared(first, second, "after");
}

TEST_CASE(
    "Limits: a Redis that is slower than the time-out is as good as away", "[redis][limits]"
) {
    RedisServer server;
    TcpGate gate(server.port());
    const std::string url = "redis://127.0.0.1:" + std::to_string(gate.port());
    LimitProcess first(url, 200);
    LimitProcess second(url, 200);
    CheckShared(first, second, "before");
    gate.SetDelay(2s);
    REQUIRE(Eventually(kPatience, [&] {
        (void)first.Take({SlowLimit(1'000'000)});
        return first.limiter().is_away();
    }));
    gate.SetDelay(0ms);
    CheckShared(first, second, "after");
}

TEST_CASE("Limits: FLUSHALL gives everybody a full bucket, and nothing else", "[redis][limits]") {
    RedisServer server;
    LimitProcess first(server.url());
    LimitProcess second(server.url());
    CheckShared(first, second, "flushed");
    CHECK(server.Cli({"FLUSHALL"}) == "OK");
    const double local = first.Checks("local") + second.Checks("local");
    CheckShared(first, second, "flushed");
    CHECK(first.Checks("local") + second.Checks("local") == local);
}

TEST_CASE("Limits: SCRIPT FLUSH is not noticed", "[redis][limits]") {
    RedisServer server;
    LimitProcess first(server.url());
    LimitProcess second(server.url());
    CheckShared(first, second, "before");
    CHECK(server.Cli({"SCRIPT", "FLUSH"}) == "OK");
    const double local = first.Checks("local") + second.Checks("local");
    CheckShared(first, second, "after");
    CHECK(first.Checks("local") + second.Checks("local") == local);
}

TEST_CASE("Limits: memory that is used up is as good as away", "[redis][limits]") {
    RedisServer server;
    LimitProcess first(server.url());
    LimitProcess second(server.url());
    CheckShared(first, second, "before");
    CHECK(server.Cli({"CONFIG", "SET", "maxmemory-policy", "noeviction"}) == "OK");
    CHECK(server.Cli({"CONFIG", "SET", "maxmemory", "1"}) == "OK");
    REQUIRE(Eventually(kPatience, [&] {
        CHECK(first.Take({SlowLimit(1'000'000)}).is_local);
        return first.limiter().is_away();
    }));
    CHECK(server.Cli({"CONFIG", "SET", "maxmemory", "0"}) == "OK");
    CheckShared(first, second, "after");
}

TEST_CASE("Limits: a failover is some calls counted here, then shared again", "[redis][limits]") {
    RedisSentinels servers;
    LimitProcess first(servers.url(), 1'000, "sentinel");
    LimitProcess second(servers.url(), 1'000, "sentinel");
    CheckShared(first, second, "before");
    servers.first().Kill9();
    CHECK(first.Take({SlowLimit(10)}).allowed);  // Whatever Redis is doing.
    REQUIRE(servers.Becomes(servers.second(), kPatience));
    CheckShared(first, second, "after");
}

}  // namespace
}  // namespace unibox::test
