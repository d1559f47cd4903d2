// uniboxctl raw: what is kept, shown, and read anew.
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "nats/streams.hpp"
#include "store/admin/objects.hpp"
#include "store/directory/lookups.hpp"
#include "subjects/subjects.hpp"
#include "support/status_matchers.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/inbound.pb.h"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitFailed;
using ctl::kExitOk;
using ctl::kExitUnavailable;

TEST_CASE("raw: listed, shown, read anew once a channel has the route", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "2"}).code == kExitOk);
    event::v1::RawWebhook raw;
    raw.set_provider("meta");
    raw.set_path("/v1/hooks/meta");
    raw.set_reason("unknown_route");
    raw.set_content_type("application/json");
    const Uuid app = NewUuidV7(SystemClock().UnixMillis());
    raw.add_app_ids(app.ToBytes());
    raw.set_receive_time_ms(SystemClock().UnixMillis() - 1000);
    raw.set_body(
        R"({"object":"page","entry":[{"id":"4711","time":1785412800250,"messaging":[{"sender":)"
        R"({"id":"99"},"recipient":{"id":"4711"},"timestamp":1785412800000,)"
        R"("message":{"mid":"m_1","text":"anybody?"}}]}]})"
    );
    fixture.Store(subjects::RawSubject("meta"), raw.SerializeAsString());
    const auto list = fixture.Run({"raw", "list"});
    INFO(list.log);
    REQUIRE(list.code == kExitOk);
    REQUIRE(list.json["raw_webhooks"].size() == 1);
    CHECK(list.json["raw_webhooks"][0]["reason"] == "unknown_route");
    CHECK(list.json["raw_webhooks"][0]["method"] == "POST");
    const auto shown = fixture.Run({"raw", "show", "1"}).json;
    CHECK(shown["body"] == raw.body());
    CHECK(shown["app_ids"] == app.ToString());
    CHECK(shown["parts"] == 1);

    const auto early = fixture.Run({"raw", "replay", "1"});
    CHECK(early.code == kExitFailed);
    CHECK(early.log.find("1 of 1 parts could not be replayed") != std::string::npos);
    CHECK(early.json["events"][0]["stream"] == "");
    const std::string tenants =
        "tenants: [{name: late, channels: [{name: p, provider: messenger, route: '4711'}]}]";
    REQUIRE(
        fixture
            .Apply("apps: [{name: other, provider: meta, secret: s, verify_token: v}]\n" + tenants)
            .code == kExitOk
    );
    const auto foreign = fixture.Run({"raw", "replay", "1"});
    CHECK(foreign.code == kExitFailed);
    CHECK(
        foreign.json["events"][0]["note"] ==
        "another app has the route 4711: other. If it signed the webhook, replay it with --app "
        "other"
    );
    REQUIRE_OK(store::PutApp(fixture.pool(), app, {"signer", "meta"}, "sealed"));
    REQUIRE(
        fixture
            .Apply(std::string(tenants).replace(tenants.find("'4711'"), 6, "'4711', app: signer"))
            .code == kExitOk
    );
    const auto replay = fixture.Run({"raw", "replay", "1"});
    INFO(replay.log);
    REQUIRE(replay.code == kExitOk);
    REQUIRE(replay.json["events"].size() == 1);
    const auto connection = fixture.Connect();
    const auto stored =
        nats::Streams(*connection).Get(replay.json["events"][0]["stream"].get<std::string>(), 1);
    REQUIRE_OK(stored);
    event::v1::InboundEvent event;
    REQUIRE(event.ParseFromString(stored->payload));
    CHECK(event.message().text() == "anybody?");
    CHECK(event.receive_time_ms() == raw.receive_time_ms());
}

TEST_CASE(
    "raw: an event for another route does not go into the channel it came to", "[pg][uniboxctl]"
) {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    const auto applied = fixture.Apply(
        "tenants: [{name: t, channels: [{name: p, provider: messenger, route: '1', secret: s}]}]"
    );
    REQUIRE(applied.code == kExitOk);
    const auto channel =
        store::FindChannelsByRoute(fixture.lookups(), v1::PROVIDER_MESSENGER, {"1"});
    REQUIRE(channel->size() == 1);
    event::v1::RawWebhook raw;
    raw.set_provider("meta");
    raw.set_tenant_id(channel->front().channel.tenant.value);
    raw.set_channel_id(channel->front().channel.channel.value.ToBytes());
    raw.set_receive_time_ms(SystemClock().UnixMillis());
    raw.set_body(
        R"({"object":"page","entry":[{"id":"4711","time":1785412800250,"messaging":[{"sender":)"
        R"({"id":"99"},"recipient":{"id":"4711"},"timestamp":1785412800000,)"
        R"("message":{"mid":"m_1","text":"astray"}}]}]})"
    );
    fixture.Store(subjects::RawSubject("meta"), raw.SerializeAsString());
    const auto replay = fixture.Run({"raw", "replay", "1"});
    CHECK(replay.code == kExitFailed);
    CHECK(replay.json["events"][0]["note"] == "the channel does not have the route 4711");
}

