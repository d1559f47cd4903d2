#include "net/connection_counts.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using net::ConnectionCounts;
using net::NoPlace;

TEST_CASE("Connection counts: places in all and of one client", "[unit][net]") {
    ConnectionCounts counts(3, 2);
    NoPlace why{};
    net::Client* first = counts.Take(1, &why);
    REQUIRE(first != nullptr);
    CHECK(counts.Take(1, &why) == first);
    CHECK(counts.Take(1, &why) == nullptr);
    CHECK(why == NoPlace::kOfClient);
    net::Client* other = counts.Take(2, &why);
    REQUIRE(other != nullptr);
    CHECK(counts.Take(3, &why) == nullptr);
    CHECK(why == NoPlace::kInAll);
    CHECK(counts.Count() == 3);

    // A client is there until its last place is free; what it holds is its own.
    first->held_bytes = 7;
    counts.Release(*first);
    CHECK(counts.Take(1, &why) == first);
    CHECK(first->held_bytes == 7);
    counts.Release(*first);
    counts.Release(*first);
    net::Client* again = counts.Take(1, &why);
    REQUIRE(again != nullptr);
    CHECK(again->held_bytes == 0);
    counts.Release(*again);
    counts.Release(*other);
    CHECK(counts.Count() == 0);
}

TEST_CASE("Connection counts: no limit of one client behind a proxy", "[unit][net]") {
    ConnectionCounts counts(5, 0);
    NoPlace why{};
    for (int i = 0; i < 5; ++i) CHECK(counts.Take(1, &why) != nullptr);
    CHECK(counts.Take(1, &why) == nullptr);
    CHECK(why == NoPlace::kInAll);
}

TEST_CASE("Connection counts: the wait for none ends with the last one", "[unit][net]") {
    ConnectionCounts counts(5, 0);
    NoPlace why{};
    CHECK(counts.WaitUntilNone(std::chrono::milliseconds(0)));
    net::Client* client = counts.Take(1, &why);
    CHECK_FALSE(counts.WaitUntilNone(std::chrono::milliseconds(1)));
    auto waited = std::async(std::launch::async, [&] {
        return counts.WaitUntilNone(std::chrono::minutes(10));
    });
    counts.Release(*client);
    CHECK(waited.get());
}
