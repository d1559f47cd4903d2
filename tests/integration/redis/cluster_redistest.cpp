#include "redis/key_slot.hpp"
#include "redis_fixture.hpp"
#include "support/redis_groups.hpp"

namespace unibox::test {
namespace {

redis::Settings ClusterSettings(const std::string& url) {
    redis::Settings settings = SettingsFor(url);
    settings.mode = "cluster";
    return settings;
}

const redis::Script& AddScript() {
    static const redis::Script script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    return script;
}

// Two that share the slot of their tag.
const std::string kFirst = "{move}first";
const std::string kSecond = "{move}second";

// A key of this node, as the slots lie at first.
std::string KeyOf(std::size_t node) {
    for (int i = 0;; ++i) {
        std::string key = "key" + std::to_string(i);
        if (RedisCluster::OwnerAtFirst(redis::SlotOfKey(key)) == node) return key;
    }
}

struct ClusterFixture {
    explicit ClusterFixture(const std::function<void(redis::Settings&)>& tune = [](auto&) {}) {
        // One of them is enough to find the others.
        redis::Settings settings = ClusterSettings(cluster.node(1).url());
        tune(settings);
        client = ClientOf(settings, metrics);
        REQUIRE(ServesAll());
    }
    Result<Reply> Call(Command command) const {
        return client->Call(std::move(command), kPatience);
    }
    double Redirects() {
        return metrics.GetCounter("unibox_redis_redirects_total", "", {{"name", "unibox"}}).Get();
    }
    // A command of this key goes through.
    bool Serves(const std::string& key) const {
        return Eventually(kPatience, [&] { return Call(Command("SET").Key(key).Arg("v")).ok(); });
    }
    bool ServesAll() const { return Serves(KeyOf(0)) && Serves(KeyOf(1)) && Serves(KeyOf(2)); }