TEST_CASE("raw: what is older than the dedup window goes back by force alone", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    event::v1::RawWebhook raw;
    raw.set_provider("telegram");
    raw.set_body(R"({"update_id":1,"poll":{"id":"9"}})");
    raw.set_receive_time_ms(SystemClock().UnixMillis() - 14LL * 24 * 3600 * 1000);
    fixture.Store(subjects::RawSubject("telegram"), raw.SerializeAsString());
    const auto old = fixture.Run({"raw", "replay", "1"});
    CHECK(old.code == kExitFailed);
    CHECK(old.log.find("would be written twice") != std::string::npos);
    const auto forced = fixture.Run({"raw", "replay", "1", "--force"});
    CHECK(forced.log.find("would be written twice") == std::string::npos);
}

TEST_CASE("raw: a channel that cannot be looked up is an error, not a row", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    event::v1::RawWebhook raw;
    raw.set_provider("telegram");
    raw.set_tenant_id(1);
    raw.set_channel_id(std::string(16, '\x11'));
    raw.set_body(R"({"update_id":1,"message":{"message_id":1,"date":1785412800,"text":"Hi","chat":)"
                 R"({"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"Zoe"}}})"
    );
    fixture.Store(subjects::RawSubject("telegram"), raw.SerializeAsString());
    CHECK(fixture.Run({"raw", "replay", "1"}).json["events"].size() == 1);  // No such channel.
    // As a database that is being restarted answers.
    test::PgServer::Shared().Run(
        fixture.database().name(),
        "CREATE OR REPLACE FUNCTION ub_find_channel(wanted_tenant bigint, wanted_channel uuid) "
        "RETURNS TABLE (tenant_id bigint, channel_id uuid, provider smallint, route_key text, "
        "token_hash bytea, public_base_url text, settings text, reopen_window_s int, "
        "ingest_rate_per_s int, ingest_burst int, disabled boolean, secrets bytea[], "
        "secrets_valid_until timestamptz, app_id uuid) LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'starting up' USING ERRCODE = '57P03'; END $$"
    );
    const auto away = fixture.Run({"raw", "replay", "1"});
    CHECK(away.code == kExitUnavailable);
    CHECK(away.log.find("starting up") != std::string::npos);
}

TEST_CASE("raw: a body of any bytes is shown safely and written exactly", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    event::v1::RawWebhook raw;
    raw.set_provider("telegram");
    raw.set_body(std::string("a\x1b[2J\xff\n\0z", 9));
    fixture.Store(subjects::RawSubject("telegram"), raw.SerializeAsString());
    const auto people = fixture.RunForPeople({"raw", "show", "1"});
    REQUIRE(people.code == kExitOk);
    CHECK(people.out.find("body: a\\x1b[2J\\xff\n\\x00z\n") != std::string::npos);
    CHECK(people.out.find('\x1b') == std::string::npos);
    const auto json = fixture.Run({"raw", "show", "1"}).json;
    CHECK(Base64Decode(json["body_base64"].get<std::string>()) == raw.body());
    const std::string path = fixture.folder() / "body";
    const std::vector<std::string> to_file{"raw", "show", "1", "--body-file", path};
    REQUIRE(fixture.Run(to_file).code == kExitOk);
    std::ostringstream written;
    written << std::ifstream(path, std::ios::binary).rdbuf();
    CHECK(written.str() == raw.body());
    CHECK(fixture.Run(to_file).code == kExitFailed);  // There is one.
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
        fixture.Store(subjects::RawSubject("telegram"), raw.SerializeAsString());
    }
    const auto whole = fixture.Run({"raw", "show", "1"}).json;
    CHECK(whole["body"] == "one0one1");
    CHECK(whole["parts"] == 2);
    CHECK(fixture.Run({"raw", "show", "3"}).json["body"] == "one0one1");
    CHECK(fixture.Run({"raw", "show", "4"}).json["body"] == "two0two1");
    raw.set_id("three");
    fixture.Store(subjects::RawSubject("telegram"), raw.SerializeAsString());
    const auto torn = fixture.Run({"raw", "show", "5"});
    CHECK(torn.code == kExitFailed);
    CHECK(torn.log.find("1 of 2 parts") != std::string::npos);
}
