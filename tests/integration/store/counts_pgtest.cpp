// Who adds to the counts waits for nobody, and nothing is lost while they are folded.
#include "command_fixture.hpp"
#include "store/writer/counts.hpp"

#include <atomic>
#include <thread>

namespace unibox::store {
namespace {

using test::CommandFixture;
using test::kTenant;
using test::MakeId;
using test::TestLane;

constexpr int kLanes = 4;
constexpr int kRounds = 150;

// The same in the whole program, even if it ends meanwhile.
std::int64_t ThisHour() {
    static const std::int64_t hour_ms = domain::HourOf(SystemClock().UnixMillis());
    return hour_ms;
}

// One conversation more of the same kind, and one message more in the hour.
domain::Effects OneMore(std::int64_t hour_ms = ThisHour()) {
    domain::Effects effects;
    effects.tallies[{
        kTenant, CommandFixture::channel(), v1::CONVERSATION_STATUS_OPEN, MakeId<AgentId>(1), {}}] =
        {1, 0, 0, 1};
    domain::Volume volume;
    volume.inbound = 1;
    effects.volumes[{kTenant, hour_ms, CommandFixture::channel(), {}}] = volume;
    return effects;
}

Status AddOne(TestLane& lane, bool of_log) {
    const domain::BatchPlan plan;
    UNIBOX_ASSIGN_OR_RETURN(auto tx, lane.Begin());
    const auto state = of_log ? lane.ReadLog(tx, plan) : lane.Read(tx, plan);
    UNIBOX_RETURN_IF_ERROR(state.status());
    return tx.Commit(OneMore(), {}).status();
}

constexpr const char* kTallied =
    "SELECT coalesce(sum(conversation_count), 0)::bigint FROM conversation_tallies";
constexpr const char* kCounted =
    "SELECT coalesce(sum(inbound_count), 0)::bigint FROM inbox_volumes WHERE period = 1";

TEST_CASE("Counts: no lane waits for another one, nor the keeper for a lane", "[pg][store]") {
    CommandFixture fixture;
    const auto a = fixture.Lane("a");
    const auto b = fixture.Lane("b");
    a->OwnPartition(0);
    REQUIRE_OK(AddOne(*a, true));
    auto holder = pg::SystemTx::Begin(fixture.Pool("postgres"), pg::Access::kReadWrite).value();
    for (const std::string table : {"conversation_tallies", "inbox_volumes"}) {
        REQUIRE_OK(holder.ExecuteUnprepared("SELECT 1 FROM " + table + " FOR UPDATE"));
    }
    REQUIRE_OK(AddOne(*b, false));  // the same counts, while those of the first are held
    REQUIRE_OK(AddOne(*b, false));
    CHECK(FoldCounts(fixture.writer(), 100).value() == 2);  // of the second one alone
    CHECK(FoldCounts(fixture.writer(), 100).value() == 0);
    REQUIRE_OK(holder.Commit());
    CHECK(fixture.Number(kTallied) == 3);
    CHECK(FoldCounts(fixture.writer(), 100).value() == 2);
    CHECK(fixture.Number(kTallied) == 3);
    CHECK(fixture.Number("SELECT count(*) FROM conversation_tallies") == 1);
    CHECK(fixture.Number(kCounted) == 3);
    // The hour, its day, and what was ever.
    CHECK(fixture.Number("SELECT count(*) FROM inbox_volumes WHERE inbound_count = 3") == 3);
}

TEST_CASE("Counts: what comes to nothing leaves no row", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    REQUIRE_OK(AddOne(*lane, false));
    CHECK(FoldCounts(fixture.writer(), 100).value() == 2);
    domain::Effects less = OneMore();
    less.volumes.clear();
    for (auto& [key, tally] : less.tallies) tally = -tally;
    auto tx = lane->Begin().value();
    REQUIRE_OK(lane->Read(tx, {}));
    REQUIRE_OK(tx.Commit(less, {}));
    CHECK(fixture.Number(kTallied) == 0);
    CHECK(FoldCounts(fixture.writer(), 100).value() == 1);
    CHECK(fixture.Number("SELECT count(*) FROM conversation_tallies") == 0);
}

TEST_CASE("Counts: hours go after 100 days, days stay", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    const std::int64_t now = domain::HourOf(fixture.now_ms);
    for (const std::int64_t days : {99, 101}) {
        auto tx = lane->Begin().value();
        REQUIRE_OK(lane->Read(tx, {}));
        REQUIRE_OK(tx.Commit(OneMore(now - days * 24 * domain::kHourMs), {}));
    }
    CHECK(FoldCounts(fixture.writer(), 100).value() == 3);
    CHECK(fixture.Number("SELECT count(*) FROM inbox_volumes WHERE period = 1") == 1);
    CHECK(fixture.Number("SELECT count(*) FROM inbox_volumes WHERE period = 2") == 2);
    CHECK(fixture.Number("SELECT inbound_count FROM inbox_volumes WHERE period = 3") == 2);
}

TEST_CASE("Counts: nothing is lost between lanes and the keeper", "[pg][store]") {
    CommandFixture fixture;
    std::vector<std::unique_ptr<TestLane>> lanes;
    for (int i = 0; i < kLanes; ++i) {
        lanes.push_back(fixture.Lane("lane" + std::to_string(i)));
        lanes.back()->OwnPartition(i);
    }
    fixture.writer();  // made before the threads
    std::vector<Status> outcomes(lanes.size());
    std::atomic<int> working = kLanes;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < kRounds && outcomes[i].ok(); ++round) {
                outcomes[i] = AddOne(*lanes[i], round % 2 == 0);
            }
            --working;
        });
    }
    Status folding;
    while (working > 0 && folding.ok()) folding = FoldCounts(fixture.writer(), 3).status();
    for (std::thread& thread : threads) thread.join();
    CHECK_THAT(folding, test::IsOk());
    for (const Status& outcome : outcomes) CHECK_THAT(outcome, test::IsOk());
    CHECK(fixture.Number(kTallied) == kLanes * kRounds);
    CHECK(fixture.Number(kCounted) == kLanes * kRounds);
    while (FoldCounts(fixture.writer(), 100).value() > 0) continue;
    CHECK(fixture.Number(kTallied) == kLanes * kRounds);
    CHECK(
        fixture.Number("SELECT inbound_count FROM inbox_volumes WHERE period = 3") ==
        kLanes * kRounds
    );
}

}  // namespace
}  // namespace unibox::store
