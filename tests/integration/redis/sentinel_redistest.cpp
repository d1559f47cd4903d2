#include "redis_fixture.hpp"
#include "support/redis_groups.hpp"

#include <fmt/format.h>

namespace unibox::test {
namespace {

redis::Settings SentinelSettings(const RedisSentinels& group) {
    redis::Settings settings = SettingsFor(group.url());
    settings.mode = "sentinel";
    return settings;
}

// That a write goes through, and where it goes.
bool WritesTo(redis::Client& client, const RedisServer& server, const std::string& value) {
    return Eventually(2 * kPatience, [&] {
        if (!client.Call(Command("SET").Key("k").Arg(value), kPatience).ok()) return false;
        return server.Cli({"GET", "k"}) == value;
    });
}

TEST_CASE("Sentinel: follows the master, planned and unplanned, there and back", "[redis]") {
    RedisSentinels group;
    obs::Metrics metrics;
    const auto client = ClientOf(SentinelSettings(group), metrics);
    REQUIRE(IsConnected(*client));
    REQUIRE(WritesTo(*client, group.first(), "one"));

    group.first().Kill9();
    REQUIRE(group.Becomes(group.second(), 2 * kPatience));
    REQUIRE(WritesTo(*client, group.second(), "two"));

    // The old master comes back as one, until a sentinel tells it better: nobody writes there.
    group.first().Start();
    REQUIRE(Eventually(2 * kPatience, [&] {
        return group.first().Info("role") == "slave" &&
               group.first().Info("master_link_status") == "up";
    }));
    REQUIRE(WritesTo(*client, group.second(), "three"));
    CHECK(Eventually(kPatience, [&] { return group.first().Cli({"GET", "k"}) == "three"; }));

    // The first attempts may come too early after the failover before.
    REQUIRE(Eventually(2 * kPatience, [&] {
        static_cast<void>(group.sentinel(0).Cli({"SENTINEL", "FAILOVER", "mymaster"}));
        return group.Becomes(group.first(), std::chrono::seconds(5));
    }));
    REQUIRE(WritesTo(*client, group.first(), "four"));
    CHECK(Recovers(*client));
}

TEST_CASE("Sentinel: those that are away, or know of no such master, harm nobody", "[redis]") {
    RedisSentinels group;
    obs::Metrics metrics;
    redis::Settings settings = SentinelSettings(group);
    settings.sentinel_master = "another";
    const auto lost = ClientOf(settings, metrics);
    REQUIRE(Eventually(kPatience, [&] {
        const Status status = lost->Call(Command("PING"), kPatience).status();
        return status.message().find("No such master") != std::string::npos;
    }));
    group.sentinel(0).Kill9();
    group.sentinel(1).Pause();
    settings = SentinelSettings(group);
    settings.connect_timeout_ms = 500;
    const auto client = ClientOf(settings, metrics);
    REQUIRE(IsConnected(*client));
    REQUIRE(WritesTo(*client, group.first(), "one"));
    // While none is there the master is known, and used.
    group.sentinel(2).Kill9();
    REQUIRE(WritesTo(*client, group.first(), "two"));
    group.first().Restart();
    REQUIRE(WritesTo(*client, group.first(), "three"));
    group.sentinel(1).Resume();
    CHECK(Recovers(*client));
}

// A sentinel of its own, whose news of the master is as old as this epoch.
RedisServerOptions Witness(const RedisServer& master, int config_epoch) {
    RedisServerOptions options;
    options.is_sentinel = true;
    options.extra_config = fmt::format(
        "sentinel monitor mymaster 127.0.0.1 {} 1\nsentinel config-epoch mymaster {}",
        master.port(),
        config_epoch
    );
    return options;
}

TEST_CASE("Sentinel: the newest news count, and a master that answers is not left", "[redis]") {
    RedisServer master;
    RedisServer left_behind;
    RedisServer newer(Witness(master, 5));
    RedisServer older(Witness(left_behind, 3));
    obs::Metrics metrics;
    redis::Settings settings = SettingsFor(older.url() + "," + newer.url());
    settings.mode = "sentinel";
    const auto client = ClientOf(settings, metrics);
    REQUIRE(WritesTo(*client, master, "one"));
    newer.Kill9();
    // Several rounds in which the older one alone is asked.
    const auto asked = [&] { return std::stoll(older.Info("total_commands_processed")); };
    const std::int64_t before = asked();
    REQUIRE(Eventually(kPatience, [&] { return asked() > before + 10; }));
    CHECK(client->Call(Command("SET").Key("k").Arg("two"), kPatience).ok());
    CHECK(master.Cli({"GET", "k"}) == "two");
    // When it is lost, old news are better than none.
    master.Kill9();
    CHECK(WritesTo(*client, left_behind, "three"));
    master.Start();
    newer.Start();
    CHECK(WritesTo(*client, master, "four"));
    CHECK(Recovers(*client));
}

TEST_CASE("Sentinel: a server that is no master is not used, whoever names it", "[redis]") {
    RedisServer master;
    RedisServer replica({.extra_config = fmt::format("replicaof 127.0.0.1 {}", master.port())});
    RedisServerOptions options;
    options.is_sentinel = true;
    options.extra_config = fmt::format("sentinel monitor mymaster 127.0.0.1 {} 1", replica.port());
    RedisServer sentinel(options);
    redis::Settings settings = SettingsFor(sentinel.url());
    settings.mode = "sentinel";
    obs::Metrics metrics;
    const auto client = ClientOf(settings, metrics);
    REQUIRE(Eventually(kPatience, [&] {
        const Status status = client->Call(Command("PING"), kPatience).status();
        return status.message().find("not the master") != std::string::npos;
    }));
    CHECK_FALSE(client->connected());
    CHECK(replica.Cli({"REPLICAOF", "NO", "ONE"}) == "OK");
    CHECK(Recovers(*client));
}

}  // namespace
}  // namespace unibox::test
