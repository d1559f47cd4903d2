// What the committer does when the data, the schema or the ownership is not as it should be.
#include "committer_fixture.hpp"
#include "store/admin/partition_repairs.hpp"
#include "store/schema/periods.hpp"
#include "support/frozen_session.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <optional>

namespace unibox::test {
namespace {

std::vector<event::v1::InboundEvent> Messages(int count, const std::string& prefix) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) {
        events.push_back(AMessage().WithText(prefix + std::to_string(i)).Build());
    }
    return events;
}

// Rows with this text cannot be stored: a poison event that no validation can foresee.
void Poison(CommitterFixture& inbox, const std::string& like) {
    inbox.Run("ALTER TABLE messages ADD CONSTRAINT poison CHECK (body NOT LIKE '" + like + "')");
}

TEST_CASE("Committer: poison is found and given up, everything else is written", "[pg]") {
    CommitterFixture inbox;
    Poison(inbox, "bad%");
    auto events = Messages(300, "good");
    events[7] = AMessage().WithText("bad one").Build();
    events[211] = AMessage().WithText("bad two").Build();
    REQUIRE(inbox.Write(events));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 298);
    CHECK(
        inbox.Ask("SELECT string_agg(stream_seq || sqlstate, ',' ORDER BY id) FROM dead_letter") ==
        "823514,21223514"
    );
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition") == "300");
    CHECK(inbox.metrics().dead_letters.Get() == 2);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Committer: what takes too long at once is written in pieces", "[pg]") {
    CommitterFixture inbox;
    inbox.Run(
        "CREATE FUNCTION too_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT count(*) FROM written) > 10 THEN RAISE EXCEPTION 'canceling statement due to "
        "statement timeout' USING ERRCODE = '57014'; END IF; RETURN NULL; END $$;"
        "CREATE TRIGGER too_slow AFTER INSERT ON messages REFERENCING NEW TABLE AS written "
        "FOR EACH STATEMENT EXECUTE FUNCTION too_slow()"
    );
    REQUIRE(inbox.Write(Messages(100, "slow")));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 100);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
    CHECK(inbox.Inconsistency() == "");
    // One that always takes too long is tried again and again, and never given up.
    inbox.Run(
        "CREATE OR REPLACE FUNCTION too_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'too slow' USING ERRCODE = '57014'; END $$"
    );
    inbox.pauses_allowed = 10;
    CHECK_FALSE(inbox.Write(Messages(4, "slower")));
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition") == "100");
}

TEST_CASE("Committer: bytes that are no event become a dead letter", "[pg]") {
    CommitterFixture inbox;
    const std::string good = AMessage().Build().SerializeAsString();
    REQUIRE(inbox.WritePayloads({"\xff\xff not a message", good, ""}));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 2);
    CHECK(
        inbox.Ask("SELECT encode(event, 'hex') FROM dead_letter WHERE stream_seq = 1") ==
        "ffff206e6f742061206d657373616765"
    );
}

TEST_CASE("Committer: more than ten poison events stop the partition", "[pg]") {
    CommitterFixture inbox;
    Poison(inbox, "bad%");
    REQUIRE(inbox.Write(Messages(5, "good")));
    REQUIRE(inbox.Write(Messages(40, "bad")));
    CHECK(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 10);
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition") == "15");
    CHECK(
        inbox.Ask("SELECT stopped_reason LIKE 'systematic fault%' FROM ingest_partition") == "true"
    );
}

TEST_CASE("Committer: what the database refuses counts beside what cannot be read", "[pg]") {
    CommitterFixture inbox;
    Poison(inbox, "bad%");
    std::vector<std::string> payloads;
    for (const auto& event : Messages(40, "bad")) payloads.push_back(event.SerializeAsString());
    payloads.emplace_back("\xff\xff not a message");
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") <= 10);
}

void Repeat(int count, const std::string& payload, std::vector<std::string>* payloads) {
    payloads->insert(payloads->end(), static_cast<std::size_t>(count), payload);
}

