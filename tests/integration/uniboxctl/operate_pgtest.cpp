// The operator's other verbs: migrate, streams, partitions, restored, dead letters.
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "nats/streams.hpp"
#include "store/admin/objects.hpp"
#include "store/streams/feed.hpp"
#include "store/writer/partitions.hpp"
#include "subjects/subjects.hpp"
#include "support/detached_leaf.hpp"
#include "support/status_matchers.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "unibox/event/v1/inbound.pb.h"
#include "uniboxctl/log_publisher.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitBadInput;
using ctl::kExitFailed;
using ctl::kExitOk;
using ctl::kExitUnavailable;

TEST_CASE("migrate: an empty database, then again", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto empty = test::PgServer::Shared().CreateEmptyDatabase();
    const std::vector<std::string> command{
        "--set", "postgres.url=" + empty.url("postgres"), "migrate"};
    const auto first = fixture.Run(command, "postgres");
    INFO(first.log);
    REQUIRE(first.code == kExitOk);
    CHECK(!first.json["applied"].empty());
    CHECK(first.json["version"] >= first.json["applied"].size());
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
    CHECK(first.json["streams"].size() == 4);
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

TEST_CASE("streams: what is left out keeps what an operator raised", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "2"}).code == kExitOk);
    const auto raised = fixture.Run(
        {"streams",
         "ensure",
         "--in-bytes-max",
         "2147483648",
         "--ev-bytes-max",
         "8589934592",
         "--dedup-window-ms",
         "60000"}
    );
    INFO(raised.log);
    REQUIRE(raised.code == kExitOk);
    CHECK(raised.json["streams"].size() == 4);
    const auto again = fixture.Run({"streams", "ensure"});
    REQUIRE(again.code == kExitOk);
    CHECK(again.json["streams"] == raised.json["streams"]);
    CHECK(again.json["streams"][0]["stream"] == "UB_EV");
    CHECK(again.json["streams"][0]["mebibytes_max"] == 8192.0);
    const auto people = fixture.RunForPeople({"streams", "list"});
    REQUIRE(people.code == kExitOk);
    CHECK(people.out.rfind("STREAM      MESSAGES  FIRST SEQ  LAST SEQ", 0) == 0);
    CHECK(people.out.find("\nUB_IN_1_01") != std::string::npos);
}

TEST_CASE("streams: a limit below what is stored is refused", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    const std::string half_a_mebibyte(512 * 1024, 'x');
    for (int i = 0; i < 8; ++i) {
        fixture.Store(subjects::InSubject(1, 0, TenantId{1}), half_a_mebibyte);
    }
    const auto lowered = fixture.Run({"streams", "ensure", "--in-bytes-max", "1048576"});
    CHECK(lowered.code == kExitFailed);
    CHECK(lowered.log.find("UB_IN_1_00 holds 4") != std::string::npos);
    const auto connection = fixture.Connect();
    const auto info = nats::Streams(*connection).Info("UB_IN_1_00");
    REQUIRE_OK(info);
    CHECK(info->first_seq == 1);
    CHECK(info->messages == 8);
    CHECK(info->bytes_max == 1LL << 30);
}

