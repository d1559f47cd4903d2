// A handler takes the connection over: bytes, limits, the stop.
#include "http/session.hpp"

#include "base/mutex.hpp"
#include "http_fixture.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/tls_identity.hpp"

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

namespace unibox::test {
namespace {

using std::chrono::seconds;

const std::string kUpgrade =
    "GET /session HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";

// What the sessions of a test were told, and what they shall do.
struct Told {
    bool ends_at_stop = true;
    std::atomic<int> opened{0};
    std::atomic<int> closed{0};
    std::atomic<int> stopping{0};
    Mutex mutex;
    std::shared_ptr<http::NetLoop> loop UNIBOX_GUARDED_BY(mutex);
    std::weak_ptr<http::Session> last UNIBOX_GUARDED_BY(mutex);
};

// Says everything again; "flood" is answered with kFloodParts parts, "end" with the end.
class Echo final : public http::Session {
public:
    static constexpr std::size_t kFloodParts = 20'000;
    static constexpr std::size_t kPartBytes = 500;

    explicit Echo(Told& told) : told_(told) {}

    void OnOpen(http::SessionSocket& socket) override {
        socket_ = &socket;
        ++told_.opened;
        const MutexLock lock(told_.mutex);
        told_.loop = socket.loop();
    }
    void OnBytes(std::string_view bytes) override {
        if (bytes == "flood") {
            for (std::size_t i = 0; i < kFloodParts; ++i)
                Add(std::string(kPartBytes - 1, 'x') + ";");
        } else if (bytes == "end") {
            return socket_->Close();
        } else {
            Add(std::string(bytes));
        }
        Flush();
    }
    void OnWritable() override { Flush(); }
    void OnStopping() override {
        ++told_.stopping;
        Add("stopping");
        Flush();
        if (told_.ends_at_stop) socket_->Close();
    }
    void OnClosed() override { ++told_.closed; }

    void Say(const std::string& text) {
        Add(text);
        Flush();
    }

private:
    void Add(std::string text) { queue_.push_back(std::move(text)); }

    void Flush() {
        std::vector<std::string_view> parts;
        for (std::size_t i = first_; i < queue_.size(); ++i) parts.emplace_back(queue_[i]);
        if (parts.empty()) return;
        parts.front().remove_prefix(first_sent_);
        std::size_t taken = socket_->Write(parts) + first_sent_;
        while (first_ < queue_.size() && taken >= queue_[first_].size()) {
            taken -= queue_[first_++].size();
        }
        first_sent_ = taken;
    }

    Told& told_;
    http::SessionSocket* socket_ = nullptr;
    std::vector<std::string> queue_;
    std::size_t first_ = 0;       // Of what was not taken yet
    std::size_t first_sent_ = 0;  // and its bytes that were.
};

http::Response Switched(Told& told) {
    auto session = std::make_shared<Echo>(told);
    {
        const MutexLock lock(told.mutex);
        told.last = session;
    }
    http::Response response;
    response.status = 101;
    response.headers.push_back({"Upgrade", "echo"});
    response.session = std::move(session);
    return response;
}

// GET /session switches at once; GET /events goes on as a session after a 200.
std::vector<http::Route> Routes(Told& told) {
    std::vector<http::Route> routes;
    routes.push_back(
        {"GET",
         "/session",
         0,
         [&told](
             const std::shared_ptr<http::Request>&, http::PathParams, const http::Respond& respond
         ) { respond(Switched(told)); }}
    );
    routes.push_back(
        {"GET",
         "/events",
         0,
         [&told](
             const std::shared_ptr<http::Request>&, http::PathParams, const http::Respond& respond
         ) {
             http::Response response = Switched(told);
             response.status = 200;
             response.headers.clear();
             response.content_type = "text/event-stream";
             respond(std::move(response));
         }}
    );
    return routes;
}

// Told comes first, so that it outlives the server.
struct SessionFixture : Told, HttpFixture {
    explicit SessionFixture(http::Settings settings = {}, const Clock& clock = SystemClock())
        : HttpFixture(std::move(settings), Routes(*this), clock) {}
};

TEST_CASE("Session: bytes behind the Upgrade are its first input", "[net][http]") {
    SessionFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kUpgrade + "first"));
    const std::string received = socket.ReadUntil("first");
    CHECK(StatusOf(received) == 101);
    CHECK(CountOf(received, "\r\nUpgrade: echo\r\n") == 1);
    CHECK(CountOf(received, "\r\nConnection: Upgrade\r\n") == 1);
    CHECK(received.find("Content-Length") == std::string::npos);
    CHECK(received.ends_with("\r\n\r\nfirst"));
    REQUIRE(socket.Send("second"));
    CHECK(socket.ReadUntil("second") == "second");
    CHECK(fixture.Gauge("unibox_http_sessions") == 1);
    CHECK(fixture.Gauge("unibox_http_connections") == 1);
    socket.FinishSending();
    CHECK(Eventually(seconds(30), [&] { return fixture.closed == 1; }));
    CHECK(Eventually(seconds(30), [&] { return fixture.Gauge("unibox_http_connections") == 0; }));
    CHECK(fixture.Gauge("unibox_http_sessions") == 0);
}

