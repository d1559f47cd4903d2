// Keep-alive, pipelining, many requests, several net threads, orderly stop.
#include "http_fixture.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

namespace unibox::test {
namespace {

using std::chrono::seconds;

const std::string kGet = "GET /get HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_CASE("Server: pipelined requests are answered in order", "[net][http]") {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    std::string requests;
    for (int i = 0; i < 500; ++i) {
        const std::string body = "body" + std::to_string(i) + ";";
        requests +=
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
    }
    auto sender = std::async(std::launch::async, [&] { return socket.Send(requests); });
    const std::string received = socket.ReadUntil("body499;");
    CHECK(sender.get());
    std::size_t at = 0;
    for (int i = 0; i < 500 && at != std::string::npos; ++i) {
        at = received.find("body" + std::to_string(i) + ";", at);
    }
    CHECK(at != std::string::npos);
    CHECK(CountOf(received, "HTTP/1.1 200 OK") == 500);
}

TEST_CASE("Server: a request knows when its client has gone", "[net][http]") {
    HttpFixture fixture;
    const std::string held = "POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    const auto open = [&](const std::string& requests) {
        auto socket = std::make_unique<RawSocket>(fixture.server->address());
        REQUIRE(socket->Send(requests));
        return socket;
    };
    auto stays = open(held);
    auto resets = open(held);
    auto closes = open(held);
    auto half = open(held);
    auto pipelines = open(held + kGet);
    REQUIRE(Eventually(seconds(10), [&] { return fixture.held.count() == 5; }));
    CHECK(fixture.held.abandoned_count() == 0);
    resets->Reset();
    CHECK(Eventually(seconds(10), [&] { return fixture.held.abandoned_count() == 1; }));
    closes.reset();
    CHECK(Eventually(seconds(10), [&] { return fixture.held.abandoned_count() == 2; }));
    // What is pipelined hides the end from a reader; it is seen all the same.
    pipelines->Reset();
    CHECK(Eventually(seconds(10), [&] { return fixture.held.abandoned_count() == 3; }));
    // Who has closed its own side may have gone, or may still read: it gets what is answered.
    half->FinishSending();
    CHECK(Eventually(seconds(10), [&] { return fixture.held.abandoned_count() == 4; }));
    CHECK(
        fixture.metrics
            .GetCounter(
                "unibox_http_abandoned_total",
                "Requests whose client had gone before their answer.",
                {{"listener", "http"}}
            )
            .Get() == 4
    );
    fixture.held.Release("late");
    CHECK(stays->ReadUntil("late").find("200 OK") != std::string::npos);
    std::string rest;
    CHECK(half->ReadToEnd(&rest));
    CHECK(rest.find("late") != std::string::npos);
    // The connection goes on.
    REQUIRE(stays->Send(kGet));
    CHECK(stays->ReadUntil("got").find("200 OK") != std::string::npos);
}

TEST_CASE("Server: pipelining waits for answers from other threads", "[net][http]") {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    const std::string held = "POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    REQUIRE(socket.Send(held + held + kGet));
    REQUIRE(Eventually(seconds(5), [&] { return fixture.held.count() == 1; }));
    fixture.held.Release("first");
    REQUIRE(Eventually(seconds(5), [&] { return fixture.held.count() == 1; }));
    std::thread([&] { fixture.held.Release("second"); }).join();
    const std::string received = socket.ReadUntil("got");
    CHECK(received.find("first") < received.find("second"));
    CHECK(CountOf(received, "HTTP/1.1 200 OK") == 3);
}

TEST_CASE("Server: ten thousand requests over eight connections, two threads", "[net][http]") {
    http::Settings settings;
    settings.net_thread_count = 2;
    HttpFixture fixture(settings);
    std::vector<std::future<int>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::async(std::launch::async, [&fixture, i] {
            http::Client client(fixture.server->address());
            int good = 0;
            for (int n = 0; n < 1250; ++n) {
                const std::string body = std::to_string(i * 10'000 + n);
                const auto response = client.Send("POST", "/echo", {}, body, seconds(10));
                good += response.ok() && response->status == 200 && response->body == body;
            }
            return good;
        }));
    }
    int good = 0;
    for (auto& client : clients) good += client.get();
    CHECK(good == 10'000);
}

