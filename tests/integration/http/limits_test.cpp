// Slow, large and many: each limit of the server is reached once.
#include "http_fixture.hpp"
#include "support/eventually.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::seconds;

std::string PostWithLength(std::string_view path, std::size_t bytes) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

TEST_CASE("Limits: a body over the route's limit gets 413, declared or chunked", "[net][http]") {
    HttpFixture fixture;
    RawSocket exact(fixture.server->address());
    REQUIRE(exact.Send(PostWithLength("/echo", 1000) + std::string(1000, 'b')));
    CHECK(StatusOf(exact.ReadUntil("bbb")) == 200);
    RawSocket declared(fixture.server->address());
    REQUIRE(declared.Send(PostWithLength("/echo", 1001)));
    std::string received;
    CHECK(declared.ReadToEnd(&received));
    CHECK(StatusOf(received) == 413);
    RawSocket chunked(fixture.server->address());
    REQUIRE(chunked.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 4; ++i) REQUIRE(chunked.Send("fa\r\n" + std::string(250, 'c') + "\r\n"));
    REQUIRE(chunked.Send("1\r\nc\r\n0\r\n\r\n"));
    CHECK(chunked.ReadToEnd(&received));
    CHECK(StatusOf(received) == 413);
    CHECK(fixture.Refused("body_too_large") == 2);
}

TEST_CASE("Limits: a large refused body still sees its answer", "[net][http]") {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    // More than a socket buffer: closing at once would reset the connection and lose the 413.
    socket.Send(PostWithLength("/echo", 900'000) + std::string(900'000, 'x'));
    CHECK(StatusOf(socket.ReadUntil("\r\n\r\n")) == 413);
}

TEST_CASE("Limits: slow heads and slow bodies are cut off with 408", "[net][http]") {
    http::Settings settings;
    settings.head_timeout_ms = 2'000;
    settings.body_timeout_ms = 2'000;
    HttpFixture fixture(settings);
    RawSocket head(fixture.server->address());
    REQUIRE(head.Send("POST /echo HTTP/1.1\r\nHo"));
    RawSocket body(fixture.server->address());
    REQUIRE(body.Send(PostWithLength("/echo", 100) + "abc"));
    RawSocket silent(fixture.server->address());
    std::string received;
    CHECK(head.ReadToEnd(&received));
    CHECK(StatusOf(received) == 408);
    CHECK(body.ReadToEnd(&received));
    CHECK(StatusOf(received) == 408);
    CHECK(received.find("the body came too slowly") != std::string::npos);
    CHECK(silent.ReadToEnd(&received));
    CHECK(received.empty());
    CHECK(fixture.Refused("head_timeout") == 1);
    CHECK(fixture.Refused("body_timeout") == 1);
}

TEST_CASE("Limits: a fast beginning buys a body no silence", "[net][http]") {
    http::Settings settings;
    settings.body_timeout_ms = 2'000;
    settings.body_bytes_per_s_min = 1'000;
    settings.in_flight_bytes_max = 100'000;
    settings.in_flight_bytes_per_client_percent = 100;
    HttpFixture fixture(settings);
    RawSocket stalled(fixture.server->address());
    // At 1,000 bytes/s these would have been good for a minute and a half.
    REQUIRE(stalled.Send(PostWithLength("/big", 95'001) + std::string(95'000, 'x')));
    std::string received;
    CHECK(stalled.ReadToEnd(&received, seconds(20)));
    CHECK(StatusOf(received) == 408);
    CHECK(fixture.Refused("body_timeout") == 1);
    RawSocket later(fixture.server->address());
    REQUIRE(later.Send(PostWithLength("/big", 95'000) + std::string(95'000, 'x')));
    CHECK(StatusOf(later.ReadUntil("95000")) == 200);
}

TEST_CASE("Limits: a body at the minimum rate goes on, up to the time for all of it", "[net]") {
    http::Settings settings;
    settings.body_timeout_ms = 3'000;
    settings.body_bytes_per_s_min = 1;
    settings.body_total_ms_max = 7'000;
    HttpFixture fixture(settings);
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(PostWithLength("/big", 1'000'000)));
    const auto begun = std::chrono::steady_clock::now();
    std::string received;
    REQUIRE(Eventually(seconds(30), [&] {
        socket.Send("x");
        received += socket.ReadUntil("\r\n\r\n", std::chrono::milliseconds(20));
        return !received.empty();
    }));
    CHECK(StatusOf(received) == 408);
    // Longer than without its bytes: the rate was kept.
    CHECK(std::chrono::steady_clock::now() - begun >= seconds(5));
}

TEST_CASE("Limits: one client network leaves room for the bodies of others", "[net][http]") {
    http::Settings settings;
    settings.in_flight_bytes_max = 100'000;
    settings.in_flight_bytes_per_client_percent = 50;
    HttpFixture fixture(settings);
    const std::string request = PostWithLength("/held", 20'000) + std::string(20'000, 'x');
    RawSocket first(fixture.server->address(), "127.0.0.1");
    RawSocket second(fixture.server->address(), "127.0.0.2");
    REQUIRE(first.Send(request));
    REQUIRE(second.Send(request));
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.count() == 2; }));
    RawSocket third(fixture.server->address(), "127.0.0.3");
    REQUIRE(third.Send(request));
    const std::string refused = third.ReadUntil("}");
    CHECK(StatusOf(refused) == 503);
    CHECK(refused.find("Retry-After: ") != std::string::npos);
    CHECK(fixture.Refused("in_flight_bytes_of_client") == 1);
    RawSocket other(fixture.server->address(), "127.0.1.1");
    REQUIRE(other.Send(request));
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.count() == 3; }));
    fixture.held.Release("free");
    CHECK(StatusOf(other.ReadUntil("free")) == 200);
    RawSocket again(fixture.server->address(), "127.0.0.1");
    REQUIRE(again.Send(request));
    CHECK(Eventually(seconds(30), [&] { return fixture.held.count() == 1; }));
}

