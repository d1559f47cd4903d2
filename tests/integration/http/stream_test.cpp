// A body that is made while it is sent.
#include "base/mutex.hpp"
#include "http/body_stream.hpp"
#include "http_fixture.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <future>

namespace unibox::test {
namespace {

using http::BodyStream;
using std::chrono::seconds;

constexpr std::size_t kHeldBytesMax = 256 << 10;
const std::string kGet = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";

struct StreamRoute {
    std::unique_ptr<BodyStream> Take() {
        const MutexLock lock(mutex);
        return std::move(stream);
    }

    std::atomic<int> begun{0};
    // By value in the stream: it outlives the test's objects.
    std::shared_ptr<std::atomic<int>> changes = std::make_shared<std::atomic<int>>(0);
    Mutex mutex;
    std::unique_ptr<BodyStream> stream UNIBOX_GUARDED_BY(mutex);
};

std::vector<http::Route> Routes(StreamRoute& route) {
    std::vector<http::Route> routes;
    routes.push_back(
        {"GET",
         "/stream",
         0,
         [&route](
             const std::shared_ptr<http::Request>&, http::PathParams, const http::Respond& respond
         ) {
             auto stream = std::make_unique<BodyStream>(kHeldBytesMax, [changes = route.changes] {
                 ++*changes;
             });
             respond(stream->Begin(200, "text/plain"));
             const MutexLock lock(route.mutex);
             route.stream = std::move(stream);
             ++route.begun;
         }}
    );
    return routes;
}

// The route comes first, so that it outlives the server.
struct StreamFixture : StreamRoute, HttpFixture {
    explicit StreamFixture(http::Settings settings = {}, const Clock& clock = SystemClock())
        : HttpFixture(std::move(settings), Routes(*this), clock) {}

