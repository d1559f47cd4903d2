// The whole writer against a real PostgreSQL and a real nats-server.
#include "message-writer/keeper.hpp"
#include "store/admin/partition_repairs.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::vector<event::v1::InboundEvent> Messages(int count, int contacts = 20) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) {
        events.push_back(AMessage().From("contact" + std::to_string(i % contacts)).Build());
    }
    return events;
}

TEST_CASE("Writer: what is published becomes rows and a complete feed", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    stack.Publish(Messages(300));
    stack.Publish({AReceipt("nothing", v1::DELIVERY_STATE_READ).Build(), ATyping().Build()});
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 300);
    CHECK(stack.FeedGap() == "");
    CHECK(stack.Feed().size() == 301);
    CHECK(stack.FeedStreamIsKnown());
}

TEST_CASE("Writer: what is stored twice has one effect", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    const auto events = Messages(100);
    stack.Publish(events);
    stack.Publish(events);
    REQUIRE(stack.AllCommitted());
    stack.Publish(events);
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 100);
    CHECK(stack.FeedGap() == "");
}

std::vector<event::v1::InboundEvent> Said(const std::string& text) {
    std::vector<event::v1::InboundEvent> events;
    for (int contact = 0; contact < 20; ++contact) {
        const std::string name = "contact" + std::to_string(contact);
        events.push_back(AMessage().From(name).WithText(text).Build());
    }
    return events;
}

TEST_CASE("Writer: a new generation waits until the old one is sealed and written", "[nats]") {
    WriterFixture stack;
    stack.EnsureStreams(2);
    stack.Publish(Said("second"), 2);  // Before the first, as a quick replica could.
    stack.Publish(Said("first"), 1);
    stack.StartWriter("one");
    const auto messages = [&] { return stack.Count("SELECT count(*) FROM messages"); };
    REQUIRE(Eventually(seconds(20), [&] { return messages() == 20; }));
    const auto& waiting = stack.registry.GetGauge("unibox_writer_waiting_partitions", "");
    CHECK(Eventually(seconds(30), [&] { return waiting.Get() == 5; }));
    stack.StartWriter("two");
    for (int partition = 0; partition < WriterFixture::kPartitions; ++partition) {
        CHECK(messages() == 20);
        REQUIRE_OK(stack.streams().Seal(subjects::InStream(1, partition)));
    }
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(messages() == 40);
    CHECK(stack.Count("SELECT count(*) FROM messages WHERE seq = 1 AND body = 'first'") == 20);
    CHECK(stack.FeedGap() == "");
    CHECK(Eventually(seconds(30), [&] { return waiting.Get() == 0; }));
}

TEST_CASE("Writer: two writers share the partitions, and one goes on for the other", "[nats]") {
    WriterFixture stack;
    stack.config.ownership.lease_ms = 120'000;  // Given up, not expired.
    stack.StartWriter("one");
    const auto owned_by = [&](const std::string& owner) {
        return stack.Count("SELECT count(*) FROM ingest_partition WHERE owner = '" + owner + "'");
    };
    REQUIRE(Eventually(seconds(30), [&] { return owned_by("one") == 4; }));
    stack.StartWriter("two");
    REQUIRE(Eventually(seconds(30), [&] { return owned_by("one") == 2 && owned_by("two") == 2; }));
    stack.Publish(Messages(200));
    stack.StopWriter(0);
    REQUIRE(Eventually(seconds(60), [&] { return owned_by("two") == 4; }));
    stack.Publish(Messages(200));
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 400);
    CHECK(stack.FeedGap() == "");
}

TEST_CASE(
    "Writer: a stream made anew is read from its beginning, repeats change nothing", "[nats]"
) {
    WriterFixture stack;
    stack.StartWriter("one");
    const auto events = Messages(50);
    stack.Publish(events);
    REQUIRE(stack.AllCommitted());
    for (int partition = 0; partition < WriterFixture::kPartitions; ++partition) {
        REQUIRE_OK(stack.streams().Delete(subjects::InStream(1, partition)));
    }
    stack.EnsureStreams();
    stack.published_count = 0;
    stack.Publish(events);
    stack.Publish(Messages(20));
    REQUIRE(stack.AllCommitted());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 70);
    CHECK(stack.Count("SELECT min(epoch) FROM ingest_partition") >= 2);
}