TEST_CASE("streams: another count of partitions is a new generation", "[pg][uniboxctl]") {
    CtlFixture fixture;
    // Small ones: the server reserves disk for each limit.
    const std::vector<std::string> first{
        "streams", "ensure", "--partitions", "4", "--in-bytes-max", "33554432"};
    REQUIRE(fixture.Run(first).code == kExitOk);
    const auto in_place = fixture.Run({"streams", "ensure", "--partitions", "6"});
    CHECK(in_place.code == kExitFailed);
    CHECK(in_place.log.find("generation 1 has 4 partitions") != std::string::npos);
    CHECK(in_place.log.find("--generation 2 --partitions 6") != std::string::npos);
    const auto connection = fixture.Connect();
    nats::Streams streams(*connection);
    CHECK(streams.List(subjects::kInStreamPrefix)->size() == 4);
    const std::vector<std::string> raise{
        "streams", "ensure", "--in-bytes-max", "67108864", "--dedup-window-ms", "60000"};
    REQUIRE(fixture.Run(raise).code == kExitOk);
    const std::vector<std::string> seal{"streams", "seal", "--generation", "1"};
    const auto nowhere = fixture.Run(seal);
    CHECK(nowhere.code == kExitFailed);
    CHECK(nowhere.log.find("streams ensure --generation 2") != std::string::npos);

    const std::vector<std::string> beside{
        "streams", "ensure", "--generation", "2", "--partitions", "6"};
    const auto made = fixture.Run(beside);
    INFO(made.log);
    REQUIRE(made.code == kExitOk);
    const auto state_of = [](const auto& result, const std::string& stream) {
        for (const auto& row : result.json["streams"]) {
            if (row["stream"] == stream) return std::string(row["state"]);
        }
        return std::string("absent");
    };
    CHECK(state_of(made, "UB_IN_1_03") == "written");
    CHECK(state_of(made, "UB_IN_2_05") == "waits");
    CHECK(state_of(made, "UB_EV") == "");
    CHECK(streams.List("UB_IN_2_")->size() == 6);
    const auto as_before = streams.Info("UB_IN_2_05");
    CHECK(as_before->bytes_max == 67108864);
    CHECK(as_before->dedup_window_ms == 60'000);
    CHECK(as_before->age_max_ms == 7LL * 24 * 3600 * 1000);
    // From now on it is the one that is meant; the old one stays as it was.
    REQUIRE(fixture.Run({"streams", "ensure"}).code == kExitOk);
    CHECK(streams.List(subjects::kInStreamPrefix)->size() == 10);
    REQUIRE_OK(streams.Delete("UB_IN_2_05"));
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "6"}).code == kExitOk);
    CHECK(streams.List("UB_IN_2_")->size() == 6);

    const auto sealed = fixture.Run(seal);
    REQUIRE(sealed.code == kExitOk);
    CHECK(state_of(sealed, "UB_IN_1_03") == "sealed");
    CHECK(state_of(sealed, "UB_IN_2_05") == "written");
    const auto infos = streams.List(subjects::kInStreamPrefix);
    REQUIRE_OK(infos);
    for (const auto& info : *infos) CHECK(info.sealed == info.name.starts_with("UB_IN_1_"));
    CHECK(fixture.Run(seal).json["streams"] == sealed.json["streams"]);
    CHECK(fixture.Run({"streams", "seal", "--generation", "2"}).code == kExitFailed);
    CHECK(fixture.Run({"streams", "seal", "--generation", "3"}).code == kExitFailed);
    const auto reopened = fixture.Run({"streams", "ensure", "--generation", "1"});
    CHECK(reopened.code == kExitFailed);
    CHECK(reopened.log.find("it is sealed") != std::string::npos);
}

