// The requests of tests/data/http_edge_cases.jsonl and their relatives, over a raw socket.
#include "base/strings.hpp"
#include "http_fixture.hpp"
#include "support/http_edge_cases.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

TEST_CASE("Server: the recorded edge cases get the wanted answers", "[net][http]") {
    HttpFixture fixture;
    const auto cases = HttpEdgeCases();
    REQUIRE(cases.size() >= 12);
    for (const HttpEdgeCase& edge : cases) {
        CAPTURE(edge.name);
        RawSocket socket(fixture.server->address());
        REQUIRE(socket.Send(edge.request));
        const bool expects = edge.want == "100 then 200";
        const bool closes = !edge.want.ends_with("200");
        std::string received;
        if (closes) {
            CHECK(socket.ReadToEnd(&received));
        } else {
            received = socket.ReadUntil("200 OK");
        }
        const int wanted = static_cast<int>(*ParseInt64(edge.want.substr(0, 3)));
        CHECK(StatusOf(received) == wanted);
        if (closes) CHECK(received.find("Connection: close") != std::string::npos);
        CHECK(CountOf(received, "HTTP/1.1 ") == (expects ? 2 : 1));
    }
}

TEST_CASE("Server: a smuggled second request is never answered", "[net][http]") {
    HttpFixture fixture;
    const std::string smuggled = "GET /get HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const std::string& field :
         {std::string("Transfer-Encoding: xchunked"),
          std::string("Transfer-Encoding: identity"),
          std::string("Transfer-Encoding: chunked, identity"),
          std::string("Transfer-Encoding: gzip, chunked"),
          std::string("Transfer-Encoding : chunked"),
          std::string("Content-Length: 0\r\nContent-Length: 34"),
          std::string("Content-Length: 0, 34"),
          std::string("Content-Length: 34\r\nTransfer-Encoding: chunked")}) {
        CAPTURE(field);
        RawSocket socket(fixture.server->address());
        REQUIRE(socket.Send("POST /echo HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n" + smuggled));
        std::string received;
        CHECK(socket.ReadToEnd(&received));
        CHECK(StatusOf(received) == 400);
        CHECK(CountOf(received, "HTTP/1.1 ") == 1);
    }
}

TEST_CASE("Server: a request fed byte by byte is one request", "[net][http]") {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    const std::string request =
        "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    for (const char c : request) REQUIRE(socket.Send(std::string_view(&c, 1)));
    const std::string received = socket.ReadUntil("hello world");
    CHECK(StatusOf(received) == 200);
    CHECK(received.find("Content-Length: 11\r\n") != std::string::npos);
}

TEST_CASE(
    "Server: an absolute-form target is its path, OPTIONS * says what there is", "[net][http]"
) {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("GET http://elsewhere:80/get HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(StatusOf(socket.ReadUntil("got")) == 200);
    REQUIRE(socket.Send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::string received = socket.ReadUntil("\r\n\r\n");
    CHECK(StatusOf(received) == 204);
    CHECK(received.find("Allow: GET, HEAD, POST\r\n") != std::string::npos);
}

TEST_CASE("Server: a GET may have an empty body, and no other", "[net][http]") {
    HttpFixture fixture;
    RawSocket empty(fixture.server->address());
    const std::string chunked_get =
        "GET /get HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    REQUIRE(empty.Send(chunked_get + "0\r\n\r\n"));
    CHECK(StatusOf(empty.ReadUntil("got")) == 200);
    RawSocket chunked(fixture.server->address());
    REQUIRE(chunked.Send(chunked_get + "1\r\nx\r\n0\r\n\r\n"));
    RawSocket declared(fixture.server->address());
    REQUIRE(declared.Send("GET /get HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"));
    for (RawSocket* socket : {&chunked, &declared}) {
        std::string received;
        CHECK(socket->ReadToEnd(&received));
        CHECK(StatusOf(received) == 400);
        CHECK(received.find("\"reason\":\"BODY_UNEXPECTED\"") != std::string::npos);
    }
}

TEST_CASE("Server: every answer names its trace, refusals with code and reason", "[net][http]") {
    HttpFixture fixture;
    const std::string trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    const std::string traceparent = "traceparent: 00-" + trace_id + "-00f067aa0ba902b7-01\r\n";
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n" + traceparent + "\r\n"));
    CHECK(socket.ReadUntil("got").find("Trace-Id: " + trace_id + "\r\n") != std::string::npos);
    REQUIRE(socket.Send("GET /nothing HTTP/1.1\r\nHost: a\r\n" + traceparent + "\r\n"));
    CHECK_THAT(
        socket.ReadUntil("}"),
        Catch::Contains(
            R"("code":"NOT_FOUND","reason":"ROUTE_NOT_FOUND","traceId":")" + trace_id + R"("})"
        )
    );
    REQUIRE(socket.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(socket.ReadUntil("got").find("Trace-Id: ") != std::string::npos);
}

TEST_CASE("Server: compressed bodies are refused", "[net][http]") {
    HttpFixture fixture;
    for (const std::string coding : {"gzip", "br", "gzip, identity", "x"}) {
        RawSocket socket(fixture.server->address());
        REQUIRE(socket.Send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: " + coding +
            "\r\nContent-Length: 2\r\n\r\nab"
        ));
        CHECK(StatusOf(socket.ReadUntil("\r\n\r\n")) == 415);
    }
}

TEST_CASE("Server: HEAD, 404, 405 and HTTP/1.0", "[net][http]") {
    HttpFixture fixture;
    RawSocket socket(fixture.server->address());
    REQUIRE(socket.Send("HEAD /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    std::string received = socket.ReadUntil("\r\n\r\n");
    CHECK(StatusOf(received) == 200);
    CHECK(received.ends_with("\r\n\r\n"));
    CHECK(received.find("Content-Length: 3\r\n") != std::string::npos);
    REQUIRE(socket.Send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"));
    received = socket.ReadUntil("}");
    CHECK(StatusOf(received) == 404);
    CHECK(received.find("application/problem+json") != std::string::npos);
    REQUIRE(socket.Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
    received = socket.ReadUntil("}");
    CHECK(StatusOf(received) == 405);
    CHECK(received.find("Allow: POST\r\n") != std::string::npos);
    REQUIRE(socket.Send("GET /get HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    received = socket.ReadUntil("got");
    CHECK(received.find("Connection: keep-alive\r\n") != std::string::npos);
    REQUIRE(socket.Send("GET /get HTTP/1.0\r\n\r\n"));
    CHECK(socket.ReadToEnd(&received));
    CHECK(StatusOf(received) == 200);
}

}  // namespace
}  // namespace unibox::test
