#include "store/admin/partition_repairs.hpp"
#include "store/admin/restored.hpp"
#include "store/writer/partitions.hpp"
#include "store/writer/slots.hpp"
#include "store/writer/upkeep.hpp"
#include "store_fixture.hpp"
#include "support/eventually.hpp"
#include "support/frozen_session.hpp"

#include <thread>

namespace unibox::store {
namespace {

using test::Eventually;
using test::HasCode;
using test::StoreFixture;

constexpr Millis kLease(60'000);
constexpr domain::OutboxTarget kFeedOnly[] = {domain::OutboxTarget::kFeed};
constexpr std::int64_t kCreatedMs = 1'785'412'800'000;

std::vector<domain::PartitionId> Partitions(StoreFixture& fixture, std::int32_t count) {
    std::vector<domain::PartitionId> ids;
    for (std::int32_t i = 0; i < count; ++i) {
        ids.push_back({1, i});
        REQUIRE_OK(EnsurePartition(fixture.writer(), ids.back(), kCreatedMs));
    }
    return ids;
}

TEST_CASE("Partitions: a free one is taken once, with a new epoch each time", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 3);
    const auto mine = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    REQUIRE(mine.size() == 3);
    REQUIRE(mine[0].id == ids[0]);
    REQUIRE(mine[0].epoch == 1);
    REQUIRE(mine[0].stream_created_ms == kCreatedMs);
    REQUIRE(TakePartitions(fixture.writer(), "b", ids, kLease)->empty());
    REQUIRE(TakePartitions(fixture.writer(), "a", ids, kLease)->empty());
    REQUIRE_OK(ReleasePartitions(fixture.writer(), "a", {mine[1]}));
    const auto theirs = TakePartitions(fixture.writer(), "b", ids, kLease).value();
    REQUIRE(theirs.size() == 1);
    REQUIRE(theirs[0].id == ids[1]);
    REQUIRE(theirs[0].epoch == 2);
    REQUIRE(TakePartitions(fixture.writer(), "b", {}, kLease)->empty());
    REQUIRE_OK(EnsurePartition(fixture.writer(), ids[0], 5));  // Changes nothing.
    REQUIRE(ListPartitions(fixture.writer()).value()[0].stream_created_ms == kCreatedMs);
}

TEST_CASE("Partitions: an expired lease may be taken, or renewed if nobody did", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 2);
    const auto mine = TakePartitions(fixture.writer(), "a", ids, Millis(1)).value();
    REQUIRE(Eventually(std::chrono::seconds(5), [&] {
        const auto all = ListPartitions(fixture.writer()).value();
        return !all[0].lease_live && !all[1].lease_live;
    }));
    REQUIRE(RenewPartitions(fixture.writer(), "a", {mine[0]}, kLease)->size() == 1);
    const auto taken = TakePartitions(fixture.writer(), "b", ids, kLease).value();
    REQUIRE(taken.size() == 1);
    REQUIRE(taken[0].id == ids[1]);
    REQUIRE(taken[0].epoch == 2);
    const auto kept = RenewPartitions(fixture.writer(), "a", mine, kLease).value();
    REQUIRE(kept.size() == 1);
    REQUIRE(kept[0].id == ids[0]);
    // The loser cannot give away what is not his.
    REQUIRE_OK(ReleasePartitions(fixture.writer(), "a", mine));
    REQUIRE(ListPartitions(fixture.writer()).value()[1].owner == "b");
}

TEST_CASE("Partitions: eight writers at once, each partition has one owner", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 32);
    pg::Pool& pool = fixture.writer();
    std::vector<Result<std::vector<OwnedPartition>>> taken(8);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        threads.emplace_back([&, i] {
            taken[i] = TakePartitions(pool, "w" + std::to_string(i), ids, kLease);
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t total = 0;
    for (const auto& one : taken) {
        REQUIRE_OK(one);
        total += one->size();
        for (const OwnedPartition& owned : *one) REQUIRE(owned.epoch == 1);
    }
    REQUIRE(total == 32);
}

TEST_CASE("Partitions: a row that a transaction holds is passed over", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 2);
    auto holder = pg::SystemTx::Begin(fixture.writer(), pg::Access::kReadWrite).value();
    REQUIRE_OK(holder.ExecuteUnprepared("SET LOCAL idle_in_transaction_session_timeout = 0"));
    REQUIRE_OK(
        holder.ExecuteUnprepared("SELECT 1 FROM ingest_partition WHERE partition = 0 FOR UPDATE")
    );
    const auto taken = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    REQUIRE(taken.size() == 1);
    REQUIRE(taken[0].id == ids[1]);
}

TEST_CASE(
    "Partitions: of all connections only a writer's frozen pipeline is ended", "[pg][store]"
) {
    StoreFixture fixture;
    const test::FrozenSession frozen(
        fixture.database().url("ub_writer"), "UPDATE feed SET feed_epoch = feed_epoch"
    );
    const test::FrozenSession other_role(
        fixture.database().url("ub_admin"), "UPDATE tenants SET name = name"
    );
    const auto ended = EndFrozenWriters(fixture.writer(), Millis(60'000));
    REQUIRE_OK(ended);
    CHECK(*ended == 0);  // Not frozen long enough.
    CHECK(frozen.alive());
    REQUIRE(Eventually(std::chrono::seconds(10), [&] {
        const auto late = EndFrozenWriters(fixture.writer(), Millis(100));
        return late.ok() && *late == 1;
    }));
    CHECK(Eventually(std::chrono::seconds(10), [&] { return !frozen.alive(); }));
    CHECK(other_role.alive());
}

TEST_CASE("Partitions: a connection that cannot be answered is ended too", "[pg][store]") {
    StoreFixture fixture;
    const test::FrozenSession deaf(
        fixture.database().url("ub_writer"),
        "SELECT repeat('x', 1000000) FROM generate_series(1, 200)",
        test::FrozenSession::Answers::kIgnored
    );
    REQUIRE(Eventually(std::chrono::seconds(10), [&] {
        const auto ended = EndFrozenWriters(fixture.writer(), Millis(100));
        return ended.ok() && *ended == 1;
    }));
}

TEST_CASE("Partitions: leases are extended without waiting for a transaction", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 2);
    const auto mine = TakePartitions(fixture.writer(), "a", ids, Millis(1)).value();
    const test::FrozenSession batch(
        fixture.database().url("ub_writer"),
        "UPDATE ingest_partition SET last_seq = 5 WHERE partition = 0"
    );
    const auto kept = ExtendLeases(fixture.writer(), "a", mine, kLease);
    REQUIRE_OK(kept);
    CHECK(kept->size() == 2);
    const auto states = ListPartitions(fixture.writer()).value();
    CHECK_FALSE(states[0].lease_live);  // its transaction will renew it
    CHECK(states[1].lease_live);
    auto lost = mine;
    ++lost[1].epoch;
    CHECK(ExtendLeases(fixture.writer(), "a", lost, kLease).value().size() == 1);
}

TEST_CASE("Partitions: only the owner restarts one, under its epoch", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 1);
    const auto old = TakePartitions(fixture.writer(), "a", ids, Millis(-1)).value();
    const auto now = TakePartitions(fixture.writer(), "b", ids, kLease).value();
    const auto restart = [&](const char* owner, const OwnedPartition& owned) {
        const LogPlace place{kCreatedMs + 9, 4, LogMark{"msg", kCreatedMs + 5}};
        return RestartPartition(fixture.writer(), owner, owned, place, {7, 3});
    };
    CHECK_THAT(restart("a", old[0]), HasCode(Code::kAborted));
    CHECK_THAT(restart("a", now[0]), HasCode(Code::kAborted));
    CHECK(fixture.Number("SELECT count(*) FROM ingest_break") == 0);
    REQUIRE_OK(restart("b", now[0]));
    const auto states = ListPartitions(fixture.writer()).value();
    CHECK(states[0].stream_created_ms == kCreatedMs + 9);
    CHECK(states[0].last_seq == 4);
    CHECK(states[0].mark == LogMark{"msg", kCreatedMs + 5});
    CHECK(
        fixture.Number("SELECT count(*) FROM ingest_break WHERE common_seq = 4 AND "
                       "committed_seq = 0 AND committed_stored_at IS NULL AND "
                       "stream_last_seq = 7 AND unwritten_count = 3 AND found_by = 'b'") == 1
    );
    CHECK(states[0].epoch == now[0].epoch + 1);
    CHECK(states[0].owner == std::nullopt);
}

void Mark(StoreFixture& fixture, std::int64_t seq, const std::string& msg_id) {
    const std::string number = std::to_string(seq);
    REQUIRE_OK(fixture.Owner(
        "UPDATE ingest_partition SET last_seq = " + number + ", marked_seq = " + number +
        ", marked_msg_id = '" + msg_id + "', marked_stored_at = to_timestamp(" + number + ")"
    ));
}

TEST_CASE("Partitions: a mark is of the message at last_seq, or is not known", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 1);
    const auto mine = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    CHECK(mine[0].mark == std::nullopt);
    Mark(fixture, 5, "five");
    const LogMark five{"five", 5'000};
    CHECK(ExtendLeases(fixture.writer(), "a", mine, kLease).value()[0].mark == five);
    CHECK(ListLogNeeds(fixture.writer(), Millis(0)).value()[0].mark == five);
    REQUIRE(SkipGap(fixture.admin(), ids[0], 5, "olga").value() == 0);  // Only resumed.
    CHECK(ListPartitions(fixture.writer()).value()[0].mark == five);
    REQUIRE(SkipGap(fixture.admin(), ids[0], 6, "olga").value() == 1);
    CHECK(ListPartitions(fixture.writer()).value()[0].mark == std::nullopt);
    CHECK(ListLogNeeds(fixture.writer(), Millis(0)).value()[0].mark == std::nullopt);
}

TEST_CASE("Partitions: the places where one once stood are known with their marks", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 1);
    for (const std::int64_t seq : {5, 5, 9, 12}) {
        Mark(fixture, seq, "m" + std::to_string(seq));
        REQUIRE_OK(TakeCheckpoint(fixture.writer()));
    }
    const auto mine = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    const auto places = ListKnownPlaces(fixture.writer(), mine[0], 12).value();
    REQUIRE(places.size() == 2);
    CHECK(places[0].last_seq == 5);
    CHECK(places[0].mark == LogMark{"m5", 5'000});
    CHECK(places[1].last_seq == 9);
    auto anew = mine[0];
    ++anew.stream_created_ms;
    CHECK(ListKnownPlaces(fixture.writer(), anew, 12).value().empty());
}

TEST_CASE("Partitions: when the clock went back, what was given before is void", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 1);
    const Millis long_lease(3'600'000);
    REQUIRE(TakePartitions(fixture.writer(), "dead", ids, long_lease).value().size() == 1);
    REQUIRE_OK(Heartbeat(fixture.writer(), "dead", long_lease));
    const auto clock_goes_back = [&](const std::string& by) {
        const std::string step = " + interval '" + by + "'";
        REQUIRE_OK(fixture.Owner(
            "UPDATE ingest_partition SET leased_at = leased_at" + step +
            ", lease_until = lease_until" + step
        ));
        REQUIRE_OK(fixture.Owner(
            "UPDATE writer_instances SET seen_at = seen_at" + step + ", seen_until = seen_until" +
            step + " WHERE owner = 'dead'"
        ));
    };
    clock_goes_back("2 s");  // Not worth a take-over.
    CHECK(TakePartitions(fixture.writer(), "b", ids, kLease).value().empty());
    CHECK(ListPartitions(fixture.writer()).value()[0].lease_live);
    CHECK(Heartbeat(fixture.writer(), "b", kLease).value().size() == 2);
    clock_goes_back("1 hour");
    CHECK_FALSE(ListPartitions(fixture.writer()).value()[0].lease_live);
    CHECK(Heartbeat(fixture.writer(), "b", kLease).value() == std::vector<std::string>{"b"});
    const auto taken = TakePartitions(fixture.writer(), "b", ids, kLease).value();
    REQUIRE(taken.size() == 1);
    CHECK(ListPartitions(fixture.writer()).value()[0].lease_live);
    // Whoever lives renews, and is believed again.
    clock_goes_back("1 hour");
    CHECK(ExtendLeases(fixture.writer(), "b", taken, kLease).value().size() == 1);
    CHECK(ListPartitions(fixture.writer()).value()[0].lease_live);

    REQUIRE_OK(
        fixture.Owner("INSERT INTO writer_slots (slot, epoch, owner, leased_at, lease_until)"
                      " VALUES (0, 1, 'dead', now() + interval '1 hour', 'infinity')")
    );
    REQUIRE_OK(fixture.Owner("INSERT INTO outbox (shard, target, batch) VALUES (-1, 1, '')"));
    CHECK(TakeExpiredSlots(fixture.writer(), "b", kLease, kFeedOnly, 10).value().size() == 1);
}

TEST_CASE("Upkeep: a silent keeper loses its lock", "[pg][store]") {
    StoreFixture fixture;
    obs::Metrics metrics;
    const auto session = [&] {
        return pg::Session::Create(fixture.database().settings("ub_writer"), metrics).value();
    };
    const auto silent = session();
    const auto other = session();
    REQUIRE(HoldUpkeepLock(*silent, Millis(200)).value());
    REQUIRE(Eventually(std::chrono::seconds(10), [&] {
        return HoldUpkeepLock(*other, Millis(60'000)).value();
    }));
    const auto again = HoldUpkeepLock(*silent, Millis(200));
    CHECK_FALSE((again.ok() && *again));
}

TEST_CASE("Partitions: stop, skip with a recorded gap, reset", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 1);
    auto mine = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    REQUIRE_OK(StopPartition(fixture.writer(), mine[0], "expired unread"));
    auto renewed = RenewPartitions(fixture.writer(), "a", mine, kLease).value();
    REQUIRE(renewed[0].stopped_reason == "expired unread");
    REQUIRE(SkipGap(fixture.admin(), ids[0], 100, "olga").value() == 100);
    REQUIRE(RenewPartitions(fixture.writer(), "a", mine, kLease)->empty());  // It lost it.
    const auto next = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    REQUIRE(next[0].last_seq == 100);
    REQUIRE(next[0].epoch == 3);
    REQUIRE(next[0].stopped_reason.empty());
    REQUIRE(fixture.Number("SELECT last_seq - first_seq + 1 FROM ingest_gap") == 100);
    REQUIRE(SkipGap(fixture.admin(), ids[0], 100, "olga").value() == 0);
    REQUIRE(fixture.Number("SELECT count(*) FROM ingest_gap") == 1);
    REQUIRE_THAT(SkipGap(fixture.admin(), ids[0], 99, "olga").status(), HasCode(Code::kOutOfRange));
    REQUIRE_THAT(SkipGap(fixture.admin(), {9, 9}, 99, "olga").status(), HasCode(Code::kNotFound));
    REQUIRE_THAT(StopPartition(fixture.writer(), next[0], "late"), HasCode(Code::kAborted));
    REQUIRE_OK(ResetPartition(fixture.admin(), ids[0], kCreatedMs + 1, 7));
    const auto reset = ListPartitions(fixture.admin()).value()[0];
    REQUIRE(reset.last_seq == 7);
    REQUIRE(reset.stream_created_ms == kCreatedMs + 1);
    REQUIRE_FALSE(reset.owner.has_value());
}

TEST_CASE("Partitions: after a restore every epoch is above all that were used", "[pg][store]") {
    StoreFixture fixture;
    const auto ids = Partitions(fixture, 2);
    const auto mine = TakePartitions(fixture.writer(), "a", ids, kLease).value();
    REQUIRE_OK(fixture.Owner("INSERT INTO writer_slots (slot, epoch, owner) VALUES (0, 4, 'a')"));
    REQUIRE_OK(RaiseAllEpochs(fixture.admin(), 1'000));
    REQUIRE(RenewPartitions(fixture.writer(), "a", mine, kLease)->empty());
    const auto taken = TakePartitions(fixture.writer(), "b", ids, kLease).value();
    REQUIRE(taken[0].epoch == 1'002);
    REQUIRE(fixture.Number("SELECT epoch FROM writer_slots") == 1'004);
    REQUIRE_THAT(RaiseAllEpochs(fixture.admin(), 0), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Partitions: heartbeats say who is alive", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE(Heartbeat(fixture.writer(), "b", kLease).value() == std::vector<std::string>{"b"});
    const auto both = Heartbeat(fixture.writer(), "a", kLease).value();
    REQUIRE(both == std::vector<std::string>{"a", "b"});
    REQUIRE_OK(RemoveInstance(fixture.writer(), "b"));
    REQUIRE_OK(Heartbeat(fixture.writer(), "c", Millis(1)));
    REQUIRE(Eventually(std::chrono::seconds(5), [&] {
        const auto alive = Heartbeat(fixture.writer(), "a", kLease).value();
        return alive == std::vector<std::string>{"a"} &&
               fixture.Number("SELECT count(*) FROM writer_instances") == 1;
    }));
}

TEST_CASE("Slots: expired ones with outbox rows are adopted, emptied, released", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO writer_slots (slot, epoch, owner, lease_until) VALUES "
        "(0, 1, 'dead', now() - interval '1 s'), (1, 1, 'dead', now() - interval '1 s'), "
        "(2, 1, 'alive', now() + interval '1 h')"
    ));
    REQUIRE_OK(
        fixture.Owner("INSERT INTO outbox (shard, target, batch) VALUES (-1, 1, ''), (-3, 1, '')")
    );
    const auto taken = TakeExpiredSlots(fixture.writer(), "me", kLease, kFeedOnly, 10).value();
    REQUIRE(taken.size() == 1);
    REQUIRE(taken[0].slot == 0);
    REQUIRE(taken[0].epoch == 2);
    REQUIRE(taken[0].Shard().number() == -1);
    REQUIRE(TakeExpiredSlots(fixture.writer(), "other", kLease, kFeedOnly, 10)->empty());
    REQUIRE_OK(ReleaseSlot(fixture.writer(), "me", taken[0]));
    REQUIRE(TakeExpiredSlots(fixture.writer(), "other", kLease, kFeedOnly, 10)->size() == 1);
}

}  // namespace
}  // namespace unibox::store
