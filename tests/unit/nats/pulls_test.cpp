#include "nats/detail/pulls.hpp"

#include <catch2/catch.hpp>

using namespace unibox;
using nats::detail::Pulls;

TEST_CASE("Pulls: what is delivered is counted for the oldest", "[unit]") {
    Pulls pulls;
    pulls.Add(2, SteadyTime(Millis(100)));
    pulls.Add(2, SteadyTime(Millis(100)));
    pulls.Delivered();
    CHECK(pulls.size() == 2);
    pulls.Delivered();
    CHECK(pulls.size() == 1);
    pulls.DropExpired(SteadyTime(Millis(100)));
    CHECK(pulls.size() == 0);
}

// Both pulls are used up by turns, and end one after the other: that says nothing of the next one.
TEST_CASE("Pulls: only one that brought nothing and ended early is fruitless", "[unit]") {
    Pulls pulls;
    const auto first = pulls.Add(10, {});
    const auto second = pulls.Add(10, {});
    pulls.Delivered();
    pulls.Ended(first, true);
    pulls.Ended(second, true);
    CHECK(pulls.fruitless() == 0);
    pulls.Ended(pulls.Add(10, {}), false);
    CHECK(pulls.fruitless() == 0);
    pulls.Ended(pulls.Add(10, {}), true);
    pulls.Ended(pulls.Add(10, {}), true);
    CHECK(pulls.fruitless() == 2);
    pulls.Delivered();
    CHECK(pulls.fruitless() == 0);
}
