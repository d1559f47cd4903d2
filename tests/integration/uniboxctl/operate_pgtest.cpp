// The operator's other verbs: migrate, streams, partitions, restored, dead letters, raw webhooks.
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "nats/streams.hpp"
#include "store/admin.hpp"
#include "store/partitions.hpp"
#include "support/status_matchers.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/inbound.pb.h"
#include "uniboxctl/log_publisher.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"
#include "wire/subjects.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitFailed;
using ctl::kExitOk;

namespace {

std::unique_ptr<nats::Connection> Connect(CtlFixture& fixture) {
    nats::Settings settings;
    settings.url = fixture.nats().url();
    auto connection = nats::Connection::Connect(settings, fixture.metrics());
    REQUIRE_OK(connection);
    return std::move(connection).value();
}

void Store(CtlFixture& fixture, const std::string& subject, const std::string& payload) {
    const auto connection = Connect(fixture);
    auto publisher = nats::Publisher::Create(*connection, {}, fixture.metrics());
    REQUIRE_OK(publisher);
    std::promise<Result<nats::PubAck>> promise;
    auto future = promise.get_future();
    (*publisher)
        ->Publish(
            {subject, "", "", payload, ""},
            std::chrono::steady_clock::now() + Millis(5000),
            [&](Result<nats::PubAck> ack) { promise.set_value(std::move(ack)); }
        );
    REQUIRE_OK(future.get());
}

}  // namespace

TEST_CASE("migrate: an empty database, then again", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto empty = test::PgServer::Shared().CreateEmptyDatabase();
    const std::vector<std::string> command{
        "--set", "postgres.url=" + empty.url("postgres"), "migrate"};
    const auto first = fixture.Run(command, "postgres");
    INFO(first.log);
    REQUIRE(first.code == kExitOk);
    CHECK(!first.json["applied"].empty());
    CHECK(first.json["version"] == first.json["applied"].size());
    const auto second = fixture.Run(command, "postgres");
    REQUIRE(second.code == kExitOk);
    CHECK(second.json["applied"].empty());
    CHECK(second.json["version"] == first.json["version"]);
}

TEST_CASE("streams: ensured twice, listed, limits raised", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const std::vector<std::string> ensure{"streams", "ensure", "--partitions", "2"};
    const auto first = fixture.Run(ensure);
    INFO(first.log);
    REQUIRE(first.code == kExitOk);
    CHECK(first.json["streams"].size() == 5);
    CHECK(fixture.Run(ensure).json["streams"] == first.json["streams"]);
    const auto raised =
        fixture.Run({"streams", "ensure", "--partitions", "2", "--in-bytes-max", "2147483648"});
    REQUIRE(raised.code == kExitOk);
    bool seen = false;
    for (const auto& stream : raised.json["streams"]) {
        if (stream["stream"] != "UB_IN_1_00") continue;
        seen = true;
        CHECK(stream["mebibytes_max"] == 2048.0);
    }
    CHECK(seen);
}

TEST_CASE("partitions: lag, and an acknowledged gap", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    for (int i = 0; i < 3; ++i) Store(fixture, wire::InSubject(1, 0, TenantId{1}), "event");
    const auto connection = Connect(fixture);
    nats::Streams streams(*connection);
    const auto info = streams.Info("UB_IN_1_00");
    REQUIRE_OK(info);
    REQUIRE_OK(store::EnsurePartition(fixture.pool(), {1, 0}, info->created_unix_ms));

    auto list = fixture.Run({"partitions", "list"});
    INFO(list.log);
    REQUIRE(list.code == kExitOk);
    CHECK(list.json["partitions"][0]["lag_messages"] == 3);
    CHECK(list.json["partitions"][0]["state"] == "free");

    REQUIRE_OK(streams.PurgeUpTo("UB_IN_1_00", 3));
    list = fixture.Run({"partitions", "list"});
    CHECK(list.json["partitions"][0]["state"] == "2 expired unread");
    const auto skip = fixture.Run({"partitions", "skip", "--partition", "0", "--by", "jane"});
    REQUIRE(skip.code == kExitOk);
    CHECK(skip.json["skipped_sequences"] == 2);
    list = fixture.Run({"partitions", "list"});
    CHECK(list.json["partitions"][0]["last_seq"] == 2);
    CHECK(list.json["partitions"][0]["lag_messages"] == 1);
    CHECK(list.json["partitions"][0]["state"] == "free");
}

TEST_CASE("restored: a new feed epoch and higher lease epochs", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE_OK(store::EnsurePartition(fixture.pool(), {1, 0}, 1'700'000'000'000));
    const auto before = store::GetFeed(fixture.pool());
    REQUIRE_OK(before);
    const auto restored = fixture.Run({"restored"});
    INFO(restored.log);
    REQUIRE(restored.code == kExitOk);
    const auto after = store::GetFeed(fixture.pool());
    REQUIRE_OK(after);
    CHECK(after->epoch != before->epoch);
    CHECK(restored.json["feed_epoch"] == after->epoch.ToString());
    const auto partitions = store::ListPartitions(fixture.pool());
    REQUIRE_OK(partitions);
    CHECK(partitions->at(0).epoch >= 1'000'000);
}