TEST_CASE("Writer: a gap stops its partition until an operator skips it", "[nats]") {
    WriterFixture stack;
    const auto events = Messages(40, 1);
    const int partition = PartitionOfEvent(events[0], WriterFixture::kPartitions);
    stack.Publish(events);
    REQUIRE_OK(stack.streams().PurgeUpTo(subjects::InStream(1, partition), 11));
    stack.StartWriter("one");
    const std::string stopped = "SELECT stopped_reason FROM ingest_partition WHERE partition = " +
                                std::to_string(partition);
    REQUIRE(Eventually(seconds(15), [&] { return stack.Ask(stopped).starts_with("gap"); }));
    CHECK(stack.Count("SELECT count(*) FROM messages") == 0);
    REQUIRE_OK(store::SkipGap(stack.pool(), {1, partition}, 10, "test"));
    REQUIRE(stack.AllCommitted());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 30);
    CHECK(stack.Count("SELECT count(*) FROM ingest_gap") == 1);
}

TEST_CASE("Writer: leftovers of a dead writer are published by the next", "[nats]") {
    WriterFixture stack;
    stack.StartWriter("one");
    REQUIRE(stack.FeedStreamIsKnown());
    stack.Publish(Messages(10, 1));
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    // The feed loses its stream while the writer is stopped: what it commits then stays behind.
    REQUIRE_OK(stack.streams().Delete(subjects::kEvStream));
    stack.Publish(Messages(10, 1));
    REQUIRE(stack.AllCommitted());
    stack.StopWriter(0);
    CHECK(stack.Count("SELECT count(*) FROM outbox") > 0);
    const std::string epoch = stack.Ask("SELECT feed_epoch FROM feed");
    stack.EnsureStreams();
    stack.config.keeper.interval_ms = 200;
    stack.StartWriter("two");
    REQUIRE(stack.AllPublished());
    CHECK(stack.Feed().size() == 10);
    CHECK(Eventually(seconds(30), [&] { return stack.Ask("SELECT feed_epoch FROM feed") != epoch; })
    );
}

TEST_CASE("Writer: PostgreSQL is killed and comes back, nats-server too", "[nats]") {
    PgServer server;
    WriterFixture stack(server);
    stack.StartWriter("one");
    for (int round = 0; round < 2; ++round) {
        stack.Publish(Messages(100));
        server.Kill9();
        stack.Publish(Messages(100));
        server.Start();
        REQUIRE(stack.AllCommitted());
        stack.nats().Kill9();
        REQUIRE(Eventually(seconds(30), [&] { return !stack.connection().connected(); }));
        stack.nats().Start();
        REQUIRE(Eventually(seconds(30), [&] { return stack.connection().connected(); }));
    }
    stack.Publish(Messages(50));
    REQUIRE(stack.AllCommitted());
    REQUIRE(stack.AllPublished());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 450);
    CHECK(stack.FeedGap() == "");
}

TEST_CASE("Keeper: the log loses what was committed long ago, and nothing else", "[nats]") {
    WriterFixture stack;
    stack.config.keeper.keep_committed_ms = 0;
    stack.config.keeper.interval_ms = 200;
    stack.StartWriter("one");
    const auto events = Messages(40, 1);
    stack.Publish(events);
    REQUIRE(stack.AllCommitted());
    const std::string stream =
        subjects::InStream(1, PartitionOfEvent(events[0], WriterFixture::kPartitions));
    REQUIRE(Eventually(seconds(30), [&] { return stack.streams().Info(stream)->messages == 1; }));
    stack.StopWriter(0);
    stack.Publish(Messages(5, 1));
    stack.StartWriter("two");
    REQUIRE(stack.AllCommitted());
    CHECK(stack.Count("SELECT count(*) FROM messages") == 45);
}

