// Writers as processes of their own: frozen at the worst moments, and killed.
#include "store/writer/partitions.hpp"
#include "subjects/subjects.hpp"
#include "support/detached_leaf.hpp"
#include "support/eventually.hpp"
#include "support/frozen_session.hpp"
#include "support/status_matchers.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::vector<event::v1::InboundEvent> Messages(int count) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) {
        events.push_back(AMessage().From("contact" + std::to_string(i % 10)).Build());
    }
    return events;
}

void FreezeAt(const std::string& point) {
    WriterFixture stack;
    stack.Publish(Messages(60));
    const auto zombie = stack.StartProcess("zombie", point);
    REQUIRE(Eventually(seconds(20), [&] { return WriterFixture::IsFrozen(*zombie); }));
    stack.StartWriter("successor");
    REQUIRE(stack.AllCommitted());
    // A frozen transaction is ended and keeps no locks, whatever the server takes its state for.
    CHECK(Eventually(seconds(20), [&] {
        return stack.Count(
                   "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                   "AND application_name = 'zombie' AND xact_start IS NOT NULL"
               ) == 0;
    }));
    stack.Publish(Messages(60));
    REQUIRE(stack.AllCommitted());
    zombie->Resume();
    REQUIRE(zombie->WaitForLine("partition lost", seconds(20)));
    stack.Publish(Messages(60));
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 180);
    CHECK(stack.FeedGap() == "");
    CHECK(zombie->Terminate() == 0);
}

TEST_CASE("Zombie: frozen before its transaction", "[fault]") {
    FreezeAt("before_transaction");
}
TEST_CASE("Zombie: frozen between its pipelines", "[fault]") {
    FreezeAt("between_pipelines");
}
TEST_CASE("Zombie: frozen after commit, before publishing", "[fault]") {
    FreezeAt("before_publish");
}

TEST_CASE("Zombie: frozen in the middle of sending a pipeline", "[fault]") {
    WriterFixture stack;
    stack.config.postgres.idle_in_tx_timeout_ms = 1'000;
    stack.Publish(Messages(60));
    for (int partition = 0; partition < WriterFixture::kPartitions; ++partition) {
        const auto info = stack.streams().Info(subjects::InStream(1, partition));
        REQUIRE_OK(info);
        REQUIRE_OK(store::EnsurePartition(stack.pool(), {1, partition}, info->created_unix_ms));
    }
    const FrozenSession zombie(
        stack.config.postgres.url, "UPDATE ingest_partition SET last_seq = last_seq + 1"
    );
    stack.StartWriter("successor");
    REQUIRE(stack.AllCommitted());
    CHECK_FALSE(zombie.alive());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 60);
}

TEST_CASE("Writer process: killed -9, another takes over in time", "[fault]") {
    WriterFixture stack;
    const auto first = stack.StartProcess("first", "");
    REQUIRE(first->WaitForLine("\"ready\"", seconds(20)));
    stack.Publish(Messages(100));
    REQUIRE(stack.AllCommitted());
    stack.StartWriter("second");
    first->Kill9();
    stack.Publish(Messages(100));
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 200);
    CHECK(stack.FeedGap() == "");
}

// Twenty contacts; those of partition 0 write into another month than the rest.
constexpr std::int64_t kFortyDaysMs = 40LL * 24 * 3600 * 1000;

std::vector<event::v1::InboundEvent> Said(const std::string& text) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 20; ++i) {
        const std::string name = "contact" + std::to_string(i);
        auto message = AMessage(text + name).From(name).WithText(text);
        if (PartitionOfEvent(message.Build(), WriterFixture::kPartitions) == 0) {
            message.At(NowMs() - kFortyDaysMs);
        }
        events.push_back(message.Build());
    }
    return events;
}

// An edit and a reaction of each.
std::vector<event::v1::InboundEvent> Changed(const std::string& text) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 20; ++i) {
        const std::string name = "contact" + std::to_string(i);
        events.push_back(AnEdit(text + name, text + " edited", 1).From(name).Build());
        events.push_back(AReaction(text + name, "x").From(name).Build());
    }
    return events;
}

TEST_CASE("Writer process: a leaf is detached under load, and the writer killed", "[fault]") {
    WriterFixture stack;
    stack.config.batch.lane_count = 1;
    const auto first = stack.StartProcess(
        "first", "", {{"UNIBOX_BATCH_LANE_COUNT", "1"}, {"UNIBOX_BATCH_RETRY_MS_MAX", "500"}}
    );
    stack.Publish(Said("before"));
    REQUIRE(stack.AllCommitted());
    const auto elsewhere = [&](const std::string& text) {
        return stack.Count(
            "SELECT count(*) FROM messages WHERE created_at < now() - interval '30 days' "
            "AND body = '" +
            text + "'"
        );
    };
    const std::int64_t others = elsewhere("before");
    REQUIRE(others > 0);
    REQUIRE(others < 20);
    stack.Run(DetachLeafSql("messages"));
    stack.Publish(Changed("before"));
    stack.Publish(Said("during"));
    // The partition that needs other leaves goes on, in the same lane.
    REQUIRE(Eventually(seconds(60), [&] { return elsewhere("during") == others; }));
    REQUIRE(first->WaitForLine("partition waits for a time partition", seconds(60)));
    CHECK(elsewhere("before edited") == others);
    first->Kill9();
    stack.StartWriter("second");
    stack.Publish(Said("later"));
    REQUIRE(Eventually(seconds(60), [&] { return elsewhere("later") == others; }));
    const auto& held = stack.registry.GetGauge("unibox_writer_held_partitions", "");
    const auto& detached = stack.registry.GetGauge("unibox_writer_detached_leaves", "");
    CHECK(Eventually(seconds(60), [&] { return held.Get() == WriterFixture::kPartitions - 1; }));
    CHECK(Eventually(seconds(60), [&] { return detached.Get() == 1; }));
    CHECK(stack.Count("SELECT count(*) FROM messages") == 3 * others);
    stack.Run(AttachLeavesSql());
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(Eventually(seconds(60), [&] { return held.Get() == 0; }));
    CHECK(stack.Count("SELECT count(*) FROM dead_letter") == 0);
    CHECK(stack.Count("SELECT count(*) FROM parked_events") == 0);
    CHECK(stack.Count("SELECT count(*) FROM messages") == 60);
    CHECK(stack.Count("SELECT count(*) FROM messages WHERE octet_length(extras) > 0") == 20);
    CHECK(
        stack.Count(
            "SELECT count(*) FROM (SELECT string_agg(body, ',' ORDER BY seq) AS said "
            "FROM messages GROUP BY conversation_id) c WHERE said = 'before edited,during,later'"
        ) == 20
    );
    CHECK(stack.FeedGap() == "");
}

TEST_CASE("Writer process: SIGTERM gives the partitions up, long before they expire", "[fault]") {
    WriterFixture stack;
    stack.config.ownership.lease_ms = 120'000;
    const auto first = stack.StartProcess("first", "");
    const auto owned_by = [&](const std::string& owner) {
        return stack.Count("SELECT count(*) FROM ingest_partition WHERE owner = '" + owner + "'");
    };
    REQUIRE(Eventually(seconds(20), [&] { return owned_by("first") == 4; }));
    stack.StartWriter("second");
    REQUIRE(Eventually(seconds(20), [&] { return owned_by("second") == 2; }));
    first->Signal(SIGTERM);
    REQUIRE(Eventually(seconds(60), [&] { return owned_by("second") == 4; }));
    CHECK(first->WaitForExit(seconds(30)) == 0);
}

}  // namespace
}  // namespace unibox::test