    // The producer's end, once the handler has run.
    std::unique_ptr<BodyStream> Begun() {
        REQUIRE(Eventually(seconds(30), [this] { return begun > 0; }));
        return Take();
    }
    double Ended(const std::string& how) {
        return metrics
            .GetCounter("unibox_http_streams_ended_total", "", {{"listener", "http"}, {"end", how}})
            .Get();
    }
    // The end is counted, and then told to the producer.
    bool EndsAs(const std::string& how, BodyStream& producer) {
        return Eventually(seconds(30), [&] {
            return Ended(how) == 1 && producer.Write("late") == BodyStream::Outcome::kGone;
        });
    }
};

const std::string kPiece = std::string((64 << 10) - 1, 'x') + ";";

// Writes pieces until no more is taken though nobody reads; how many were.
std::size_t FillUp(BodyStream& stream) {
    std::size_t count = 0;
    const auto takes_more = [&] {
        const bool taken = stream.Write(kPiece) == BodyStream::Outcome::kTaken;
        count += taken;
        return taken;
    };
    // As long as the kernel takes more there is room again.
    while (Eventually(Millis(500), takes_more)) {
    }
    return count;
}

TEST_CASE("Stream: chunks, an end, and the next request", "[net][http]") {
    StreamFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kGet + "GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    const auto stream = fixture.Begun();
    const std::string head = socket.ReadUntil("\r\n\r\n");
    CHECK(StatusOf(head) == 200);
    CHECK(CountOf(head, "\r\nTransfer-Encoding: chunked\r\n") == 1);
    CHECK(CountOf(head, "Content-Length") == 0);
    CHECK(stream->Write("first") == BodyStream::Outcome::kTaken);
    CHECK(socket.ReadUntil("first\r\n") == "5\r\nfirst\r\n");  // Each when it is there.
    CHECK(stream->Write("second, longer") == BodyStream::Outcome::kTaken);
    CHECK(socket.ReadUntil("longer\r\n") == "e\r\nsecond, longer\r\n");
    stream->Finish();
    const std::string rest = socket.ReadUntil("got");
    CHECK(rest.starts_with("0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    CHECK(rest.ends_with("got"));
    CHECK(fixture.Ended("whole") == 1);
    CHECK(stream->Write("late") == BodyStream::Outcome::kGone);
    CHECK(*fixture.changes == 0);
}

TEST_CASE("Stream: HTTP/1.0 gets it bare, HEAD not at all", "[net][http]") {
    StreamFixture fixture;
    RawSocket old(fixture.server->address());
    REQUIRE(old.Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    auto stream = fixture.Begun();
    CHECK(stream->Write("first,") == BodyStream::Outcome::kTaken);
    CHECK(stream->Write("second") == BodyStream::Outcome::kTaken);
    stream->Finish();
    std::string received;
    CHECK(old.ReadToEnd(&received));
    CHECK(received.ends_with("\r\nConnection: close\r\n\r\nfirst,second"));
    CHECK(CountOf(received, "chunked") == 0);

    fixture.begun = 0;
    RawSocket head(fixture.server->address());
    REQUIRE(head.Send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
    stream = fixture.Begun();
    CHECK(StatusOf(head.ReadUntil("\r\n\r\n")) == 200);
    REQUIRE(Eventually(seconds(30), [&] { return *fixture.changes == 1; }));
    CHECK(stream->Write("nobody") == BodyStream::Outcome::kGone);
    REQUIRE(head.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(head.ReadUntil("got").starts_with("HTTP/1.1 200"));
}

TEST_CASE("Stream: a slow reader holds no more than it may", "[net][http]") {
    StreamFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kGet));
    const auto stream = fixture.Begun();
    std::size_t written = FillUp(*stream);
    // The rest of it is the kernel's, whose buffers for one socket are 4 and 6 MiB at most.
    CHECK(written * kPiece.size() < 16U << 20);
    const int changes = *fixture.changes;
    std::size_t read = 0;
    const std::size_t more = written + 64;
    while (written < more) {
        written += stream->Write(kPiece) == BodyStream::Outcome::kTaken;
        // What was sent last may be read before the server has taken note of it.
        if (read < written) read += CountOf(socket.ReadUntil(";"), ";");
    }
    CHECK(*fixture.changes > changes);  // Room was told of.
    stream->Finish();
    // The end of the last piece's chunk may have been read with the piece.
    read += CountOf(socket.ReadUntil("0\r\n\r\n"), ";");
    CHECK(read == written);
}

TEST_CASE("Stream: the producer learns that its client has gone", "[net][http]") {
    StreamFixture fixture;
    auto socket = std::make_unique<RawSocket>(fixture.server->address());
    REQUIRE(socket->Send(kGet));
    const auto stream = fixture.Begun();
    CHECK(stream->Write("first") == BodyStream::Outcome::kTaken);
    socket->ReadUntil("first");
    socket.reset();
    // Without a word of ours.
    CHECK(Eventually(seconds(30), [&] { return *fixture.changes == 1; }));
    CHECK(stream->Write("second") == BodyStream::Outcome::kGone);
    CHECK(fixture.Ended("client_gone") == 1);
    CHECK(Eventually(seconds(30), [&] { return fixture.Gauge("unibox_http_connections") == 0; }));
}

TEST_CASE("Stream: a body that is cut short does not look whole", "[net][http]") {
    StreamFixture fixture;
    const std::string requests[] = {kGet, "GET /stream HTTP/1.0\r\n\r\n"};
    for (const std::string& request : requests) {
        CAPTURE(request);
        fixture.begun = 0;
        RawSocket socket(fixture.server->address());
        REQUIRE(socket.Send(request));
        auto stream = fixture.Begun();
        CHECK(stream->Write("half") == BodyStream::Outcome::kTaken);
        CHECK(CountOf(socket.ReadUntil("half"), "half") == 1);
        stream.reset();
        char byte = 0;
        ssize_t count = 0;
        do {
            count = ::recv(socket.handle(), &byte, 1, 0);
        } while (count > 0 && byte != '0');  // Of a last chunk.
        CHECK(count == -1);                  // A reset, not an end.
    }
    CHECK(fixture.Ended("producer_gone") == 2);
}

TEST_CASE("Stream: who is silent for too long is given up", "[net][http]") {
    FakeClock clock;
    http::Settings settings;
    settings.handler_timeout_ms = 30'000;
    settings.write_timeout_ms = 10'000;
    StreamFixture fixture(settings, clock);
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kGet));
    auto stream = fixture.Begun();
    CHECK(stream->Write("first") == BodyStream::Outcome::kTaken);
    socket.ReadUntil("first");
    clock.Advance(Millis(30'001));
    CHECK(fixture.EndsAs("producer_silent", *stream));

    fixture.begun = 0;
    RawSocket slow(fixture.server->address());
    REQUIRE(slow.Send(kGet));
    stream = fixture.Begun();
    CHECK(Eventually(seconds(60), [&] {
        stream->Write(kPiece);  // Never silent itself.
        clock.Advance(Millis(200));
        return fixture.Ended("write_timeout") == 1;
    }));
    CHECK(fixture.EndsAs("write_timeout", *stream));
}

TEST_CASE("Stream: counts as a request in flight, and a stop waits for its end", "[net][http]") {
    http::Settings settings;
    settings.in_flight_request_count_max = 1;
    StreamFixture fixture(settings);
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kGet));
    auto stream = fixture.Begun();
    RawSocket other(fixture.server->address());
    REQUIRE(other.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(StatusOf(other.ReadUntil("OVERLOADED")) == 503);
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(600'000)); });
    std::string rest;
    CHECK(other.ReadToEnd(&rest));  // The stop has begun: idle connections are closed.
    CHECK(stream->Write("last words") == BodyStream::Outcome::kTaken);
    stream->Finish();
    CHECK(socket.ReadUntil("0\r\n\r\n").ends_with("a\r\nlast words\r\n0\r\n\r\n"));
    socket.FinishSending();
    other.FinishSending();
    CHECK(stopped.wait_for(seconds(60)) == std::future_status::ready);
}

TEST_CASE("Stream: one that goes on is cut at the end of a stop", "[net][http]") {
    StreamFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kGet));
    const auto stream = fixture.Begun();
    fixture.server->Stop(Millis(1));
    CHECK(*fixture.changes == 1);
    CHECK(stream->Write("late") == BodyStream::Outcome::kGone);
}

}  // namespace
}  // namespace unibox::test