TEST_CASE("Keeper: a full log has room again soon after PostgreSQL is back", "[nats]") {
    PgServer server;
    WriterFixture stack(server);
    REQUIRE(stack.config.keeper.interval_ms == 60'000);  // Its round comes too late for this.
    const auto message = [] { return AMessage().WithText(std::string(2'000, 'x')).Build(); };
    const int partition = PartitionOfEvent(message(), WriterFixture::kPartitions);
    nats::StreamSpec small = nats::UniboxStreams({.partition_count = WriterFixture::kPartitions})
                                 .at(static_cast<std::size_t>(3 - partition));
    REQUIRE(small.name == subjects::InStream(1, partition));
    small.bytes_max = 256 * 1024;
    REQUIRE_OK(stack.streams().Ensure(small));
    stack.StartWriter("one");
    const writer::WriterMetrics metrics(stack.registry);
    REQUIRE(Eventually(seconds(30), [&] { return metrics.periods_ahead.Get() > 0; }));
    server.Stop();
    const auto store = [&] {
        const auto answer = stack.connection().Request(
            subjects::InSubject(1, partition, TenantId{1}),
            message().SerializeAsString(),
            Millis(20'000)
        );
        return answer.ok() && answer->find("\"error\"") == std::string::npos;
    };
    int count = 0;
    while (store()) ++count;
    REQUIRE(count > 50);
    server.Start();
    CHECK(Eventually(seconds(20), store));
}

TEST_CASE("Writer: what nobody owns is late too", "[nats]") {
    WriterFixture stack;
    const std::string ttl_ms = std::to_string(3 * stack.config.ownership.lease_ms);
    // Alive as far as anybody knows, and due a share that it does not take.
    stack.Run(
        "INSERT INTO writer_instances VALUES ('zombie', clock_timestamp() + interval '" + ttl_ms +
        " ms')"
    );
    stack.StartWriter("one");
    const auto owned = [&] {
        return stack.Count("SELECT count(*) FROM ingest_partition WHERE owner = 'one'");
    };
    REQUIRE(Eventually(seconds(30), [&] { return owned() == 2; }));
    stack.Publish(Messages(200));
    writer::WriterMetrics metrics(stack.registry);
    const auto late = [&] {
        int count = 0;
        for (int i = 0; i < WriterFixture::kPartitions; ++i) {
            if (metrics.LagSeconds(domain::ShardId::OfPartition(1, i)).Get() > 1) ++count;
        }
        return count;
    };
    CHECK(Eventually(seconds(30), [&] { return late() == 2; }));
    REQUIRE(stack.AllCommitted());  // Once the other one is given up.
    CHECK(owned() == 4);
    CHECK(Eventually(seconds(30), [&] { return late() == 0; }));
}

TEST_CASE("Writer: its lag grows while PostgreSQL is away", "[nats]") {
    PgServer server;
    WriterFixture stack(server);
    stack.StartWriter("one");
    stack.Publish(Messages(50));
    REQUIRE(stack.AllCommitted());
    writer::WriterMetrics metrics(stack.registry);
    const auto worst = [&](auto gauge) {
        double lag = 0;
        for (int i = 0; i < WriterFixture::kPartitions; ++i) {
            lag = std::max(lag, (metrics.*gauge)(domain::ShardId::OfPartition(1, i)).Get());
        }
        return lag;
    };
    // What was told of the first ones is past, so that what is seen next is of the others.
    const auto behind = [&] { return worst(&writer::WriterMetrics::LagMessages); };
    REQUIRE(Eventually(seconds(20), [&] { return behind() == 0; }));
    server.Stop();
    stack.Publish(Messages(50));
    REQUIRE(Eventually(seconds(20), [&] { return behind() > 0; }));
    stack.clock.Advance(seconds(60));
    CHECK(Eventually(seconds(20), [&] { return worst(&writer::WriterMetrics::LagSeconds) >= 60; }));
    server.Start();
    REQUIRE(stack.AllCommitted());
    CHECK(Eventually(seconds(30), [&] { return worst(&writer::WriterMetrics::LagSeconds) == 0; }));
}

}  // namespace
}  // namespace unibox::test