TEST_CASE("dead letters: listed, shown, put back into the log once", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "2"}).code == kExitOk);
    event::v1::InboundEvent event;
    event.set_tenant_id(7);
    event.set_channel_id(std::string(16, '\x11'));
    event.set_thread_key("thread");
    event.mutable_message()->set_text("hello");
    test::PgServer::Shared().Run(
        fixture.database().name(),
        "INSERT INTO dead_letter (generation, partition, stream_seq, event, sqlstate, error) "
        "VALUES "
        "(1, 0, 5, decode('" +
            HexEncode(event.SerializeAsString()) + "', 'hex'), '22001', 'too long')"
    );
    const auto list = fixture.Run({"dead-letters", "list"});
    INFO(list.log);
    REQUIRE(list.code == kExitOk);
    REQUIRE(list.json["dead_letters"].size() == 1);
    CHECK(list.json["dead_letters"][0]["sqlstate"] == "22001");
    const auto show = fixture.Run({"dead-letters", "show", "1"});
    REQUIRE(show.code == kExitOk);
    CHECK(show.json["event"].get<std::string>().find("hello") != std::string::npos);

    const auto replay = fixture.Run({"dead-letters", "replay", "--all"});
    INFO(replay.log);
    REQUIRE(replay.code == kExitOk);
    REQUIRE(replay.json["replayed"].size() == 1);
    const auto connection = Connect(fixture);
    const auto stored =
        nats::Streams(*connection).Get(replay.json["replayed"][0]["stream"].get<std::string>(), 1);
    REQUIRE_OK(stored);
    CHECK(stored->payload == event.SerializeAsString());
    CHECK(stored->subject.find(".7") != std::string::npos);
    CHECK(fixture.Run({"dead-letters", "replay", "--all"}).json["replayed"].empty());
    CHECK(fixture.Run({"dead-letters", "show", "99"}).code == kExitFailed);
}

TEST_CASE("raw: listed, shown, read anew once a channel has the route", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "2"}).code == kExitOk);
    event::v1::RawWebhook raw;
    raw.set_provider("meta");
    raw.set_path("/v1/hooks/meta");
    raw.set_reason("unknown_route");
    raw.set_content_type("application/json");
    raw.set_receive_time_ms(1'785'412'801'000);
    raw.set_body(
        R"({"object":"page","entry":[{"id":"4711","time":1785412800250,"messaging":[{"sender":)"
        R"({"id":"99"},"recipient":{"id":"4711"},"timestamp":1785412800000,)"
        R"("message":{"mid":"m_1","text":"anybody?"}}]}]})"
    );
    Store(fixture, wire::RawSubject("meta"), raw.SerializeAsString());
    const auto list = fixture.Run({"raw", "list"});
    INFO(list.log);
    REQUIRE(list.code == kExitOk);
    REQUIRE(list.json["raw_webhooks"].size() == 1);
    CHECK(list.json["raw_webhooks"][0]["reason"] == "unknown_route");
    CHECK(fixture.Run({"raw", "show", "1"}).json["body"] == raw.body());

    const auto early = fixture.Run({"raw", "replay", "1"});
    REQUIRE(early.code == kExitOk);
    CHECK(early.json["events"][0]["stream"] == "");
    REQUIRE(
        fixture
            .Apply("tenants: [{name: late, channels: [{name: p, provider: messenger, route: "
                   "'4711'}]}]")
            .code == kExitOk
    );
    const auto replay = fixture.Run({"raw", "replay", "1"});
    INFO(replay.log);
    REQUIRE(replay.code == kExitOk);
    REQUIRE(replay.json["events"].size() == 1);
    const auto connection = Connect(fixture);
    const auto stored =
        nats::Streams(*connection).Get(replay.json["events"][0]["stream"].get<std::string>(), 1);
    REQUIRE_OK(stored);
    event::v1::InboundEvent event;
    REQUIRE(event.ParseFromString(stored->payload));
    CHECK(event.message().text() == "anybody?");
    CHECK(event.receive_time_ms() == raw.receive_time_ms());
}

TEST_CASE("raw: a webhook in parts is put together, from any of them", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    event::v1::RawWebhook raw;
    raw.set_provider("telegram");
    raw.set_part_count(2);
    for (const auto& [id, part] : {std::pair("one", 1), {"two", 0}, {"one", 0}, {"two", 1}}) {
        raw.set_id(id);
        raw.set_part(part);
        raw.set_body(std::string(id) + std::to_string(part));
        Store(fixture, wire::RawSubject("telegram"), raw.SerializeAsString());
    }
    CHECK(fixture.Run({"raw", "show", "1"}).json["body"] == "one0one1");
    CHECK(fixture.Run({"raw", "show", "3"}).json["body"] == "one0one1");
    CHECK(fixture.Run({"raw", "show", "4"}).json["body"] == "two0two1");
    raw.set_id("three");
    Store(fixture, wire::RawSubject("telegram"), raw.SerializeAsString());
    const auto torn = fixture.Run({"raw", "show", "5"});
    CHECK(torn.code == kExitFailed);
    CHECK(torn.log.find("1 of 2 parts") != std::string::npos);
}

TEST_CASE("selftest: says which dependency is not ready", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto before = fixture.Run({"selftest"});
    CHECK(before.code == kExitFailed);
    CHECK(before.json["checks"][0]["result"] == "ok");
    CHECK(before.json["checks"][1]["result"] != "ok");
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    const auto after = fixture.Run({"selftest"});
    INFO(after.log);
    CHECK(after.code == kExitOk);
}