TEST_CASE("Session: over TLS, with parts that do not fit at once", "[net][http]") {
    std::signal(SIGPIPE, SIG_IGN);
    const TlsIdentity identity;
    http::Settings settings;
    settings.tls.cert = identity.cert_file;
    settings.tls.key = identity.key_file;
    SessionFixture fixture(settings);
    TlsSocket socket(fixture.server->address(), identity);
    REQUIRE(socket.connected());
    REQUIRE(socket.Send(kUpgrade + "first"));
    CHECK(socket.ReadUntil("first").ends_with("first"));
    REQUIRE(socket.Send("flood"));
    std::size_t parts = 0;
    std::size_t bytes = 0;
    while (parts < Echo::kFloodParts) {
        const std::string some = socket.ReadUntil(";");
        REQUIRE_FALSE(some.empty());
        parts += CountOf(some, ";");
        bytes += some.size();
    }
    CHECK(bytes == Echo::kFloodParts * Echo::kPartBytes);
    REQUIRE(socket.Send("end"));
    CHECK(socket.ReadUntil("none: to the end").empty());
}

TEST_CASE("Session: a slow reader gets every part once, in order", "[net][http]") {
    SessionFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kUpgrade));
    socket.ReadUntil("\r\n\r\n");
    REQUIRE(socket.Send("flood"));
    // Nothing of ours is read until the kernel has taken what it takes.
    REQUIRE(Eventually(seconds(30), [&] {
        char byte = 0;
        return ::recv(socket.handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    }));
    std::string received;
    while (received.size() < Echo::kFloodParts * Echo::kPartBytes) {
        const std::string some = socket.ReadUntil(";");
        REQUIRE_FALSE(some.empty());
        received += some;
    }
    std::size_t right = 0;
    const std::string part = std::string(Echo::kPartBytes - 1, 'x') + ";";
    for (std::size_t at = 0; at < received.size(); at += part.size()) {
        right += received.compare(at, part.size(), part) == 0;
    }
    CHECK(right == Echo::kFloodParts);
    REQUIRE(socket.Send("end"));
    std::string rest;
    CHECK(socket.ReadToEnd(&rest));
    CHECK(rest.empty());
}

TEST_CASE("Session: an answer of another thread, and words of another thread", "[net][http]") {
    SessionFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kUpgrade + "first"));
    socket.ReadUntil("first");
    std::shared_ptr<http::NetLoop> loop;
    std::weak_ptr<http::Session> session;
    {
        const MutexLock lock(fixture.mutex);
        loop = fixture.loop;
        session = fixture.last;
    }
    const auto say = [session](const std::string& text) {
        if (const auto alive = session.lock()) dynamic_cast<Echo&>(*alive).Say(text);
    };
    std::thread([&] { loop->Post([say] { say("posted"); }); }).join();
    CHECK(socket.ReadUntil("posted") == "posted");
    loop->Post([loop, say] { loop->After(Millis(1), [say] { say("later"); }); });
    CHECK(socket.ReadUntil("later") == "later");
    fixture.server->Stop(Millis(0));
    loop->Post([] { FAIL("nothing runs after the stop"); });
    CHECK(session.expired());
}

