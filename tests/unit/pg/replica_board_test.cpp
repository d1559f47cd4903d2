#include "pg/detail/replica_board.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <set>

namespace unibox::pg::detail {
namespace {

using namespace std::chrono_literals;

constexpr Millis kBound = 1'000ms;
constexpr std::int64_t kReadsMax = 3;

SteadyTime At(Millis time) {
    return SteadyTime(1h) + time;
}
Sighting Primary(std::uint64_t place, std::int32_t timeline = 1) {
    return {false, Lsn{place}, 7, timeline};
}
Sighting Replica(std::uint64_t place, std::int32_t timeline = 1, std::int64_t system = 7) {
    return {true, Lsn{place}, system, timeline};
}

struct TwoReplicas {
    ReplicaBoard board{2, kBound, kReadsMax};

    std::optional<Choice> Take(Millis at, std::optional<Lsn> token = {}) {
        auto choice = board.Take(token, At(at), &why_not);
        if (choice) board.Done(choice->replica);
        return choice;
    }
    NoReplica why_not = NoReplica::kNone;
};

TEST_CASE("ReplicaBoard: nobody is used before all is known", "[unit][pg]") {
    TwoReplicas two;
    CHECK_FALSE(two.Take(0ms));
    two.board.SawReplica(0, Replica(100), At(0ms));
    CHECK_FALSE(two.Take(0ms, Lsn{1}));
    CHECK(two.board.StateOf(0, At(0ms)) == ReplicaState::kUnknown);
    two.board.SawPrimary(Primary(100), At(0ms));
    CHECK(two.Take(0ms)->replica == 0);
    CHECK(two.board.StateOf(1, At(0ms)) == ReplicaState::kUnknown);
}

TEST_CASE("ReplicaBoard: what must have been replayed is a second old", "[unit][pg]") {
    TwoReplicas two;
    for (int i = 0; i <= 20; ++i) {
        two.board.SawPrimary(Primary(100 + static_cast<std::uint64_t>(i)), At(i * 100ms));
    }
    two.board.SawReplica(0, Replica(115), At(2'000ms));
    // The earliest look within the bound was at 1.0 s.
    CHECK(two.Take(2'000ms)->replayed == Lsn{110});
    CHECK(two.Take(2'050ms)->replayed == Lsn{111});
    // At 2.55 s it was at 1.6 s, beyond what the replica had.
    CHECK_FALSE(two.Take(2'550ms));
    CHECK(two.why_not == NoReplica::kBehind);
    CHECK(two.board.StateOf(0, At(2'550ms)) == ReplicaState::kLate);
    CHECK(two.board.LagOf(0, At(2'550ms)) == 1'050ms);
    two.board.SawReplica(0, Replica(118), At(2'550ms));
    CHECK(two.Take(2'550ms)->replayed == Lsn{116});
    // Without a word from the primary nothing is proved.
    two.board.SawReplica(0, Replica(120), At(3'200ms));
    CHECK_FALSE(two.Take(3'200ms));
    CHECK(two.Take(3'200ms, Lsn{119})->replayed == Lsn{119});
}

TEST_CASE("ReplicaBoard: a token adds to the bound", "[unit][pg]") {
    TwoReplicas two;
    two.board.SawPrimary(Primary(100), At(0ms));
    two.board.SawReplica(0, Replica(100), At(0ms));
    two.board.SawReplica(1, Replica(150), At(0ms));
    CHECK(two.Take(1ms, Lsn{50})->replayed == Lsn{100});
    for (int i = 0; i < 4; ++i) {  // Whose turn it is does not matter.
        const auto choice = two.Take(1ms, Lsn{140});
        CHECK(choice->replica == 1);
        CHECK(choice->replayed == Lsn{140});
    }
    // Perhaps by now: the server is asked.
    CHECK(two.Take(1ms, Lsn{200})->replayed == Lsn{200});
}

TEST_CASE("ReplicaBoard: the one with the fewest reads, and none with too many", "[unit][pg]") {
    TwoReplicas two;
    two.board.SawPrimary(Primary(100), At(0ms));
    for (const std::size_t replica : {0U, 1U}) {
        two.board.SawReplica(replica, Replica(100), At(0ms));
    }
    std::multiset<std::size_t> taken;
    for (int i = 0; i < 2 * kReadsMax; ++i) {
        const auto choice = two.board.Take({}, At(0ms));
        REQUIRE(choice);
        taken.insert(choice->replica);
    }
    CHECK(taken.count(0) == 3);
    CHECK(taken.count(1) == 3);
    CHECK_FALSE(two.Take(0ms));
    CHECK(two.why_not == NoReplica::kBusy);
    two.board.Done(1);
    CHECK(two.Take(0ms)->replica == 1);
}

TEST_CASE("ReplicaBoard: one that is lost is used when it was seen again", "[unit][pg]") {
    TwoReplicas two;
    two.board.SawPrimary(Primary(100), At(0ms));
    two.board.SawReplica(0, Replica(100), At(0ms));
    two.board.Lost(0);
    CHECK(two.board.StateOf(0, At(0ms)) == ReplicaState::kAway);
    CHECK_FALSE(two.Take(0ms, Lsn{1}));
    two.board.SawReplica(0, Replica(100), At(1ms));
    CHECK(two.Take(1ms));
    // One that has not been heard of for longer than the bound is away too.
    two.board.SawPrimary(Primary(100), At(1'500ms));
    CHECK(two.board.StateOf(0, At(1'500ms)) == ReplicaState::kAway);
}

TEST_CASE("ReplicaBoard: who is of another history is no replica", "[unit][pg]") {
    TwoReplicas two;
    two.board.SawPrimary(Primary(100), At(0ms));
    two.board.SawReplica(0, Replica(500, 1, 8), At(0ms));
    CHECK(two.board.StateOf(0, At(0ms)) == ReplicaState::kOtherHistory);
    two.board.SawReplica(1, {false, Lsn{500}, 7, 2}, At(0ms));
    CHECK(two.board.StateOf(1, At(0ms)) == ReplicaState::kPromoted);
    CHECK_FALSE(two.Take(0ms, Lsn{1}));
    // The promoted one becomes the primary; who stays on the old timeline may have other content.
    two.board.SawReplica(0, Replica(500), At(1ms));
    CHECK(two.Take(1ms));
    two.board.SawPrimary(Primary(120, 2), At(2ms));
    CHECK(two.board.StateOf(0, At(2ms)) == ReplicaState::kOtherHistory);
    CHECK_FALSE(two.board.LagOf(0, At(2ms)).has_value());
    CHECK_FALSE(two.Take(2ms, Lsn{1}));
    two.board.SawReplica(0, Replica(120, 2), At(3ms));
    CHECK(two.Take(3ms));
    CHECK(two.board.LagOf(0, At(3ms)) == 1ms);
}

TEST_CASE("ReplicaBoard: a primary that is in recovery proves nothing", "[unit][pg]") {
    TwoReplicas two;
    two.board.SawPrimary(Replica(100), At(0ms));
    two.board.SawReplica(0, Replica(100), At(0ms));
    CHECK_FALSE(two.Take(0ms));
    CHECK(two.board.StateOf(0, At(0ms)) == ReplicaState::kUnknown);
}

}  // namespace
}  // namespace unibox::pg::detail
