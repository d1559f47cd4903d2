#include "redis_fixture.hpp"

#include <atomic>
#include <thread>

namespace unibox::test {
namespace {

TEST_CASE("Client: texts, numbers, arrays and nil come back", "[redis]") {
    RedisFixture redis;
    const std::string bytes("\0\r\n\xff$5\r\n", 9);
    CHECK(TextOf(redis.Call(Command("SET").Key("k").Arg(bytes))) == "OK");
    CHECK(TextOf(redis.Call(Command("GET").Key("k"))) == bytes);
    CHECK(redis.Call(Command("GET").Key("none"))->is_nil());
    CHECK(IntegerOf(redis.Call(Command("STRLEN").Key("k"))) == 9);
    CHECK(IntegerOf(redis.Call(Command("RPUSH").Key("l").Arg("a").Arg(2))) == 2);
    const auto list = redis.Call(Command("LRANGE").Key("l").Arg(0).Arg(-1));
    REQUIRE_OK(list);
    CHECK(*list == Reply::OfArray({Reply::OfText("a"), Reply::OfText("2")}));
    const std::string large(5 << 20, 'x');
    CHECK(TextOf(redis.Call(Command("SET").Key("k").Arg(large))) == "OK");
    CHECK(TextOf(redis.Call(Command("GET").Key("k"))) == large);
    CHECK(redis.Count("unibox_redis_commands_total", {{"outcome", "answered"}}) == 8);
    CHECK(redis.Count("unibox_redis_connects_total") == 1);
    CHECK(
        redis.metrics.GetGauge(
                         "unibox_redis_connected", "", {{"name", redis.settings.name}}
        ).Get() == 1
    );
}

TEST_CASE("Client: an error of Redis is a status, and harms nothing", "[redis]") {
    RedisFixture redis;
    REQUIRE_OK(redis.Call(Command("SET").Key("k").Arg("v")));
    const auto wrong = redis.Call(Command("LPUSH").Key("k").Arg("v"));
    CHECK_THAT(wrong.status(), HasCode(Code::kFailedPrecondition));
    CHECK(wrong.status().reason() == "WRONGTYPE");
    const auto unknown = redis.Call(Command("NOSUCHCOMMAND"));
    CHECK_THAT(unknown.status(), HasCode(Code::kInternal));
    CHECK(unknown.status().reason() == "ERR");
    CHECK(TextOf(redis.Call(Command("GET").Key("k"))) == "v");
    CHECK(redis.Count("unibox_redis_commands_total", {{"outcome", "error"}}) == 2);
}

TEST_CASE("Client: many threads share the connection, each gets its own answers", "[redis]") {
    const auto connections = GENERATE(1, 3);
    RedisFixture redis({}, [&](redis::Settings& settings) {
        settings.connection_count = connections;
    });
    constexpr int kThreads = 6;
    constexpr int kEach = 1'000;
    std::atomic<int> right{0};
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                const std::string text = std::to_string(t) + ":" + std::to_string(i);
                const Status sent = redis.client->Send(
                    Command("ECHO").Arg(text),
                    kPatience,
                    [&, text](const Result<Reply>& reply) {
                        if (reply.ok() && reply->raw_text() == text) ++right;
                        ++done;
                    }
                );
                if (!sent.ok()) ++done;
                if (i % 10 == 0) {
                    const auto waited = redis.client->Call(Command("ECHO").Arg(text), kPatience);
                    if (!waited.ok() || waited->raw_text() != text) ++done;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(Eventually(kPatience, [&] { return done >= kThreads * kEach; }));
    CHECK(right == kThreads * kEach);
    CHECK(done == kThreads * kEach);
}

TEST_CASE("Client: commands of one key keep their order, without waiting", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) { settings.connection_count = 4; });
    Answers answers;
    redis.server.Pause();  // So that none is answered before all are sent.
    constexpr int kCount = 500;
    for (int i = 0; i < kCount; ++i) {
        const std::string key = i % 2 == 0 ? "even" : "odd";
        REQUIRE_OK(redis.client->Send(Command("RPUSH").Key(key).Arg(i), kPatience, answers.Done(i))
        );
    }
    CHECK(answers.count() == 0);
    redis.server.Resume();
    REQUIRE(answers.WaitFor(kCount));
    for (int i = 0; i < kCount; ++i) CHECK(IntegerOf(answers.Of(i)) == i / 2 + 1);
    const auto list = redis.Call(Command("LRANGE").Key("odd").Arg(0).Arg(-1));
    REQUIRE_OK(list);
    const auto items = list->Items().value();
    REQUIRE(items.size() == kCount / 2);
    for (std::size_t i = 0; i < items.size(); ++i) {
        CHECK(items[i] == Reply::OfText(std::to_string(2 * i + 1)));
    }
}

TEST_CASE("Client: another command may be sent from inside of a callback", "[redis]") {
    RedisFixture redis;
    Answers answers;
    REQUIRE_OK(redis.client
                   ->Send(Command("SET").Key("k").Arg("v"), kPatience, [&](const Result<Reply>&) {
                       const auto done = answers.Done(1);
                       const Status sent =
                           redis.client->Send(Command("GET").Key("k"), kPatience, done);
                       if (!sent.ok()) done(sent);
                   }));
    REQUIRE(answers.WaitFor(1));
    CHECK(TextOf(answers.Of(1)) == "v");
}

TEST_CASE("Client: what can never be sent is refused at once", "[redis]") {
    RedisFixture redis({}, [](redis::Settings& settings) { settings.command_bytes_max = 2'000; });
    const auto reason = [&](Command command) {
        const Status status = redis.client->Send(
            std::move(command), kPatience, [](const Result<Reply>&) { FAIL("it was refused"); }
        );
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        return status.reason();
    };
    CHECK(reason(Command("MGET").Key("a").Key("b")) == redis::kCrossSlot);
    CHECK(reason(Command("SUBSCRIBE").Arg("a")) == redis::kNotShared);
    CHECK(reason(Command("SET").Key("a").Arg(std::string(2'000, 'x'))) == redis::kTooLarge);
    const auto late = redis.Call(Command("PING"), 0ms);
    CHECK_THAT(late.status(), HasCode(Code::kDeadlineExceeded));
    CHECK(late.status().reason() == redis::kNotSent);
    CHECK(redis.Count("unibox_redis_commands_total", {{"outcome", "refused"}}) == 4);
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Client: a database by its number", "[redis]") {
    RedisServer server;
    obs::Metrics metrics;
    const auto client = ClientOf(SettingsFor(server.url() + "/5"), metrics);
    REQUIRE(IsConnected(*client));
    REQUIRE_OK(client->Call(Command("SET").Key("k").Arg("v"), kPatience));
    CHECK(server.Cli({"-n", "5", "GET", "k"}) == "v");
    CHECK(server.Cli({"EXISTS", "k"}) == "0");
}

}  // namespace
}  // namespace unibox::test