TEST_CASE("Server: bodies of megabytes arrive whole", "[net][http]") {
    HttpFixture fixture;
    http::Client client(fixture.server->address());
    const auto response = client.Send("POST", "/big", {}, std::string(8 << 20, 'z'), seconds(20));
    REQUIRE_OK(response);
    CHECK(response->body == std::to_string(8 << 20));
    const auto large = client.Send("GET", "/large", {}, "", seconds(20));
    REQUIRE_OK(large);
    CHECK(large->body == std::string(8 << 20, 'x'));
}

TEST_CASE("Server: an orderly stop finishes what is in flight", "[net][http]") {
    HttpFixture fixture;
    const std::string address = fixture.server->address();
    RawSocket idle(address);
    REQUIRE(idle.Send(kGet));
    idle.ReadUntil("got");
    RawSocket busy(address);
    REQUIRE(busy.Send("POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    REQUIRE(Eventually(seconds(5), [&] { return fixture.held.count() == 1; }));
    fixture.server->StopAccepting();
    std::string received;
    CHECK(idle.ReadToEnd(&received));
    CHECK_THAT(
        http::Send("GET", "http://" + address + "/get", {}, "", seconds(2)).status(),
        HasCode(Code::kUnavailable)
    );
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(600'000)); });
    fixture.held.Release("finished");
    CHECK(busy.ReadToEnd(&received));
    CHECK(StatusOf(received) == 200);
    CHECK(received.ends_with("finished"));
    CHECK(received.find("Connection: close\r\n") != std::string::npos);
    CHECK(stopped.wait_for(seconds(60)) == std::future_status::ready);
}

TEST_CASE("Server: while it drains, answers end their connections", "[net][http]") {
    HttpFixture fixture;
    RawSocket kept(fixture.server->address());
    REQUIRE(kept.Send(kGet));
    CHECK(kept.ReadUntil("got").find("Connection: close") == std::string::npos);
    fixture.server->AnnounceStop();
    RawSocket fresh(fixture.server->address());
    for (RawSocket* socket : {&kept, &fresh}) {
        REQUIRE(socket->Send(kGet));
        std::string received;
        CHECK(socket->ReadToEnd(&received));
        CHECK(StatusOf(received) == 200);
        CHECK(received.find("Connection: close\r\n") != std::string::npos);
    }
    // Also those that no handler gives.
    RawSocket options(fixture.server->address());
    REQUIRE(options.Send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
    std::string received;
    CHECK(options.ReadToEnd(&received));
    CHECK(received.find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("Server: answers after the stop go nowhere", "[net][http]") {
    HeldAnswers held;
    {
        HttpFixture fixture;
        RawSocket socket(fixture.server->address());
        REQUIRE(socket.Send("POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
        REQUIRE(Eventually(seconds(5), [&] { return fixture.held.count() == 1; }));
        fixture.server->Stop(Millis(0));
        fixture.server->Stop(Millis(0));
        fixture.held.Release("nobody");
    }
}

TEST_CASE("Server: settings and addresses that cannot be", "[net][http]") {
    obs::Metrics metrics;
    http::Settings settings;
    settings.listen = "nonsense";
    CHECK_THAT(
        http::Server::Start(settings, {}, SystemClock(), metrics).status(),
        HasCode(Code::kInvalidArgument)
    );
    const HttpFixture fixture;
    settings.listen = fixture.server->address();
    CHECK_THAT(
        http::Server::Start(settings, {}, SystemClock(), metrics).status(),
        HasCode(Code::kUnavailable)
    );
    settings = {};
    settings.tls.cert = "/nonexistent";
    CHECK_THAT(
        http::Server::Start(settings, {}, SystemClock(), metrics).status(),
        HasCode(Code::kInvalidArgument)
    );
}

}  // namespace
}  // namespace unibox::test
