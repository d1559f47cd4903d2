#include "async/periodic.hpp"

#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using unibox::async::Periodic;
using unibox::test::Eventually;
using namespace std::chrono_literals;

TEST_CASE("Periodic: calls at once, then again and again", "[unit][async]") {
    std::atomic<int> calls{0};
    const Periodic periodic("test", 1ms, [&] { ++calls; });
    CHECK(Eventually(5s, [&] { return calls >= 3; }));
}

TEST_CASE("Periodic: Wake does not wait for the interval, Stop neither", "[unit][async]") {
    std::atomic<int> calls{0};
    Periodic periodic("test", std::chrono::hours(24), [&] { ++calls; });
    REQUIRE(Eventually(5s, [&] { return calls == 1; }));
    // A Wake that comes while the first call still ends counts for that call; so ask until it is
    // seen.
    CHECK(Eventually(5s, [&] {
        periodic.Wake();
        return calls >= 2;
    }));
    periodic.Stop();
    const int at_stop = calls;
    periodic.Wake();
    periodic.Stop();
    CHECK(calls == at_stop);
}
