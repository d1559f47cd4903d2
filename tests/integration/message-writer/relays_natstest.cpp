// Rows of the outbox on their way to several streams: from a real PostgreSQL, by a lane's outbox,
// to a real nats-server.
#include "base/encoding.hpp"
#include "committer_fixture.hpp"
#include "integration/nats/nats_fixture.hpp"
#include "message-writer/lane_outbox.hpp"

#include <algorithm>
#include <map>

namespace unibox::test {
namespace {

using domain::OutboxTarget;
using writer::OutboxStream;

constexpr int kPartitionCount = 4;
constexpr OutboxTarget kJobs{2};

writer::RelayMetrics JobMetrics(obs::Metrics& metrics) {
    return {
        metrics.GetCounter("test_jobs_total", ""),
        metrics.GetCounter("test_job_retries_total", ""),
        metrics.GetCounter("test_jobs_dropped_total", ""),
        metrics.GetGauge("test_job_backlog", ""),
        metrics.GetHistogram("test_job_delay_seconds", "", obs::SecondsBuckets())};
}

// A stream of jobs beside the feed.
constexpr OutboxStream kStreams[] = {
    writer::kOutboxStreams[0],
    {kJobs, "UB_JOBS", JobMetrics, false},
};

nats::StreamSpec JobSpec(std::int64_t bytes_max) {
    nats::StreamSpec spec;
    spec.name = "UB_JOBS";
    spec.subjects = {"ub.jobs.>"};
    spec.bytes_max = bytes_max;
    return spec;
}

nats::StreamSpec FeedSpec() {
    for (const auto& declared : nats::UniboxStreams({.partition_count = 1})) {
        if (declared.name == "UB_EV") return declared;
    }
    return {};
}

struct OutboxFixture {
    explicit OutboxFixture(std::size_t backlog_bytes_max = 64 * 1024 * 1024)
        : streams(*nats.connection) {
        committer.Own(kPartitionCount);
        for (int i = 0; i < kPartitionCount; ++i) {
            shards.push_back(domain::ShardId::OfPartition(1, i));
        }
        const writer::RelaySettings settings{
            .publish_deadline = 60s,
            .retry_wait = 10ms,
            .in_flight_msgs_max = kPartitionCount,  // As many as the jobs that go out at once.
            .backlog_bytes_max = backlog_bytes_max,
        };
        auto made = writer::Relays::Create(
            *nats.connection, kStreams, settings, nats.metrics, SystemClock(), nullptr
        );
        REQUIRE_OK(made);
        relays = std::move(made).value();
        outbox = std::make_unique<writer::LaneOutbox>(committer.pool(), *relays, SystemClock());
    }

