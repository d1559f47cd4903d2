// Leaves that are detached, dropped or never there: what waits, what goes on, what is given up.
#include "committer_fixture.hpp"
#include "store/schema/periods.hpp"
#include "support/detached_leaf.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace unibox::test {
namespace {

using std::chrono::seconds;
using Events = std::vector<event::v1::InboundEvent>;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

// Somebody whose thread is in that partition of two.
std::string SomebodyIn(int partition) {
    for (int i = 0;; ++i) {
        std::string name = "contact" + std::to_string(i);
        if (PartitionOfEvent(AMessage().From(name).Build(), 2) == partition) return name;
    }
}

// In a leaf of another month.
InboundBuilder AnOldMessage() {
    return AMessage().At(NowMs() - 40 * kDayMs);
}

std::int64_t LastSeq(CommitterFixture& inbox, int partition) {
    return inbox.Count(
        "SELECT last_seq FROM ingest_partition WHERE partition = " + std::to_string(partition)
    );
}

void CheckNothingGivenUp(CommitterFixture& inbox) {
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
    CHECK(inbox.Count("SELECT count(*) FROM parked_events") == 0);
    CHECK(inbox.metrics().ignored.Get() == 0);
    CHECK(inbox.Inconsistency() == "");
}

// Each of the events waits by itself, then all are written.
void CheckWaits(CommitterFixture& inbox, const Events& events, const std::string& table) {
    const std::int64_t last_seq = LastSeq(inbox, 0);
    for (const auto& event : events) {
        CAPTURE(event.ShortDebugString());
        REQUIRE(inbox.Write({event}));
        CHECK(inbox.shard(0).awaited_leaf.starts_with(table));
        CHECK(LastSeq(inbox, 0) == last_seq);
    }
    inbox.Run(AttachLeavesSql());
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(0).awaited_leaf == "");
    CHECK(LastSeq(inbox, 0) == last_seq + static_cast<std::int64_t>(events.size()));
}

TEST_CASE("Leaves: what belongs into a detached one waits, its neighbours do not", "[pg]") {
    CommitterFixture inbox;
    inbox.Own(2);
    const std::string waiting = SomebodyIn(0);
    const std::string other = SomebodyIn(1);
    inbox.Run(DetachLeafSql("messages"));
    const Events events = {
        AnOldMessage().From(waiting).WithText("1").Build(),
        AMessage().From(waiting).WithText("2").Build(),
        AnOldMessage().From(waiting).WithText("3").Build(),
        AnOldMessage().From(other).Build(),
        ATyping().From(other).Build(),
        AnOldMessage().From(other).Build()};
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(0).awaited_leaf.starts_with("messages_"));
    CHECK(inbox.shard(1).awaited_leaf == "");
    CHECK(LastSeq(inbox, 0) == 1);
    CHECK(LastSeq(inbox, 1) == 3);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 3);
    CHECK(inbox.metrics().batches_cut.Get() == 0);
    inbox.Run(AttachLeavesSql());
    REQUIRE(inbox.Write({events[1], events[2]}));
    CHECK(inbox.shard(0).awaited_leaf == "");
    CHECK(
        inbox.Ask(
            "SELECT string_agg(body, ',' ORDER BY seq) FROM messages JOIN threads "
            "USING (tenant_id, conversation_id) WHERE thread_key = '" +
            waiting + "'"
        ) == "1,2,3"
    );
    CheckNothingGivenUp(inbox);
}

TEST_CASE("Leaves: changes of a message wait for its leaf", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write(
        {AMessage("1").WithText("first").Build(),
         AMessage("2").Build(),
         AMessage("3").Outbound().Build()}
    ));
    inbox.Run(DetachLeafSql("messages"));
    CheckWaits(
        inbox,
        {AnEdit("1", "edited", 1).Build(),
         AReaction("1", "x").Build(),
         ADelete("2").Build(),
         AReceipt("3", v1::DELIVERY_STATE_READ).Build()},
        "messages_"
    );
    CHECK(inbox.Ask("SELECT body FROM messages WHERE provider_id = '1'") == "edited");
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE octet_length(extras) > 0") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE delivery_state = 4") == 1);
    CHECK(inbox.Count("SELECT version FROM conversation_counters") == 7);
    CheckNothingGivenUp(inbox);
}

TEST_CASE("Leaves: one that is dropped or renamed is waited for no more", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("1").Outbound().Build()}));
    const std::string leaf = inbox.Ask("SELECT leaf FROM ub_leaf_of('messages', now())");
    inbox.Run(DetachLeafSql("messages"));
    const auto receipt = AReceipt("1", v1::DELIVERY_STATE_READ).Build();
    REQUIRE(inbox.Write({receipt}));
    CHECK(inbox.shard(0).awaited_leaf == leaf);
    SECTION("dropped") {
        inbox.Run("DROP TABLE " + leaf);
    }
    SECTION("renamed") {
        inbox.Run("ALTER TABLE " + leaf + " RENAME TO archived");
    }
    CHECK(Eventually(seconds(30), [&] {
        REQUIRE(inbox.Write({receipt}));
        return inbox.shard(0).awaited_leaf.empty();
    }));
    CHECK(LastSeq(inbox, 0) == 2);
    CHECK(inbox.metrics().ignored.Get() == 1);
    REQUIRE(inbox.Write({AMessage("2").Build()}));  // in a leaf that is made for it
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
}

