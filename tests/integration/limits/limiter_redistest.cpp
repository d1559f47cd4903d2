#include "limits/fields.hpp"
#include "limits_fixture.hpp"

#include <atomic>
#include <thread>

namespace unibox::test {
namespace {

TEST_CASE("Limits: processes count together, exactly", "[redis][limits]") {
    RedisServer server;
    LimitProcess first(server.url());
    LimitProcess second(server.url());
    REQUIRE(first.CountsInRedis());
    REQUIRE(second.CountsInRedis());
    std::vector<std::future<limits::Verdict>> verdicts;
    for (int i = 0; i < 100; ++i) {
        verdicts.push_back((i % 2 == 0 ? first : second).Begin({SlowLimit(30)}));
    }
    int allowed = 0;
    for (auto& verdict : verdicts) {
        const auto told = verdict.get();
        CHECK_FALSE(told.is_local);
        if (told.allowed) ++allowed;
    }
    CHECK(allowed == 30);
}

TEST_CASE(
    "Limits: all of a call in one command, charged together or not at all", "[redis][limits]"
) {
    RedisServer server;
    LimitProcess process(server.url());
    REQUIRE(process.CountsInRedis());
    const auto key = LimitOf("key", "rl:{t:7}:key:a", 0.001, 2);
    const auto tenant = LimitOf("tenant", "rl:{t:7}:tenant", 0.001, 10);
    const auto read = LimitOf("read", "rl:{t:7}:read", 0.001, 10);
    CHECK(server.Cli({"CONFIG", "RESETSTAT"}) == "OK");
    CHECK(process.Take({key, tenant, read}).allowed);
    CHECK(
        server.Cli({"INFO", "commandstats"}).find("cmdstat_evalsha:calls=1,") != std::string::npos
    );
    CHECK(process.Take({key, tenant, read}).allowed);
    for (int i = 0; i < 5; ++i) {
        const auto refused = process.Take({key, tenant, read});
        CHECK_FALSE(refused.allowed);
        CHECK(limits::RefusalOf(refused).message() == "over the rate of: key");
        CHECK(refused.states[1].remaining == 8);
    }
    // Another key of the tenant still gets its part.
    const auto other = LimitOf("key", "rl:{t:7}:key:b", 0.001, 2);
    CHECK(process.Take({other, tenant, read}).allowed);
}

TEST_CASE("Limits: a network's limit is 10 at once, then one a second", "[redis][limits]") {
    RedisServer server;
    LimitProcess process(server.url());
    REQUIRE(process.CountsInRedis());
    const auto anonymous = LimitOf("anonymous", "rl:{n:192.0.2.0/24}", 1, 10);
    const auto begun = std::chrono::steady_clock::now();
    int allowed = 0;
    limits::Verdict last;
    for (int i = 0; i < 40; ++i) {
        last = process.Take({anonymous});
        if (last.allowed) ++allowed;
    }
    const auto spent =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    CHECK(allowed >= 10);
    CHECK(allowed <= 10 + spent + 1);
    CHECK(limits::PolicyField(last) == "\"anonymous\";q=10;w=10");
    CHECK(process.Take({LimitOf("anonymous", "rl:{n:198.51.100.0/24}", 1, 10)}).allowed);
}

}  // namespace
}  // namespace unibox::test