    // Commits feed events, which nobody publishes: messages of twelve threads.
    void WriteMessages(int count) {
        std::vector<event::v1::InboundEvent> events;
        for (int i = 0; i < count; ++i) {
            events.push_back(AMessage().InThread("thread " + std::to_string(i % 12)).Build());
        }
        REQUIRE(committer.Write(events));
    }
    // One row of jobs, all of one key, for each shard.
    void WriteJobs(int count) {
        for (const domain::ShardId shard : shards) {
            event::v1::OutboxBatch batch;
            for (int i = 0; i < count; ++i) {
                auto* entry = batch.add_entries();
                entry->set_subject("ub.jobs." + shard.ToString());
                entry->set_event_id("job " + shard.ToString() + " " + std::to_string(i));
                entry->set_ordering_key("all");
                entry->set_payload(std::to_string(i) + std::string(500, ' '));
            }
            Store(shard, kJobs, batch);
        }
    }
    void Store(domain::ShardId shard, OutboxTarget target, const event::v1::OutboxBatch& batch) {
        committer.Run(
            "INSERT INTO outbox (shard, target, batch) VALUES (" + shard.ToString() + ", " +
            std::to_string(static_cast<int>(target)) + ", '\\x" +
            HexEncode(batch.SerializeAsString()) + "')"
        );
    }
    // As a writer that has just taken the shards over.
    void TakeOver() {
        for (const domain::ShardId shard : shards) outbox->NeedSweep(shard);
        Sweep();
    }
    void Sweep() {
        for (const domain::ShardId shard : shards) outbox->Sweep(shard, false);
    }
    // Rows of the target that are left once what is acknowledged is deleted.
    std::int64_t Left(OutboxTarget target) {
        for (const domain::ShardId shard : shards) outbox->Collect(shard);
        outbox->DeleteAcknowledged();
        return committer.Count(
            "SELECT count(*) FROM outbox WHERE target = " + std::to_string(static_cast<int>(target))
        );
    }
    std::vector<nats::LogMessage> Stored(const std::string& stream) {
        std::vector<nats::LogMessage> messages;
        const auto info = streams.Info(stream);
        REQUIRE_OK(info);
        for (std::uint64_t sequence = 1; sequence <= info->last_seq; ++sequence) {
            auto message = streams.Get(stream, sequence);
            REQUIRE_OK(message);
            messages.push_back(std::move(message).value());
        }
        return messages;
    }
    // "" or why a consumer of the feed would not see 1, 2, 3 … of each conversation, each once.
    std::string WrongOrder() {
        std::map<std::string, std::int64_t> versions;
        for (const auto& message : Stored("UB_EV")) {
            event::v1::FeedEvent event;
            REQUIRE(event.ParseFromString(message.payload));
            std::int64_t& version = versions[event.conversation_id()];
            if (event.version() != ++version) return event.ShortDebugString();
        }
        return "";
    }