TEST_CASE("streams: a generation keeps its count, whatever becomes of its streams", "[pg]") {
    CtlFixture fixture;
    const std::vector<std::string> first{
        "streams", "ensure", "--partitions", "3", "--in-bytes-max", "33554432"};
    REQUIRE(fixture.Run(first).code == kExitOk);
    const auto connection = fixture.Connect();
    nats::Streams streams(*connection);
    const auto state_of = [&](const std::string& stream) {
        const auto list = fixture.Run({"streams", "list"});
        for (const auto& row : list.json["streams"]) {
            if (row["stream"] == stream) return std::string(row["state"]);
        }
        return std::string("absent");
    };
    // The highest: those that are left look like a whole generation of two.
    REQUIRE_OK(streams.Delete("UB_IN_1_02"));
    CHECK(state_of("UB_IN_1_01") == "written");
    CHECK(state_of("UB_IN_1_02") == "missing");
    REQUIRE(fixture.Run({"streams", "ensure"}).code == kExitOk);
    CHECK(state_of("UB_IN_1_02") == "written");
    CHECK(streams.Info("UB_IN_1_02")->bytes_max == 33554432);  // As its siblings.
    CHECK(streams.Info("UB_IN_1_02")->description == "partition 2 of 0 to 2");

    for (int i = 0; i < 3; ++i) REQUIRE_OK(streams.Delete(subjects::InStream(1, i)));
    const auto other = fixture.Run({"streams", "ensure", "--partitions", "2"});
    CHECK(other.code == kExitFailed);
    CHECK(other.log.find("generation 1 has 3 partitions") != std::string::npos);
    REQUIRE(fixture.Run({"streams", "ensure"}).code == kExitOk);
    CHECK(streams.List("UB_IN_1_")->size() == 3);

    // The database and the streams must tell the same.
    for (int i = 0; i < 3; ++i) REQUIRE_OK(streams.Delete(subjects::InStream(1, i)));
    nats::StreamOptions strange;
    strange.partition_count = 4;
    strange.in_bytes_max = 33554432;
    for (const auto& spec : nats::UniboxStreams(strange)) REQUIRE_OK(streams.Ensure(spec));
    const auto refused = fixture.Run({"streams", "ensure"});
    CHECK(refused.code == kExitFailed);
    CHECK(refused.log.find("tell of 3 and of 4") != std::string::npos);
    CHECK(streams.List("UB_IN_1_")->size() == 4);
}

TEST_CASE("streams: what lacks streams takes over from nobody", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto ensure = [&](const char* generation, const char* count) {
        return fixture.Run(
            {"streams",
             "ensure",
             "--generation",
             generation,
             "--partitions",
             count,
             "--in-bytes-max",
             "33554432"}
        );
    };
    REQUIRE(ensure("1", "2").code == kExitOk);
    REQUIRE(ensure("2", "3").code == kExitOk);
    const auto connection = fixture.Connect();
    nats::Streams streams(*connection);
    REQUIRE_OK(streams.Delete("UB_IN_2_01"));
    const auto refused = fixture.Run({"streams", "seal", "--generation", "1"});
    CHECK(refused.code == kExitFailed);
    CHECK(refused.log.find("streams ensure --generation 2") != std::string::npos);
    CHECK_FALSE(streams.Info("UB_IN_1_00")->sealed);
    REQUIRE(ensure("2", "3").code == kExitOk);
    REQUIRE(fixture.Run({"streams", "seal", "--generation", "1"}).code == kExitOk);
    // Nothing is made beside what is sealed: message-writer would wait for its end for ever.
    REQUIRE_OK(streams.Delete("UB_IN_1_01"));
    const auto beside = ensure("1", "2");
    CHECK(beside.code == kExitFailed);
    CHECK(beside.log.find("it is sealed") != std::string::npos);
    CHECK(streams.List("UB_IN_1_")->size() == 1);
    REQUIRE_OK(streams.Delete("UB_IN_1_00"));
    const auto older = ensure("1", "2");
    CHECK(older.code == kExitFailed);
    CHECK(older.log.find("there is a generation 2") != std::string::npos);
}