TEST_CASE("Leaves: without a week of keys nothing is written twice", "[pg]") {
    CommitterFixture inbox;
    const auto message = AMessage("1").Outbound().Build();
    REQUIRE(inbox.Write({message}));
    inbox.Run(DetachLeafSql("ext_ref"));
    CheckWaits(
        inbox,
        {message, AMessage("2").Build(), AReceipt("1", v1::DELIVERY_STATE_READ).Build()},
        "ext_ref_"
    );
    CHECK(inbox.metrics().duplicates.Get() == 1);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 2);
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE delivery_state = 4") == 1);
    CheckNothingGivenUp(inbox);
}

TEST_CASE("Leaves: a conversation is not begun anew because its leaf is detached", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("1").Outbound().Build()}));
    std::string at = "'infinity'";
    SECTION("that of the open ones") {}
    SECTION("that of the closed ones") {
        at = "'" + inbox.Ask("SELECT date_trunc('milliseconds', now())") + "'";
        inbox.Run("UPDATE conversation_counters SET closed_at = " + at);
        inbox.Run("UPDATE conversations SET status = 4, closed_at = " + at);
    }
    inbox.Run(DetachLeafSql("conversations", at));
    CheckWaits(
        inbox,
        {AReceipt("1", v1::DELIVERY_STATE_DELIVERED).Build(),
         AWatermark(v1::DELIVERY_STATE_READ, NowMs()).Build(),
         AMessage("2").Build()},
        "conversations_"
    );
    CHECK(inbox.Count("SELECT count(*) FROM conversations") == 1);
    CHECK(inbox.Ask("SELECT status || '/' || closed_at FROM conversations") == "1/infinity");
    CheckNothingGivenUp(inbox);
}

TEST_CASE("Leaves: a shard that waits is not stopped for what comes behind", "[pg]") {
    CommitterFixture inbox;
    inbox.Run(DetachLeafSql("messages"));
    std::vector<std::string> payloads = {
        ATyping().Build().SerializeAsString(), AMessage().Build().SerializeAsString()};
    for (int i = 0; i < 15; ++i) payloads.emplace_back("\xff\xff not a message");
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.shard(0).awaited_leaf.starts_with("messages_"));
    CHECK_FALSE(inbox.shard(0).stopped);
    CHECK(LastSeq(inbox, 0) == 1);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 0);
    inbox.Run(AttachLeavesSql());
    payloads.erase(payloads.begin());
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.shard(0).stopped);
    CHECK(LastSeq(inbox, 0) == 12);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 10);
}

TEST_CASE("Leaves: a row that finds none, for whatever reason, waits", "[pg]") {
    CommitterFixture inbox;
    inbox.Own(2);
    const std::string leaf = inbox.Ask("SELECT leaf FROM ub_leaf_of('messages', now())");
    inbox.Run(DetachLeafSql("messages"));
    inbox.Run(
        "ALTER TABLE messages ATTACH PARTITION " + leaf +
        " FOR VALUES FROM ('2001-01-01') TO "
        "('2001-02-01')"
    );
    Events events;
    for (int i = 0; i < 20; ++i) events.push_back(AMessage().From(SomebodyIn(0)).Build());
    for (int i = 0; i < 20; ++i) events.push_back(AnOldMessage().From(SomebodyIn(1)).Build());
    REQUIRE(inbox.Write(events));
    CHECK(inbox.shard(0).awaited_leaf == "no partition of relation \"messages\" found for row");
    CHECK(inbox.shard(1).awaited_leaf == "");
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 20);
    CHECK(LastSeq(inbox, 0) == 0);
    inbox.Run(DetachLeafSql("messages"));
    inbox.Run(AttachLeavesSql());
    REQUIRE(inbox.Write(Events(events.begin(), events.begin() + 20)));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 40);
    CheckNothingGivenUp(inbox);
}

TEST_CASE("Leaves: a time that is not served is given up in words, alone", "[pg]") {
    CommitterFixture inbox;
    Events events;
    for (int i = 0; i < 60; ++i) events.push_back(AMessage().WithText("good").Build());
    events[11] = AMessage().At(990'000'000'000).Build();    // 2001-05-16
    events[12] = AMessage().At(4'080'000'000'000).Build();  // 2099-04-16
    events[47] = AMessage().At(990'000'000'000).Build();
    events[59] = AMessage().At(4'080'000'000'000).Build();
    REQUIRE(inbox.Write(events));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 56);
    CHECK(
        inbox.Ask("SELECT string_agg(stream_seq::text, ',' ORDER BY id) FROM dead_letter") ==
        "12,13,48,60"
    );
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter WHERE sqlstate = ''") == 4);
    const std::string served =
        "' || (now() - interval '400 days')::date || ' to ' || "
        "(now() + interval '400 days')::date || ' are served";
    for (const std::string time : {"2001-05-16 08:00:00", "2099-04-16 05:20:00"}) {
        CHECK(
            inbox.Count(
                "SELECT count(*) FROM dead_letter WHERE error LIKE '%receive_time_ms%" + time +
                "%the times from " + served + "%'"
            ) == 2
        );
    }
    CHECK(inbox.Inconsistency() == "");
}

}  // namespace
}  // namespace unibox::test