TEST_CASE("Limits: dripping a byte now and then does not help a slow head", "[net][http]") {
    http::Settings settings;
    settings.head_timeout_ms = 2'000;
    HttpFixture fixture(settings);
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("GET /get HTTP/1.1\r\nX: "));
    std::string received;
    const bool cut = Eventually(seconds(30), [&] {
        socket.Send("a");
        received += socket.ReadUntil("\r\n\r\n", std::chrono::milliseconds(20));
        return !received.empty();
    });
    CHECK(cut);
    CHECK(StatusOf(received) == 408);
}

TEST_CASE("Limits: a pipelined half head has the head's deadline", "[net][http]") {
    http::Settings settings;
    settings.head_timeout_ms = 2'000;
    HttpFixture fixture(settings);
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\nGET /g"));
    std::string received;
    CHECK(socket.ReadToEnd(&received));
    CHECK(CountOf(received, "HTTP/1.1 200") == 1);
    CHECK(CountOf(received, "HTTP/1.1 408") == 1);
}

TEST_CASE("Limits: idle kept-alive connections are closed silently", "[net][http]") {
    http::Settings settings;
    settings.idle_timeout_ms = 150;
    HttpFixture fixture(settings);
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    std::string received;
    CHECK(socket.ReadToEnd(&received));
    CHECK(CountOf(received, "HTTP/1.1 ") == 1);
}

TEST_CASE("Limits: connections in all and of one client", "[net][http]") {
    http::Settings settings;
    const bool per_client = GENERATE(false, true);
    (per_client ? settings.connection_count_per_client_max : settings.connection_count_max) = 2;
    HttpFixture fixture(settings);
    auto first = std::make_unique<RawSocket>(fixture.server->address());
    const RawSocket second(fixture.server->address());
    RawSocket third(fixture.server->address());
    std::string received;
    CHECK(third.ReadToEnd(&received));
    CHECK(StatusOf(received) == 503);
    CHECK(received.find("Retry-After: ") != std::string::npos);
    first.reset();
    CHECK(Eventually(seconds(30), [&] {
        RawSocket socket(fixture.server->address());
        socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n");
        return StatusOf(socket.ReadUntil("\r\n\r\n")) == 200;
    }));
}

TEST_CASE("Limits: requests and bytes in flight get 503 with Retry-After", "[net][http]") {
    http::Settings settings;
    const bool by_bytes = GENERATE(false, true);
    settings.in_flight_request_count_max = by_bytes ? 100 : 2;
    settings.in_flight_bytes_max = by_bytes ? 2000 : 1 << 20;
    settings.in_flight_bytes_per_client_percent = 100;
    HttpFixture fixture(settings);
    RawSocket first(fixture.server->address());
    RawSocket second(fixture.server->address());
    const std::string request = PostWithLength("/held", 1000) + std::string(1000, 'x');
    REQUIRE(first.Send(request));
    REQUIRE(second.Send(request));
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.count() == 2; }));
    RawSocket third(fixture.server->address());
    REQUIRE(third.Send("POST /held HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::string refused = third.ReadUntil("}");
    CHECK(StatusOf(refused) == 503);
    CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
    fixture.held.Release("free");
    CHECK(StatusOf(first.ReadUntil("free")) == 200);
    REQUIRE(third.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(StatusOf(third.ReadUntil("got")) == 200);
}

TEST_CASE("Limits: a handler without an answer", "[net][http]") {
    http::Settings settings;
    settings.handler_timeout_ms = 150;
    settings.retry_after_s = 7;
    HttpFixture fixture(settings);
    RawSocket slow(fixture.server->address());
    REQUIRE(slow.Send(PostWithLength("/held", 0)));
    std::string received;
    CHECK(slow.ReadToEnd(&received));
    CHECK(StatusOf(received) == 503);
    CHECK(received.find("Retry-After: 7\r\n") != std::string::npos);
    fixture.held.Release("too late");  // Goes nowhere, harmlessly.
    RawSocket thrown(fixture.server->address());
    REQUIRE(thrown.Send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(StatusOf(thrown.ReadUntil("}")) == 500);
}

TEST_CASE("Limits: a dropped Respond is answered with 500", "[net][http]") {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(PostWithLength("/held", 0)));
    REQUIRE(Eventually(seconds(30), [&] { return fixture.held.count() == 1; }));
    fixture.held.DropAll();
    CHECK(StatusOf(socket.ReadUntil("}")) == 500);
}

TEST_CASE("Limits: a client that does not read its answer is cut off", "[net][http]") {
    http::Settings settings;
    settings.write_timeout_ms = 150;
    HttpFixture fixture(settings);
    RawSocket socket(fixture.server->address());
    obs::Gauge& open = fixture.metrics.GetGauge(
        "unibox_http_connections", "Open connections.", {{"listener", "http"}}
    );
    REQUIRE(Eventually(seconds(30), [&] { return open.Get() == 1; }));
    REQUIRE(socket.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(Eventually(seconds(30), [&] { return open.Get() == 0; }));
}

}  // namespace
}  // namespace unibox::test