TEST_CASE("Session: one that begins with a 200 ends with its connection", "[net][http]") {
    SessionFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    REQUIRE(Eventually(seconds(30), [&] { return fixture.opened == 1; }));
    REQUIRE(socket.Send("data"));
    const std::string received = socket.ReadUntil("data");
    CHECK(StatusOf(received) == 200);
    CHECK(CountOf(received, "\r\nConnection: close\r\n") == 1);
    CHECK(CountOf(received, "Content-Length") + CountOf(received, "Transfer-Encoding") == 0);
    REQUIRE(socket.Send("end"));
    std::string rest;
    CHECK(socket.ReadToEnd(&rest));
    // HEAD gets the head alone.
    RawSocket head(fixture.server->address());
    REQUIRE(head.Send("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(head.ReadToEnd(&rest));
    CHECK(rest.ends_with("\r\n\r\n"));
    CHECK(fixture.opened == 1);
}

TEST_CASE("Session: nobody is switched to what he did not ask for", "[net][http]") {
    SessionFixture fixture;
    const std::string requests[] = {
        "GET /session HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /session HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n",
        "GET /session HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
        "GET /session HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\nUpgrade: "
        "b\r\n\r\n",
    };
    for (const std::string& request : requests) {
        CAPTURE(request);
        RawSocket socket(fixture.server->address());
        REQUIRE(socket.Send(request));
        CHECK(StatusOf(socket.ReadUntil("INTERNAL")) == 500);
    }
    fixture.server->AnnounceStop();
    RawSocket late(fixture.server->address());
    REQUIRE(late.Send(kUpgrade));
    std::string received;
    CHECK(late.ReadToEnd(&received));
    CHECK(StatusOf(received) == 503);
    CHECK(fixture.opened == 0);
}

TEST_CASE("Session: its connection counts in the listener's limits", "[net][http]") {
    http::Settings settings;
    settings.connection_count_max = 1;
    SessionFixture fixture(settings);
    auto held = std::make_unique<RawSocket>(fixture.server->address());
    REQUIRE(held->Send(kUpgrade));
    REQUIRE(StatusOf(held->ReadUntil("\r\n\r\n")) == 101);
    const auto status = [&] {
        RawSocket socket(fixture.server->address());
        socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n");
        return StatusOf(socket.ReadUntil("\r\n\r\n"));
    };
    CHECK(status() == 503);
    CHECK(fixture.Refused("connection_count") == 1);
    held.reset();
    CHECK(Eventually(seconds(30), [&] { return status() == 200; }));
}

TEST_CASE("Session: the server's times are not its times", "[net][http]") {
    FakeClock clock;
    SessionFixture fixture({}, clock);
    RawSocket session(fixture.server->address());
    REQUIRE(session.Send(kUpgrade + "first"));
    session.ReadUntil("first");
    RawSocket idle(fixture.server->address());
    REQUIRE(idle.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    idle.ReadUntil("got");
    clock.Advance(Millis(3'600'000));
    std::string rest;
    CHECK(idle.ReadToEnd(&rest));  // Its time was looked at.
    REQUIRE(session.Send("second"));
    CHECK(session.ReadUntil("second") == "second");
    CHECK(fixture.closed == 0);
}

TEST_CASE("Session: a stop tells it, and waits until it has ended", "[net][http]") {
    SessionFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kUpgrade + "first"));
    socket.ReadUntil("first");
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(600'000)); });
    std::string received;
    CHECK(socket.ReadToEnd(&received));
    CHECK(received == "stopping");
    socket.FinishSending();
    CHECK(stopped.wait_for(seconds(60)) == std::future_status::ready);
    CHECK(fixture.stopping == 1);
    CHECK(fixture.closed == 1);
}

TEST_CASE("Session: one that does not end is cut at the grace", "[net][http]") {
    SessionFixture fixture;
    fixture.ends_at_stop = false;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send(kUpgrade + "first"));
    socket.ReadUntil("first");
    fixture.server->Stop(Millis(1));
    CHECK(fixture.stopping == 1);
    CHECK(fixture.closed == 1);
    std::string received;
    CHECK(socket.ReadToEnd(&received));
}

}  // namespace
}  // namespace unibox::test
