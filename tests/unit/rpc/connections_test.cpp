// What clients can do to the listener: come, go, be too many, be slow, be hostile.
#include "rpc_fixture.hpp"
#include "support/eventually.hpp"
#include "support/http2_client.hpp"

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::Eventually;
using test::Http2Client;
using test::kGetContact;
using test::RpcFixture;

namespace {

bool Shows(RpcFixture& fixture, const std::string& line) {
    return Eventually(10s, [&] {
        return fixture.metrics.Render().find(line + "\n") != std::string::npos;
    });
}

bool NoneLeft(RpcFixture& fixture) {
    return Eventually(20s, [&] { return fixture.server->connection_count() == 0; });
}

}  // namespace

TEST_CASE("Connections: counted while they are there, whoever ends them", "[unit][rpc]") {
    rpc::Settings settings;
    settings.connection_age_ms_max = 1'000;
    settings.connection_age_grace_ms = 0;
    RpcFixture fixture(settings);
    {
        const Http2Client raw(fixture.server->address());
        CHECK(fixture.Call("a").ok());
        CHECK(fixture.server->connection_count() == 2);
    }
    // The raw client has gone; gRPC ends the other by its age, with a GOAWAY.
    CHECK(NoneLeft(fixture));
    CHECK(Shows(fixture, "unibox_rpc_connections 0"));
    CHECK(fixture.Call("b").ok());
    {
        // gRPC ends this one: DATA on a stream that was never opened.
        Http2Client wrong(fixture.server->address());
        wrong.Send(test::Http2Frame(test::kHttp2Data, 0, 0, "x"));
        CHECK(wrong.ReadUntil([&] { return wrong.closed(); }));
    }
    CHECK(NoneLeft(fixture));
}

TEST_CASE("Connections: too many are closed at once, in all and of one client", "[unit][rpc]") {
    rpc::Settings settings;
    settings.connection_count_max = 3;
    settings.connection_count_per_client_max = 2;
    RpcFixture fixture(settings);
    const std::string& address = fixture.server->address();
    const Http2Client first(address, "127.0.1.1");
    const Http2Client second(address, "127.0.1.2");
    Http2Client third(address, "127.0.1.3");
    CHECK(third.ReadUntil([&] { return third.closed(); }));
    CHECK(fixture.Call("a").ok());
    Http2Client other(address, "127.0.2.1");
    CHECK(other.ReadUntil([&] { return other.closed(); }));
    CHECK(Shows(
        fixture, "unibox_rpc_connections_refused_total{reason=\"connection_count_of_client\"} 1"
    ));
    CHECK(Shows(fixture, "unibox_rpc_connections_refused_total{reason=\"connection_count\"} 1"));
    CHECK(fixture.server->connection_count() == 3);
    CHECK(fixture.server->Alive().ok());
}

TEST_CASE("Connections: what says nothing, or no HTTP/2, is closed", "[unit][rpc]") {
    rpc::Settings settings;
    settings.handshake_timeout_ms = 300;
    RpcFixture fixture(settings);
    std::string ignored;
    test::RawSocket silent(fixture.server->address());
    CHECK(silent.ReadToEnd(&ignored));
    test::RawSocket half(fixture.server->address());
    CHECK(half.Send("PRI * HTTP/2.0\r\n"));
    CHECK(half.ReadToEnd(&ignored));
    test::RawSocket other(fixture.server->address());
    CHECK(other.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(other.ReadToEnd(&ignored));
    CHECK(Shows(fixture, "unibox_rpc_connections_ended_total{reason=\"preface\"} 3"));
    CHECK(NoneLeft(fixture));
}

TEST_CASE("Connections: a request that does not arrive in time ends alone", "[unit][rpc]") {
    rpc::Settings settings;
    settings.request_ms_max = 500;
    RpcFixture fixture(settings);
    Http2Client client(fixture.server->address());
    const auto headers_only = client.Open(kGetContact);
    const auto half = client.Open(kGetContact);
    client.SendData(half, test::GrpcMessage(std::string(100, 'x')).substr(0, 50));
    CHECK(client.ReadUntil([&] { return client.ended().size() == 2; }));
    CHECK(client.ended() == std::set{headers_only, half});
    // Its connection goes on.
    const auto whole = client.Open(kGetContact);
    client.SendData(whole, test::GrpcMessage({}), true);
    CHECK(client.ReadUntil([&] { return client.ended().contains(whole); }));
    CHECK_FALSE(client.goaway());
    CHECK(Shows(fixture, "unibox_rpc_calls_ended_total{reason=\"request_time\"} 2"));
    CHECK(fixture.api.running == 1);
}

TEST_CASE("Connections: half-sent messages hold no more than they may", "[unit][rpc]") {
    rpc::Settings settings;
    settings.in_flight_bytes_max = 4 << 20;
    RpcFixture fixture(settings);
    Http2Client client(fixture.server->address());
    const std::string begun = test::GrpcMessage(std::string(60'000, 'x')).substr(0, 50'000);
    for (int i = 0; i < 80 && client.ended().empty(); ++i) {
        const auto stream = client.Open(kGetContact);
        for (std::size_t sent = 0; sent < begun.size() && !client.ended().contains(stream);) {
            const auto count = client.SendData(stream, std::string_view(begun).substr(sent));
            sent += count;
            // The window is gone: the server must open it, or end the call.
            if (count == 0) client.ReadUntil([] { return false; }, 20ms);
        }
    }
    CHECK(client.ReadUntil([&] { return !client.ended().empty(); }));
    CHECK_FALSE(client.closed());
    // Half of the budget is for the others.
    Http2Client other(fixture.server->address(), "127.0.9.1");
    const auto whole = other.Open(kGetContact);
    other.SendData(whole, test::GrpcMessage({}), true);
    CHECK(other.ReadUntil([&] { return other.ended().contains(whole); }));
    CHECK(Shows(fixture, "unibox_rpc_calls_ended_total{reason=\"request_time\"} 0"));
}

TEST_CASE("Connections: endless headers and endless resets end theirs", "[unit][rpc]") {
    RpcFixture fixture;
    Http2Client headers(fixture.server->address());
    headers.Send(test::Http2Frame(test::kHttp2Headers, 0, 1, test::GrpcHeaderBlock(kGetContact)));
    const auto more = test::Http2Frame(test::kHttp2Continuation, 0, 1, std::string(1'000, '\0'));
    for (int i = 0; i < 40; ++i) headers.Send(more);
    CHECK(headers.ReadUntil([&] { return headers.closed(); }));
    CHECK(Shows(fixture, "unibox_rpc_connections_ended_total{reason=\"header_block\"} 1"));

    Http2Client resets(fixture.server->address());
    for (int i = 0; i < 3'000; ++i) {
        const auto stream = resets.Open(kGetContact);
        resets.Send(test::Http2Frame(test::kHttp2RstStream, 0, stream, std::string("\0\0\0\x8", 4))
        );
    }
    CHECK(resets.ReadUntil([&] { return resets.closed(); }));
    CHECK(Shows(fixture, "unibox_rpc_connections_ended_total{reason=\"cancellations\"} 1"));
    CHECK(NoneLeft(fixture));
    CHECK(fixture.Call("a").ok());
}
