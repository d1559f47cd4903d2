// The same server over TLS, with a certificate made here.
#include "http_fixture.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "support/tls_identity.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>

namespace unibox::test {
namespace {

http::Settings WithTls(const TlsIdentity& identity) {
    // As runtime does for every program: OpenSSL writes without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    http::Settings settings;
    settings.tls.cert = identity.cert_file;
    settings.tls.key = identity.key_file;
    return settings;
}

TEST_CASE("Tls: pipelined requests, a large body and a large answer", "[net][http]") {
    const TlsIdentity identity;
    HttpFixture fixture(WithTls(identity));
    TlsSocket socket(fixture.server->address(), identity);
    REQUIRE(socket.connected());
    const std::string get = "GET /get HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string body(1'000'000, 'x');
    REQUIRE(socket.Send(get + "POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    REQUIRE(socket.Send(body));
    const std::string received = socket.ReadUntil("\r\n\r\n1000000");
    CHECK(CountOf(received, "HTTP/1.1 200 OK") == 2);
    CHECK(received.ends_with("1000000"));
    REQUIRE(socket.Send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    const std::string large = socket.ReadUntil("none: to the end");
    CHECK(StatusOf(large) == 200);
    CHECK(static_cast<std::size_t>(std::count(large.begin(), large.end(), 'x')) >= 8U << 20);
}

// Whether `text` is such answers, one after the other; the last one may be cut off.
bool AreContinuedAnswers(std::string_view text) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    constexpr std::string_view kBegin = "HTTP/1.1 200 OK\r\n";
    constexpr std::string_view kEnd = "\r\n\r\nx";
    while (!text.empty()) {
        for (const std::string_view part : {kContinue, kBegin}) {
            if (text.size() < part.size()) return part.starts_with(text);
            if (!text.starts_with(part)) return false;
            text.remove_prefix(part.size());
        }
        const std::size_t end = text.find(kEnd);
        if (end == std::string_view::npos) return text.find("HTTP/1.1") == std::string_view::npos;
        text.remove_prefix(end + kEnd.size());
    }
    return true;
}

// Gives the server's end of this connection, which is in this process, room for little.
void ShrinkServersEnd(int client) {
    const auto name = [](int descriptor, auto get) {
        ::sockaddr_in address{};
        socklen_t size = sizeof address;
        const bool known = get(descriptor, reinterpret_cast<::sockaddr*>(&address), &size) == 0;
        return known && address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
    };
    const auto own_port = name(client, ::getsockname);
    for (int descriptor = 3; descriptor < 1'000; ++descriptor) {
        if (descriptor == client || name(descriptor, ::getpeername) != own_port) continue;
        const int bytes = 4'096;
        REQUIRE(::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
        return;
    }
    FAIL("nothing is connected to port " << own_port);
}

TEST_CASE("Tls: a client that reads late is never sent half a Continue", "[net][http]") {
    const TlsIdentity identity;
    HttpFixture fixture(WithTls(identity));
    TlsSocket socket(fixture.server->address(), identity);
    REQUIRE(socket.connected());
    ShrinkServersEnd(socket.handle());
    const auto request = [](const std::string& field) {
        return "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" + field +
               "Content-Length: 1\r\n\r\nx";
    };
    // Their answers find no room again and again, half of the time for a Continue.
    std::string requests;
    for (int i = 0; i < 2'000; ++i) requests += request("");
    socket.Send(requests + request("Connection: close\r\n"));
    std::string received;
    std::string part;
    do {
        part = socket.ReadUntil("\r\n");
        received += part;
    } while (!part.empty());
    CHECK(StatusOf(received) == 100);
    const bool good = AreContinuedAnswers(received);
    CHECK(good);
}

TEST_CASE("Tls: plain text and a silent client get nothing", "[net][http]") {
    const TlsIdentity identity;
    http::Settings settings = WithTls(identity);
    settings.head_timeout_ms = 2'000;
    HttpFixture fixture(settings);
    RawSocket plain(fixture.server->address());
    REQUIRE(plain.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    std::string received;
    CHECK(plain.ReadToEnd(&received));
    CHECK(received.find("HTTP/1.1 200") == std::string::npos);
    RawSocket silent(fixture.server->address());
    CHECK(silent.ReadToEnd(&received));
    CHECK(received.empty());
    TlsSocket after(fixture.server->address(), identity);
    CHECK(after.connected());
}

TEST_CASE("Tls: a key of another certificate is refused at the start", "[net][http]") {
    const TlsIdentity identity;
    const TlsIdentity other;
    http::Settings settings = WithTls(identity);
    settings.tls.key = other.key_file;
    obs::Metrics metrics;
    CHECK_THAT(
        http::Server::Start(settings, {}, SystemClock(), metrics).status(),
        HasCode(Code::kInvalidArgument)
    );
}

TEST_CASE("Tls: with authorities only their clients are served", "[net][http]") {
    const TlsIdentity identity;
    const TlsIdentity known;
    const TlsIdentity stranger;
    http::Settings settings = WithTls(identity);
    settings.tls.client_ca = known.cert_file;
    HttpFixture fixture(settings);
    const auto answer = [&](const TlsIdentity* own) {
        TlsSocket socket(fixture.server->address(), identity, own);
        socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n");
        return socket.ReadUntil("got");
    };
    CHECK(StatusOf(answer(&known)) == 200);
    CHECK(answer(&stranger).empty());
    CHECK(answer(nullptr).empty());
}

TEST_CASE("Tls: HTTP/1.1 is the one protocol that is offered", "[net][http]") {
    const TlsIdentity identity;
    HttpFixture fixture(WithTls(identity));
    TlsSocket socket(fixture.server->address(), identity, nullptr, "http/1.1");
    REQUIRE(socket.connected());
    CHECK(socket.alpn() == "http/1.1");
    CHECK_FALSE(TlsSocket(fixture.server->address(), identity, nullptr, "h2").connected());
}

TEST_CASE("Tls: a renewed certificate is used without a restart", "[net][http]") {
    const TlsIdentity identity;
    const TlsIdentity renewed;
    http::Settings settings = WithTls(identity);
    // `before` sends nothing until the renewal was noticed.
    settings.head_timeout_ms = 60'000;
    HttpFixture fixture(settings);
    TlsSocket before(fixture.server->address(), identity);
    REQUIRE(before.connected());
    renewed.Replace(identity);
    CHECK(Eventually(std::chrono::seconds(30), [&] {
        return TlsSocket(fixture.server->address(), renewed).connected();
    }));
    // A connection keeps what it began with.
    REQUIRE(before.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(StatusOf(before.ReadUntil("got")) == 200);
}

}  // namespace
}  // namespace unibox::test