TEST_CASE("Committer: what comes before the one too many is written, each time", "[pg]") {
    CommitterFixture inbox;
    const auto good = [] { return AMessage().Build().SerializeAsString(); };
    std::vector<std::string> payloads{good()};
    Repeat(5, "\xff\xff", &payloads);
    payloads.push_back(good());
    Repeat(16, "\xff\xff", &payloads);
    payloads.push_back(good());
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT last_seq FROM ingest_partition") == 12);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 2);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 10);
    CHECK(
        inbox.Ask("SELECT stopped_reason LIKE 'systematic fault: with sequence 13 %' "
                  "FROM ingest_partition") == "true"
    );
    obs::Metrics metrics;
    const auto operators = pg::Pool::Create(inbox.database().settings("ub_admin"), metrics);
    REQUIRE_OK(operators);
    REQUIRE_OK(store::SkipGap(**operators, {1, 0}, 12, ""));  // resumed
    inbox.Own(1);
    payloads.erase(payloads.begin(), payloads.begin() + 12);
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT last_seq FROM ingest_partition") == 22);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 20);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Committer: a resume gets on although both kinds of poison lie ahead", "[pg]") {
    CommitterFixture inbox;
    Poison(inbox, "bad%");
    std::vector<std::string> payloads{
        AMessage().WithText("bad").Build().SerializeAsString(),
        AMessage().WithText("good").Build().SerializeAsString()};
    Repeat(10, "\xff\xff", &payloads);
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT last_seq FROM ingest_partition") == 11);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 10);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
}

TEST_CASE("Committer: one that stops holds up no other of its batch", "[pg]") {
    CommitterFixture inbox;
    inbox.Own(2);
    inbox.settings.poison_count_max = 0;
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 40; ++i) events.push_back(AMessage().From(std::to_string(i)).Build());
    event::v1::InboundEvent invalid = events[0];
    invalid.clear_event_key();
    const int stops = PartitionOfEvent(invalid, 2);
    events.insert(events.begin(), invalid);
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(stops).stopped);
    CHECK_FALSE(inbox.shard(1 - stops).stopped);
    const auto last_seq = [&](int partition) {
        return inbox.Count(
            "SELECT last_seq FROM ingest_partition WHERE partition = " + std::to_string(partition)
        );
    };
    CHECK(last_seq(stops) == 0);
    CHECK(last_seq(1 - stops) > 0);
    CHECK(last_seq(1 - stops) == inbox.Count("SELECT count(*) FROM messages"));
}

TEST_CASE("Committer: what is buried stops nothing, up to its end", "[pg]") {
    CommitterFixture inbox;
    inbox.shard(0).owned.buried_to = 30;
    std::vector<std::string> payloads;
    Repeat(29, "\xff\xff", &payloads);
    payloads.push_back(AMessage().Build().SerializeAsString());
    Repeat(10, "\xff\xff", &payloads);
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK_FALSE(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 39);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    REQUIRE(inbox.WritePayloads({"\xff\xff"}));
    CHECK(inbox.shard(0).stopped);
    CHECK(inbox.Count("SELECT last_seq FROM ingest_partition") == 40);
    // What the database refuses is not what was buried.
    CommitterFixture other;
    Poison(other, "bad%");
    other.shard(0).owned.buried_to = 30;
    REQUIRE(other.Write(Messages(20, "bad")));
    CHECK(other.shard(0).stopped);
    CHECK(other.Count("SELECT last_seq FROM ingest_partition") == 10);
}

TEST_CASE("Committer: a stopped partition does not hold up its neighbours", "[pg]") {
    CommitterFixture inbox;
    inbox.Own(2);
    inbox.Run("UPDATE ingest_partition SET stopped_reason = 'test' WHERE partition = 0");
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 40; ++i) events.push_back(AMessage().From(std::to_string(i)).Build());
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(0).stopped);
    CHECK_FALSE(inbox.shard(1).stopped);
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition WHERE partition = 0") == "0");
    const auto written = inbox.Count("SELECT count(*) FROM messages");
    CHECK(written > 0);
    CHECK(written < 40);
}