    obs::Metrics metrics;
    RedisCluster cluster;
    std::unique_ptr<redis::Client> client;
};

TEST_CASE("Cluster: each key goes to its node, without being sent twice", "[redis]") {
    ClusterFixture redis;
    const double before = redis.Redirects();
    Answers answers;
    constexpr int kCount = 600;
    for (int i = 0; i < kCount; ++i) {
        const std::string key = "k" + std::to_string(i);
        REQUIRE_OK(redis.client->Send(Command("SET").Key(key).Arg(i), kPatience, answers.Done(i)));
    }
    REQUIRE(answers.WaitFor(kCount));
    for (int i = 0; i < kCount; ++i) {
        REQUIRE_OK(answers.Of(i));
        const std::string key = "k" + std::to_string(i);
        CHECK(TextOf(redis.Call(Command("GET").Key(key))) == std::to_string(i));
    }
    CHECK(redis.Redirects() == before);
    int stored = 0;
    for (std::size_t node = 0; node < 3; ++node) {
        const int count = std::stoi(redis.cluster.node(node).Cli({"DBSIZE"}));
        CHECK(count > 100);
        stored += count;
    }
    CHECK(stored == kCount + 3);
    CHECK(IntegerOf(redis.Call(Command("EXISTS").Key("{k}a").Key("{k}b"))) == 0);
    CHECK(redis.Call(Command("EXISTS").Key("a").Key("b")).status().reason() == redis::kCrossSlot);
    CHECK(TextOf(redis.Call(Command("PING"))) == "PONG");
    for (std::size_t node = 0; node < 3; ++node) {
        CHECK(IntegerOf(redis.Call(Command(AddScript()).Key("n" + KeyOf(node)).Arg(5))) == 5);
    }
}

TEST_CASE("Cluster: a slot that moves is followed, by ASK and then by MOVED", "[redis]") {
    ClusterFixture redis([](redis::Settings& settings) {
        settings.topology_interval_ms = 600'000;  // So that it is told by the nodes alone.
    });
    const std::uint16_t slot = redis::SlotOfKey(kFirst);
    const std::size_t from = RedisCluster::OwnerAtFirst(slot);
    const std::size_t to = (from + 1) % 3;
    REQUIRE_OK(redis.Call(Command("SET").Key(kFirst).Arg(1)));
    REQUIRE_OK(redis.Call(Command("SET").Key(kSecond).Arg(2)));
    CHECK(redis.Redirects() == 0);

    redis.cluster.BeginMove(slot, from, to);
    redis.cluster.MoveKey(kFirst, from, to);
    // One is there, the other still here; what does not exist is asked for there.
    CHECK(TextOf(redis.Call(Command("GET").Key(kFirst))) == "1");
    CHECK(redis.Redirects() == 1);
    CHECK(TextOf(redis.Call(Command("GET").Key(kSecond))) == "2");
    CHECK(redis.Redirects() == 1);
    CHECK(IntegerOf(redis.Call(Command(AddScript()).Key(kFirst).Arg(10))) == 11);
    CHECK(redis.Call(Command("GET").Key("{move}none"))->is_nil());
    const auto both = redis.Call(Command("MGET").Key(kFirst).Key(kSecond));
    CHECK_THAT(both.status(), HasCode(Code::kUnavailable));
    CHECK(both.status().reason() == "TRYAGAIN");
    // Many at once, each with its own answer.
    Answers answers;
    for (int i = 0; i < 200; ++i) {
        const std::string& key = i % 2 == 0 ? kFirst : kSecond;
        REQUIRE_OK(redis.client->Send(Command("GET").Key(key), kPatience, answers.Done(i)));
    }
    REQUIRE(answers.WaitFor(200));
    for (int i = 0; i < 200; ++i) CHECK(TextOf(answers.Of(i)) == (i % 2 == 0 ? "11" : "2"));

    redis.cluster.FinishMove(slot, from, to);
    CHECK(TextOf(redis.Call(Command("GET").Key(kSecond))) == "2");
    const double moved = redis.Redirects();
    // Once is enough to know it.
    CHECK(TextOf(redis.Call(Command("GET").Key(kFirst))) == "11");
    CHECK(redis.Redirects() == moved);
    REQUIRE_OK(redis.Call(Command("MGET").Key(kFirst).Key(kSecond)));
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Cluster: a script reaches a node that does not know it, behind an ASK", "[redis]") {
    ClusterFixture redis;
    const std::uint16_t slot = redis::SlotOfKey(kFirst);
    const std::size_t from = RedisCluster::OwnerAtFirst(slot);
    const std::size_t to = (from + 2) % 3;
    CHECK(IntegerOf(redis.Call(Command(AddScript()).Key(kFirst).Arg(1))) == 1);
    redis.cluster.BeginMove(slot, from, to);
    redis.cluster.MoveKey(kFirst, from, to);
    CHECK(IntegerOf(redis.Call(Command(AddScript()).Key(kFirst).Arg(1))) == 2);
    redis.cluster.FinishMove(slot, from, to);
    CHECK(IntegerOf(redis.Call(Command(AddScript()).Key(kFirst).Arg(1))) == 3);
}

TEST_CASE("Cluster: a node that is away takes its keys along, and brings them back", "[redis]") {
    ClusterFixture redis;
    const std::string key = KeyOf(2);
    redis.cluster.node(2).Kill9();
    REQUIRE(Eventually(kPatience, [&] {
        const Status status = redis.Call(Command("GET").Key(key)).status();
        return status.reason() == redis::kNotConnected;
    }));
    CHECK(redis.client->connected());
    CHECK(TextOf(redis.Call(Command("PING"))) == "PONG");
    redis.cluster.node(2).Start();
    CHECK(redis.ServesAll());
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Cluster: all nodes away is no connection, until they are back", "[redis]") {
    ClusterFixture redis;
    for (std::size_t node = 0; node < 3; ++node) redis.cluster.node(node).Kill9();
    REQUIRE(Eventually(kPatience, [&] { return !redis.client->connected(); }));
    CHECK(redis.Call(Command("GET").Key("k")).status().reason() == redis::kNotConnected);
    for (std::size_t node = 0; node < 3; ++node) redis.cluster.node(node).Start();
    CHECK(redis.ServesAll());
    CHECK(Recovers(*redis.client));
}

TEST_CASE("Cluster: a server that is none is said to be none", "[redis]") {
    RedisServer server;
    obs::Metrics metrics;
    const auto client = ClientOf(ClusterSettings(server.url()), metrics);
    REQUIRE(Eventually(kPatience, [&] {
        const Status status = client->Call(Command("PING"), kPatience).status();
        return status.message().find("cluster support disabled") != std::string::npos;
    }));
    // And a node of a cluster that is asked as if it were alone says who has the key.
    RedisCluster cluster;
    const auto single = ClientOf(SettingsFor(cluster.node(0).url()), metrics);
    REQUIRE(IsConnected(*single));
    const auto moved = single->Call(Command("GET").Key(KeyOf(2)), kPatience);
    CHECK_THAT(moved.status(), HasCode(Code::kUnavailable));
    CHECK(moved.status().reason() == redis::kMoved);
    CHECK(Recovers(*single));
}

}  // namespace
}  // namespace unibox::test