    CommitterFixture committer;
    NatsFixture nats;
    nats::Streams streams;
    std::vector<domain::ShardId> shards;
    std::unique_ptr<writer::Relays> relays;
    std::unique_ptr<writer::LaneOutbox> outbox;
};

}  // namespace

TEST_CASE("Relays: the next owner publishes what the dead one left behind", "[nats][pg][writer]") {
    OutboxFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    f.WriteMessages(60);
    REQUIRE(f.committer.Count("SELECT count(*) FROM outbox") > 1);
    f.TakeOver();
    REQUIRE(Eventually(30s, [&] { return f.Left(OutboxTarget::kFeed) == 0; }));
    CHECK(f.Stored("UB_EV").size() == 60);
    CHECK(f.WrongOrder() == "");
}

TEST_CASE("Relays: a full stream holds up no other", "[nats][pg][writer]") {
    OutboxFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    REQUIRE_OK(f.streams.Ensure(JobSpec(8 * 1024)));
    f.WriteJobs(20);
    f.WriteMessages(60);
    f.TakeOver();
    auto& refused = f.nats.metrics.GetCounter("test_job_retries_total", "");
    REQUIRE(Eventually(30s, [&] { return refused.Get() > 0; }));
    REQUIRE(Eventually(30s, [&] { return f.Left(OutboxTarget::kFeed) == 0; }));
    CHECK(f.Stored("UB_EV").size() == 60);
    CHECK(f.Left(kJobs) > 0);
    CHECK(f.relays->Of(kJobs).backlog_count() > 0);

    REQUIRE_OK(f.streams.Ensure(JobSpec(-1)));
    REQUIRE(Eventually(30s, [&] { return f.Left(kJobs) == 0; }));
    std::map<std::string, int> next;
    for (const auto& job : f.Stored("UB_JOBS"))
        CHECK(std::stoi(job.payload) == next[job.subject]++);
    CHECK(next.size() == f.shards.size());
}

TEST_CASE("Relays: a missing stream holds up no other", "[nats][pg][writer]") {
    const std::string missing = GENERATE("UB_EV", "UB_JOBS");
    INFO(missing);
    OutboxFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    REQUIRE_OK(f.streams.Ensure(JobSpec(-1)));
    REQUIRE_OK(f.streams.Delete(missing));
    const bool feed_is_missing = missing == "UB_EV";
    const OutboxTarget there = feed_is_missing ? kJobs : OutboxTarget::kFeed;
    const OutboxTarget gone = feed_is_missing ? OutboxTarget::kFeed : kJobs;
    f.WriteJobs(5);
    f.WriteMessages(20);
    f.TakeOver();
    REQUIRE(Eventually(30s, [&] { return f.Left(there) == 0; }));
    CHECK(f.Left(gone) > 0);
    REQUIRE_OK(f.streams.Ensure(feed_is_missing ? FeedSpec() : JobSpec(-1)));
    REQUIRE(Eventually(30s, [&] { return f.Left(gone) == 0; }));
    CHECK(f.WrongOrder() == "");
}

TEST_CASE("Relays: writing waits for a stream only if that is said of it", "[nats][pg][writer]") {
    OutboxFixture f(1);  // each relay has room for one row
    f.WriteJobs(2);      // there is no stream yet
    f.WriteMessages(20);
    f.TakeOver();
    const auto held = [&] {
        return std::count_if(f.shards.begin(), f.shards.end(), [&](domain::ShardId shard) {
            return f.outbox->HoldsWrites(shard);
        });
    };
    const std::int64_t rows = f.Left(OutboxTarget::kFeed);
    REQUIRE(rows > 1);
    CHECK(held() == rows - 1);
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    REQUIRE(Eventually(30s, [&] {
        f.Sweep();
        return f.Left(OutboxTarget::kFeed) == 0;
    }));
    CHECK(held() == 0);
    CHECK(f.Left(kJobs) == kPartitionCount);
}

TEST_CASE("Relays: what has no relay waits in the table", "[nats][pg][writer]") {
    constexpr OutboxTarget kLater{1'000};
    OutboxFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    event::v1::OutboxBatch batch;
    batch.add_entries()->set_ordering_key("a conversation");
    f.Store(f.shards[0], kLater, batch);
    writer::CommittedOutbox committed;
    committed.emplace_back(store::OutboxId{f.shards[0], kLater, 1}, batch);
    f.outbox->Publish(std::move(committed));
    f.WriteMessages(20);
    f.TakeOver();
    REQUIRE(Eventually(30s, [&] { return f.Left(OutboxTarget::kFeed) == 0; }));
    CHECK(f.Left(kLater) == 1);
    CHECK_FALSE(f.outbox->HoldsWrites(f.shards[0]));
}

// As a build wrote them that knew neither.
TEST_CASE("Relays: rows without keys and epoch are relayed in order", "[nats][pg][writer]") {
    OutboxFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    f.WriteMessages(60);
    const auto rows = [&](domain::ShardId shard) {
        const auto ids = store::ListOutbox(f.committer.pool(), shard, OutboxTarget::kFeed, 0, 100);
        REQUIRE_OK(ids);
        auto read = store::ReadOutbox(f.committer.pool(), *ids, 1 << 20);
        REQUIRE_OK(read);
        return std::move(read).value();
    };
    for (const domain::ShardId shard : f.shards) {
        const auto whole = rows(shard);
        f.committer.Run("DELETE FROM outbox WHERE shard = " + shard.ToString());
        for (const store::OutboxRow& row : whole) {
            event::v1::OutboxBatch old = row.batch;
            old.clear_feed_epoch();
            for (auto& entry : *old.mutable_entries()) entry.clear_ordering_key();
            f.Store(shard, OutboxTarget::kFeed, old);
        }
        const auto completed = rows(shard);
        REQUIRE(completed.size() == whole.size());
        for (std::size_t i = 0; i < whole.size(); ++i) {
            CHECK(completed[i].batch.SerializeAsString() == whole[i].batch.SerializeAsString());
            CHECK(completed[i].batch.entries(0).ordering_key().size() == 36);
        }
    }
    f.WriteMessages(60);  // of the same conversations, by this build
    f.TakeOver();
    REQUIRE(Eventually(30s, [&] { return f.Left(OutboxTarget::kFeed) == 0; }));
    CHECK(f.Stored("UB_EV").size() == 120);
    CHECK(f.WrongOrder() == "");
}

}  // namespace unibox::test
