// Who has vanished does not hold up a stop.
#include "http_fixture.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

#include <future>

namespace unibox::test {
namespace {

using std::chrono::seconds;

// Longer than the farewell of a stop, shorter than any time-out of the settings.
constexpr Millis kAfterFarewell{5'001};

http::Settings WithLongTimes() {
    http::Settings settings;
    settings.head_timeout_ms = settings.write_timeout_ms = settings.handler_timeout_ms = 600'000;
    return settings;
}

// A connection that the stop closes at once: its end tells that the stop has begun.
std::unique_ptr<RawSocket> Idle(const HttpFixture& fixture) {
    auto socket = std::make_unique<RawSocket>(fixture.server->address());
    REQUIRE(socket->Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    socket->ReadUntil("got");
    return socket;
}

TEST_CASE("Stop: a client that takes nothing of its answer is not waited for", "[net][http]") {
    FakeClock clock;
    HttpFixture fixture(WithLongTimes(), {}, clock);
    const auto idle = Idle(fixture);
    RawSocket deaf(fixture.server->address());
    REQUIRE(deaf.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(StatusOf(deaf.ReadUntil("\r\n\r\n")) == 200);
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(600'000)); });
    std::string rest;
    REQUIRE(idle->ReadToEnd(&rest));  // The stop has begun.
    clock.Advance(kAfterFarewell);
    CHECK(stopped.wait_for(seconds(60)) == std::future_status::ready);
}

TEST_CASE("Stop: a request whose client has gone is not waited for", "[net][http]") {
    FakeClock clock;
    HttpFixture fixture(WithLongTimes(), {}, clock);
    const auto idle = Idle(fixture);
    const std::string held = "POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    RawSocket before(fixture.server->address());
    RawSocket during(fixture.server->address());
    REQUIRE(before.Send(held));
    REQUIRE(during.Send(held));
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.count() == 2; }));
    before.FinishSending();
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.abandoned_count() == 1; }));
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(600'000)); });
    std::string received;
    REQUIRE(idle->ReadToEnd(&received));
    during.FinishSending();
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.abandoned_count() == 2; }));
    clock.Advance(kAfterFarewell);
    // Who still reads is told.
    for (RawSocket* socket : {&before, &during}) {
        CHECK(socket->ReadToEnd(&received));
        CHECK(StatusOf(received) == 503);
    }
    clock.Advance(kAfterFarewell);
    CHECK(stopped.wait_for(seconds(60)) == std::future_status::ready);
}

TEST_CASE("Stop: half a head is not waited for", "[net][http]") {
    FakeClock clock;
    HttpFixture fixture(WithLongTimes(), {}, clock);
    RawSocket half(fixture.server->address());
    REQUIRE(half.Send("GET /get HTTP/1.1\r\nHo"));
    const auto idle = Idle(fixture);
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(600'000)); });
    std::string received;
    REQUIRE(idle->ReadToEnd(&received));
    clock.Advance(kAfterFarewell);
    CHECK(half.ReadToEnd(&received));
    clock.Advance(kAfterFarewell);
    CHECK(stopped.wait_for(seconds(60)) == std::future_status::ready);
}

}  // namespace
}  // namespace unibox::test