TEST_CASE("partitions: lag, and an acknowledged gap", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    for (int i = 0; i < 3; ++i) fixture.Store(subjects::InSubject(1, 0, TenantId{1}), "event");
    const auto connection = fixture.Connect();
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

TEST_CASE("partitions: detached leaves are told", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    CHECK_FALSE(fixture.Run({"partitions", "list"}).json.contains("detached_leaves"));
    const auto run = [&](const std::string& sql) {
        test::PgServer::Shared().Run(fixture.database().name(), sql);
    };
    run(test::DetachLeafSql("conversations", "'infinity'"));
    const auto list = fixture.Run({"partitions", "list"});
    INFO(list.log);
    REQUIRE(list.code == kExitOk);
    CHECK(list.json["detached_leaves"] == nlohmann::json::array({"conversations_live"}));
    run(test::AttachLeavesSql());
    CHECK_FALSE(fixture.Run({"partitions", "list"}).json.contains("detached_leaves"));
}

TEST_CASE("partitions: a stop is resumed; stored events are given up by force", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    for (int i = 0; i < 3; ++i) fixture.Store(subjects::InSubject(1, 0, TenantId{1}), "event");
    REQUIRE_OK(store::EnsurePartition(fixture.pool(), {1, 0}, 1'700'000'000'000));
    const std::vector<std::string> resume{"partitions", "resume", "--partition", "0"};
    CHECK(fixture.Run(resume).code == kExitFailed);
    test::PgServer::Shared().Run(
        fixture.database().name(), "UPDATE ingest_partition SET stopped_reason = 'poison'"
    );
    const auto resumed = fixture.Run(resume);
    INFO(resumed.log);
    REQUIRE(resumed.code == kExitOk);
    CHECK(resumed.json["was_stopped_for"] == "poison");
    auto state = store::ListPartitions(fixture.pool())->at(0);
    CHECK(state.stopped_reason.empty());
    CHECK(state.last_seq == 0);
    CHECK(fixture.Run({"partitions", "resume", "--partition", "7"}).code == kExitFailed);

    std::vector<std::string> skip{
        "partitions", "skip", "--partition", "0", "--by", "jane", "--to", "2"};
    const auto refused = fixture.Run(skip);
    CHECK(refused.code == kExitFailed);
    CHECK(refused.log.find("1 to 2 are stored") != std::string::npos);
    CHECK(refused.log.find("--bury") != std::string::npos);
    CHECK(store::ListPartitions(fixture.pool())->at(0).last_seq == 0);
    skip.emplace_back("--force");
    REQUIRE(fixture.Run(skip).code == kExitOk);
    CHECK(store::ListPartitions(fixture.pool())->at(0).last_seq == 2);
    skip.pop_back();
    CHECK(fixture.Run(skip).code == kExitOk);  // Gives nothing up.
    const auto connection = fixture.Connect();
    REQUIRE_OK(nats::Streams(*connection).PurgeUpTo("UB_IN_1_00", 4));
    skip.back() = "3";
    CHECK(fixture.Run(skip).code == kExitOk);  // It expired.
}

TEST_CASE("partitions: only what needs it is reset", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    for (int i = 0; i < 3; ++i) fixture.Store(subjects::InSubject(1, 0, TenantId{1}), "event");
    const auto connection = fixture.Connect();
    const auto stream = nats::Streams(*connection).Info("UB_IN_1_00");
    REQUIRE_OK(stream);
    REQUIRE_OK(store::EnsurePartition(fixture.pool(), {1, 0}, stream->created_unix_ms));
    const auto set = [&](const std::string& what) {
        test::PgServer::Shared().Run(
            fixture.database().name(), "UPDATE ingest_partition SET " + what
        );
    };
    const auto last_seq = [&] { return store::ListPartitions(fixture.pool())->at(0).last_seq; };
    set("last_seq = 2");
    std::vector<std::string> reset{"partitions", "reset", "--partition", "0"};
    const auto refused = fixture.Run(reset);
    CHECK(refused.code == kExitFailed);
    CHECK(refused.log.find("there is nothing to reset. --force") != std::string::npos);
    CHECK(last_seq() == 2);
    for (const std::string& needs_it :
         {std::string("last_seq = 2, stopped_reason = 'poison'"),
          std::string("last_seq = 2, stream_created = '2020-01-01'"),
          std::string("last_seq = 4")}) {  // The stream has lost its tail.
        set(needs_it);
        const auto done = fixture.Run(reset);
        INFO(needs_it << done.log);
        CHECK(done.code == kExitOk);
        CHECK(last_seq() == 0);
        CHECK(fixture.Run(reset).code == kExitFailed);
    }
    set("last_seq = 2");
    reset.emplace_back("--force");
    CHECK(fixture.Run(reset).code == kExitOk);
    CHECK(last_seq() == 0);
    CHECK(fixture.Run({"partitions", "reset", "--partition", "7", "--force"}).code == kExitFailed);
}

TEST_CASE("tenants and keys are listed", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(
        fixture
            .Apply("tenants: [{name: a, display_name: Aye, disabled: true, api_keys: [{name: k, "
                   "scopes: ['inbox:read', 'ingest:write']}]}, {name: b}, {name: c}]")
            .code == kExitOk
    );
    const auto all = fixture.Run({"tenants"}).json["tenants"];
    REQUIRE(all.size() == 3);
    CHECK(all[0]["tenant"] == "a");
    CHECK(all[0]["display_name"] == "Aye");
    CHECK(all[0]["ingest_rate_per_s"] == 200);
    CHECK(all[0]["state"] == "disabled");
    CHECK(all[1]["state"] == "enabled");
    const std::string id = std::to_string(all[0]["tenant_id"].get<int>());
    const auto page = fixture.Run({"tenants", "--after", id, "--limit", "1"}).json["tenants"];
    REQUIRE(page.size() == 1);
    CHECK(page[0]["tenant"] == "b");
    const auto keys = fixture.Run({"keys", "--tenant", "a"}).json["api_keys"];
    REQUIRE(keys.size() == 1);
    CHECK(keys[0]["name"] == "k");
    CHECK(keys[0]["scopes"] == nlohmann::json{"inbox:read", "ingest:write"});
    CHECK(keys[0]["state"] == "valid");
    CHECK(fixture.Run({"keys", "--tenant", "nobody"}).code == kExitFailed);
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
    const auto connection = fixture.Connect();
    const auto stored =
        nats::Streams(*connection).Get(replay.json["replayed"][0]["stream"].get<std::string>(), 1);
    REQUIRE_OK(stored);
    CHECK(stored->payload == event.SerializeAsString());
    CHECK(stored->subject.find(".7") != std::string::npos);
    CHECK(fixture.Run({"dead-letters", "replay", "--all"}).json["replayed"].empty());
    CHECK(fixture.Run({"dead-letters", "show", "99"}).code == kExitFailed);
}

TEST_CASE("dead letters: one that cannot go back keeps no other", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    event::v1::InboundEvent event;
    event.set_tenant_id(7);
    event.set_thread_key("thread");
    for (const std::string& channel_id : {std::string(5, '\x11'), std::string(16, '\x11')}) {
        event.set_channel_id(channel_id);
        test::PgServer::Shared().Run(
            fixture.database().name(),
            "INSERT INTO dead_letter (generation, partition, stream_seq, event, sqlstate, error) "
            "VALUES (1, 0, 5, decode('" +
                HexEncode(event.SerializeAsString()) + "', 'hex'), '22001', 'too long')"
        );
    }
    const auto replay = fixture.Run({"dead-letters", "replay", "--all"});
    CHECK(replay.code == kExitFailed);
    CHECK(replay.log.find("1 dead letters could not be replayed") != std::string::npos);
    REQUIRE(replay.json["replayed"].size() == 2);
    CHECK(replay.json["replayed"][0]["note"] == "is no event");
    CHECK(replay.json["replayed"][1]["note"] == "stored");
    CHECK(fixture.Run({"dead-letters", "list"}).json["dead_letters"].size() == 1);
    CHECK(fixture.Run({"dead-letters", "replay", "--id", "1"}).code == kExitFailed);
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
    const auto half = fixture.Run({"selftest", "--gateway-url", "http://127.0.0.1:1"});
    CHECK(half.code == kExitBadInput);
    CHECK(half.log.find("--ingest-url") != std::string::npos);
    fixture.nats().Stop();
    CHECK(fixture.Run({"selftest"}).code == kExitUnavailable);
}
