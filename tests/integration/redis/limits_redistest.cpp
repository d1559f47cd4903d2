#include "redis_fixture.hpp"

namespace unibox::test {
namespace {

TEST_CASE("Limits: so many commands are under way, one more is refused at once", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) { settings.command_count_max = 10; });
    Answers answers;
    redis.server.Pause();
    for (int i = 0; i < 10; ++i) {
        REQUIRE_OK(redis.client->Send(Command("ECHO").Arg(i), kPatience, answers.Done(i)));
    }
    const auto more = redis.Call(Command("PING"));
    CHECK_THAT(more.status(), HasCode(Code::kResourceExhausted));
    CHECK(more.status().reason() == redis::kWindowFull);
    CHECK(answers.count() == 0);
    redis.server.Resume();
    REQUIRE(answers.WaitFor(10));
    for (int i = 0; i < 10; ++i) CHECK(TextOf(answers.Of(i)) == std::to_string(i));
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Limits: so many bytes are under way, more are refused at once", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) { settings.command_bytes_max = 10'000; });
    Answers answers;
    redis.server.Pause();
    const std::string text(4'000, 'x');
    for (int i = 0; i < 2; ++i) {
        REQUIRE_OK(redis.client->Send(Command("ECHO").Arg(text), kPatience, answers.Done(i)));
    }
    CHECK(redis.Call(Command("ECHO").Arg(text)).status().reason() == redis::kWindowFull);
    redis.server.Resume();
    REQUIRE(answers.WaitFor(2));
    CHECK(TextOf(redis.Call(Command("ECHO").Arg(text))) == text);
}

TEST_CASE("Limits: a late answer is dropped, and all others keep their own", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) { settings.command_count_max = 10; });
    redis.server.Pause();
    for (int i = 0; i < 5; ++i) {
        const auto late = redis.Call(Command("ECHO").Arg("late"), 20ms);
        CHECK_THAT(late.status(), HasCode(Code::kDeadlineExceeded));
        CHECK(late.status().reason() == redis::kNoAnswer);
        CHECK(redis::MayHaveRun(late.status()));
    }
    Answers answers;
    for (int i = 0; i < 5; ++i) {
        REQUIRE_OK(redis.client->Send(Command("ECHO").Arg(i), kPatience, answers.Done(i)));
    }
    // Those that nobody waits for any more keep their places until they are answered.
    CHECK(redis.Call(Command("PING")).status().reason() == redis::kWindowFull);
    redis.server.Resume();
    REQUIRE(answers.WaitFor(5));
    for (int i = 0; i < 5; ++i) CHECK(TextOf(answers.Of(i)) == std::to_string(i));
    CHECK(Recovers(*redis.client));
    CHECK(redis.Count("unibox_redis_connects_total") == 1);
    CHECK(redis.Count("unibox_redis_commands_total", {{"outcome", "deadline"}}) == 5);
}

TEST_CASE("Limits: a reply that is too large ends the connection, and it is made anew", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) { settings.reply_bytes_max = 100'000; });
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg(std::string(200'000, 'x'))));
    const auto large = redis.Call(Command("GET").Key("k"));
    CHECK_THAT(large.status(), HasCode(Code::kUnavailable));
    CHECK(large.status().reason() == redis::kNoAnswer);
    CHECK(large.status().message().find("reply_bytes_max") != std::string::npos);
    CHECK(Recovers(*redis.client));
    CHECK(TextOf(redis.Call(Command("GETRANGE").Key("k").Arg(0).Arg(2))) == "xxx");
}

TEST_CASE("Limits: a stop answers each command that is under way, once", "[redis]") {
    RedisFixture redis;
    redis.server.Pause();
    constexpr int kCount = 200;
    Answers answers;
    for (int i = 0; i < kCount; ++i) {
        REQUIRE_OK(redis.client->Send(Command("INCR").Key("k"), kPatience, answers.Done(i)));
    }
    redis.client->Stop();
    CHECK(answers.count() == kCount);
    for (int i = 0; i < kCount; ++i) {
        CHECK_THAT(answers.Of(i).status(), HasCode(Code::kUnavailable));
        // Whether it had gone out by then is a matter of threads.
        const std::string reason = answers.Of(i).status().reason();
        CHECK((reason == redis::kShuttingDown || reason == redis::kNotSent));
    }
    CHECK_FALSE(redis.client->connected());
    CHECK_THAT(redis.Call(Command("PING")).status(), HasCode(Code::kUnavailable));
    redis.client->Stop();
    redis.server.Resume();
    redis.client = ClientOf(redis.settings, redis.metrics);
    CHECK(Recovers(*redis.client));
    CHECK(answers.count() == kCount);
}

}  // namespace
}  // namespace unibox::test
