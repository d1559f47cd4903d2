// partitions resume --bury: what it foretells, what it records, and what it refuses.
#include "nats/streams.hpp"
#include "store/admin/partition_repairs.hpp"
#include "store/writer/partitions.hpp"
#include "support/inbound_events.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::ctl {
namespace {

// One partition, stopped at its beginning, with events in its stream.
class StoppedLog {
public:
    StoppedLog() {
        REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
        connection = fixture.Connect();
        const auto info = nats::Streams(*connection).Info("UB_IN_1_00");
        REQUIRE_OK(info);
        REQUIRE_OK(store::EnsurePartition(fixture.pool(), {1, 0}, info->created_unix_ms));
        Set("stopped_reason = 'systematic fault'");
    }

    void Store(const std::string& payload, int count = 1) {
        for (int i = 0; i < count; ++i) {
            REQUIRE_OK(test::PublishRaw(*connection, 0, payload));
        }
    }
    void StoreGood(int count = 1) {
        for (int i = 0; i < count; ++i) Store(test::AMessage().Build().SerializeAsString());
    }
    void Set(const std::string& what) {
        test::PgServer::Shared().Run(
            fixture.database().name(), "UPDATE ingest_partition SET " + what
        );
    }
    Outcome Bury(std::vector<std::string> more) {
        std::vector<std::string> all{"partitions", "resume", "--partition", "0", "--bury"};
        all.insert(all.end(), more.begin(), more.end());
        const Outcome outcome = fixture.Run(all);
        UNSCOPED_INFO(outcome.out << outcome.log);
        return outcome;
    }
    Outcome BuryForGood(std::vector<std::string> more = {}) {
        more.insert(more.end(), {"--by", "jane", "--reason", "ticket 17"});
        return Bury(std::move(more));
    }
    store::PartitionState State() { return store::ListPartitions(fixture.pool())->at(0); }
    std::string BurialCount() { return fixture.Ask("SELECT count(*) FROM ingest_burial"); }

    CtlFixture fixture;
    std::unique_ptr<nats::Connection> connection;
};

TEST_CASE("partitions bury: the dry run counts and changes nothing", "[pg][uniboxctl]") {
    StoppedLog log;
    event::v1::InboundEvent invalid = test::AMessage().Build();
    invalid.clear_thread_key();
    log.StoreGood(2);
    log.Store("\xff\xff no event", 7);
    log.StoreGood();
    log.Store(invalid.SerializeAsString(), 4);
    log.StoreGood(3);
    const Outcome dry = log.Bury({"--dry-run"});
    REQUIRE(dry.code == kExitOk);
    CHECK(dry.json["first_seq"] == 1);
    CHECK(dry.json["buried_to"] == 17);
    CHECK(dry.json["to_write"] == 6);
    CHECK(dry.json["to_dead_letter"] == 11);
    CHECK(dry.json["dry_run"] == true);
    CHECK(dry.json["was_stopped_for"] == "systematic fault");
    REQUIRE(dry.json["reasons"].size() == 2);
    CHECK(dry.json["reasons"][0]["events"] == 7);
    CHECK(dry.json["reasons"][0]["first_seq"] == 3);
    CHECK(dry.json["reasons"][0]["last_seq"] == 9);
    CHECK(
        dry.json["reasons"][0]["reason"] == "INVALID_ARGUMENT: not a unibox.event.v1.InboundEvent"
    );
    CHECK(dry.json["reasons"][1]["events"] == 4);
    CHECK(dry.json["reasons"][1]["first_seq"] == 11);
    REQUIRE(dry.json["examples"].size() == 5);
    CHECK(dry.json["examples"][0]["sequence"] == 3);
    CHECK(dry.json["examples"][0]["bytes"] == 11);
    CHECK(log.State().stopped_reason == "systematic fault");
    CHECK(log.BurialCount() == "0");
    // From where the partition stands, and to where it is told to.
    log.Set("last_seq = 5");
    const Outcome part = log.Bury({"--dry-run", "--to", "10"});
    CHECK(part.json["first_seq"] == 6);
    CHECK(part.json["to_write"] == 1);
    CHECK(part.json["to_dead_letter"] == 4);
    const Outcome people =
        log.fixture.RunForPeople({"partitions", "resume", "--partition", "0", "--bury", "--dry-run"}
        );
    CAPTURE(people.out);
    CHECK(people.out.find("not a unibox.event.v1.InboundEvent") != std::string::npos);
}

TEST_CASE("partitions bury: resumes, and says who and why for good", "[pg][uniboxctl]") {
    StoppedLog log;
    log.StoreGood();
    log.Store("\xff", 3);
    log.StoreGood();
    const Outcome done = log.BuryForGood({"--to", "4"});
    REQUIRE(done.code == kExitOk);
    CHECK(done.json["to_write"] == 1);
    CHECK(done.json["to_dead_letter"] == 3);
    CHECK(done.json["dry_run"] == false);
    CHECK(log.State().stopped_reason.empty());
    CHECK(log.State().last_seq == 0);
    CHECK(
        log.fixture.Ask("SELECT concat_ws(' ', first_seq, last_seq, undecodable_count, buried_by, "
                        "reason) FROM ingest_burial") == "1 4 3 jane ticket 17"
    );
    CHECK(log.BuryForGood().code == kExitFailed);  // It is not stopped.
    CHECK(log.BurialCount() == "1");
}

TEST_CASE("partitions bury: what it cannot answer for is refused", "[pg][uniboxctl]") {
    StoppedLog log;
    const auto refused = [&](const Outcome& outcome, int code, const std::string& why) {
        CAPTURE(outcome.out, outcome.log, why);
        CHECK(outcome.code == code);
        CHECK(outcome.log.find(why) != std::string::npos);
        CHECK(log.State().stopped_reason == "systematic fault");
        CHECK(log.BurialCount() == "0");
    };
    refused(log.BuryForGood(), kExitFailed, "nothing is stored behind it");
    log.StoreGood(3);
    refused(log.BuryForGood(), kExitFailed, "all events from 1 to 3 can be read");
    log.Store("\xff", 2);
    refused(log.Bury({}), kExitBadInput, "--by");
    refused(log.Bury({"--by", "jane"}), kExitBadInput, "--reason");
    refused(log.BuryForGood({"--to", "6"}), kExitBadInput, "1 to 5");
    refused(
        log.fixture.Run({"partitions", "resume", "--partition", "0", "--reason", "x"}),
        kExitBadInput,
        "--bury"
    );
    log.Set("last_seq = 4");
    refused(log.BuryForGood({"--to", "4"}), kExitBadInput, "5 to 5");
    log.Set("last_seq = 0, stream_created = '2020-01-01'");
    refused(log.BuryForGood(), kExitFailed, "partitions reset");
    const auto info = nats::Streams(*log.connection).Info("UB_IN_1_00");
    REQUIRE_OK(info);
    REQUIRE_OK(nats::Streams(*log.connection).PurgeUpTo("UB_IN_1_00", 3));
    REQUIRE_OK(store::ResetPartition(log.fixture.pool(), {1, 0}, info->created_unix_ms, 0));
    log.Set("stopped_reason = 'systematic fault'");
    refused(log.BuryForGood(), kExitFailed, "1 to 2 are not in the stream any more");
}

}  // namespace
}  // namespace unibox::ctl