TEST_CASE("Committer: a missing leaf is made and the batch repeated", "[pg]") {
    CommitterFixture inbox;
    inbox.Run(
        "DO $$ DECLARE leaf regclass; BEGIN FOR leaf IN SELECT inhrelid::regclass "
        "FROM pg_inherits WHERE inhparent IN ('messages'::regclass, 'ext_ref'::regclass) "
        "LOOP EXECUTE format('DROP TABLE %s', leaf); END LOOP; END $$"
    );
    REQUIRE(inbox.Write({AMessage("1").Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
    CHECK(inbox.metrics().missing_periods.Get() >= 1);
}

TEST_CASE("Committer: a leaf that cannot be made yet is waited for", "[pg]") {
    CommitterFixture inbox;
    inbox.Run("ALTER FUNCTION ub_make_partition SET lock_timeout = '50ms'");
    inbox.Run(
        "DO $$ DECLARE leaf regclass; BEGIN FOR leaf IN SELECT inhrelid::regclass "
        "FROM pg_inherits WHERE inhparent = 'messages'::regclass "
        "LOOP EXECUTE format('DROP TABLE %s', leaf); END LOOP; END $$"
    );
    std::optional<FrozenSession> analyze;
    analyze.emplace(inbox.database().url(), "LOCK TABLE messages IN SHARE UPDATE EXCLUSIVE MODE");
    int pause_count = 0;
    inbox.on_pause = [&] {
        if (++pause_count == 8) analyze.reset();
    };
    REQUIRE(inbox.Write(Messages(3, "good")));
    CHECK(pause_count >= 8);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 3);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
}

TEST_CASE("Committer: a partition taken over is dropped alone", "[pg]") {
    CommitterFixture inbox;
    inbox.Own(2);
    inbox.Run("UPDATE ingest_partition SET epoch = epoch + 1, owner = 'other' WHERE partition = 1");
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 40; ++i) events.push_back(AMessage().From(std::to_string(i)).Build());
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(1).lost);
    CHECK_FALSE(inbox.shard(0).lost);
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition WHERE partition = 1") == "0");
    CHECK(
        inbox.Ask("SELECT last_seq FROM ingest_partition WHERE partition = 0") ==
        inbox.Ask("SELECT count(*) FROM messages")
    );
}

TEST_CASE("Committer: two writers with the same range commit it once", "[pg]") {
    CommitterFixture first("first");
    CommitterFixture second(first, "second");
    const auto events = Messages(20, "text");
    first.Run("UPDATE ingest_partition SET lease_until = '-infinity'");
    second.Own(1);
    REQUIRE(second.Write(events));
    REQUIRE(first.Write(events));
    CHECK(first.shard(0).lost);
    CHECK_FALSE(second.shard(0).lost);
    CHECK(second.Count("SELECT count(*) FROM messages") == 20);
    CHECK(second.Inconsistency() == "");
}

TEST_CASE("Committer: a commit that took place unnoticed is not repeated", "[pg]") {
    CommitterFixture inbox;
    const auto events = Messages(5, "text");
    REQUIRE(inbox.Write(events));
    inbox.shard(0).owned.last_seq = 0;  // as if the answer to COMMIT had been lost
    inbox.shard(0).needs_sweep = false;
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(0).owned.last_seq == 5);
    CHECK(inbox.shard(0).needs_sweep);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 5);
    CHECK(inbox.metrics().duplicates.Get() == 0);
}

TEST_CASE("Committer: a conflict is tried again before it counts as poison", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("1").Build()}));
    // Another transaction's conversation that the thread does not know: 23505 on the live leaf.
    inbox.Run("UPDATE threads SET conversation_id = NULL");
    REQUIRE(inbox.Write({AMessage("2").Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter WHERE sqlstate = '23505'") == 1);
    CHECK(inbox.metrics().retries.Get() >= 4);
}

TEST_CASE("Committer: killed connections are replaced and the batch is written once", "[pg]") {
    CommitterFixture inbox;
    for (int round = 0; round < 5; ++round) {
        inbox.Run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
            "'ub_writer'"
        );
        REQUIRE(inbox.Write(Messages(10, "text")));
    }
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 50);
    CHECK(inbox.Inconsistency() == "");
}

}  // namespace
}  // namespace unibox::test
