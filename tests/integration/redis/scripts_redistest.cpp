#include "redis_fixture.hpp"

#include <thread>

namespace unibox::test {
namespace {

const redis::Script& AddScript() {
    static const redis::Script script("return redis.call('INCRBY', KEYS[1], ARGV[1]) + #KEYS * 1000"
    );
    return script;
}

Result<Reply> Add(RedisFixture& redis, int by) {
    return redis.Call(Command(AddScript()).Key("sum").Arg(by));
}

TEST_CASE("Script: the server is given it once, and again when it has forgotten", "[redis]") {
    RedisFixture redis;
    CHECK(IntegerOf(Add(redis, 1)) == 1'001);
    CHECK(IntegerOf(Add(redis, 1)) == 1'002);
    CHECK(redis.Count("unibox_redis_scripts_sent_total") == 1);
    CHECK(redis.server.Cli({"SCRIPT", "FLUSH"}) == "OK");
    CHECK(IntegerOf(Add(redis, 1)) == 1'003);
    CHECK(IntegerOf(Add(redis, 1)) == 1'004);
    CHECK(redis.Count("unibox_redis_scripts_sent_total") == 2);
    CHECK(redis.server.Cli({"FLUSHALL"}) == "OK");
    CHECK(IntegerOf(Add(redis, 1)) == 1'001);
    CHECK(redis.Count("unibox_redis_scripts_sent_total") == 2);
    redis.server.Restart();
    REQUIRE(Recovers(*redis.client));
    CHECK(IntegerOf(Add(redis, 5)) == 1'005);
    CHECK(redis.Count("unibox_redis_scripts_sent_total") == 3);
}

TEST_CASE("Script: a flush under way doubles nothing and loses nothing", "[redis]") {
    RedisFixture redis;
    constexpr int kCount = 2'000;
    Answers answers;
    for (int i = 0; i < kCount; ++i) {
        if (i % 500 == 250) CHECK(redis.server.Cli({"SCRIPT", "FLUSH"}) == "OK");
        REQUIRE_OK(
            redis.client->Send(Command(AddScript()).Key("sum").Arg(1), kPatience, answers.Done(i))
        );
    }
    REQUIRE(answers.WaitFor(kCount));
    for (int i = 0; i < kCount; ++i) REQUIRE_OK(answers.Of(i));
    CHECK(redis.server.Cli({"GET", "sum"}) == std::to_string(kCount));
}

TEST_CASE("Script: one that fails tells why", "[redis]") {
    RedisFixture redis;
    const redis::Script broken("return redis.call('LPUSH', KEYS[1], 'x') + nothing");
    REQUIRE_OK(redis.Call(Command("SET").Key("sum").Arg("1")));
    const auto wrong_type = redis.Call(Command(broken).Key("sum"));
    CHECK(wrong_type.status().reason() == "WRONGTYPE");
    const auto wrong_code = redis.Call(Command(broken).Key("list"));
    CHECK_THAT(wrong_code.status(), HasCode(Code::kInternal));
    const redis::Script unreadable("this is no Lua");
    CHECK_THAT(redis.Call(Command(unreadable)).status(), HasCode(Code::kInternal));
    CHECK(Recovers(*redis.client));
}

}  // namespace
}  // namespace unibox::test
