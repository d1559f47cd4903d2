#include "http/request_head.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::http {
namespace {

constexpr int kAccepted = 0;

// Status with which a whole head is refused, or kAccepted.
int Verdict(const std::string& head, Request* request, Framing* framing) {
    const HeadLimits limits;
    HeadError error;
    const std::size_t end = FindHeadEnd(head, limits, &error);
    if (error.status != 0) return error.status;
    REQUIRE(end == head.size());
    request->head = head;
    if (const auto refused = ParseHead(limits, request, framing)) return refused->status;
    return kAccepted;
}
int Verdict(const std::string& head) {
    Request request;
    Framing framing;
    return Verdict(head, &request, &framing);
}
int VerdictOfFields(const std::string& fields) {
    return Verdict("POST /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
}

TEST_CASE("Request head: target, path, query and fields are split", "[unit][http]") {
    Request request;
    Framing framing;
    REQUIRE(
        Verdict(
            "POST /v1/hooks/meta?a=1&b=?2 HTTP/1.1\r\nHost: h:80\r\nX-A:  b c \t\r\nX-E:\r\n\r\n",
            &request,
            &framing
        ) == kAccepted
    );
    CHECK(request.method == "POST");
    CHECK(request.path == "/v1/hooks/meta");
    CHECK(request.query == "a=1&b=?2");
    CHECK(request.Find("x-a").value() == "b c");
    CHECK(request.Find("X-E").value().empty());
    CHECK_FALSE(request.Find("X-None").has_value());
    CHECK(framing.keep_alive);
    CHECK_FALSE(framing.has_length);
}

TEST_CASE("Request head: framing that can be read in two ways is refused", "[unit][http]") {
    CHECK(VerdictOfFields("Content-Length: 5\r\n") == kAccepted);
    CHECK(VerdictOfFields("Content-Length: 5\r\nContent-Length: 5\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length: 5, 5\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length: +5\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length: -5\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length: 0x5\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length:\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length: 99999999999999999999\r\n") == 400);
    CHECK(VerdictOfFields("Transfer-Encoding: chunked\r\n") == kAccepted);
    CHECK(VerdictOfFields("Transfer-Encoding: Chunked\r\n") == kAccepted);
    CHECK(VerdictOfFields("Transfer-Encoding: xchunked\r\n") == 400);
    CHECK(VerdictOfFields("Transfer-Encoding: chunked, identity\r\n") == 400);
    CHECK(VerdictOfFields("Transfer-Encoding: chunked, chunked\r\n") == 400);
    CHECK(VerdictOfFields("Transfer-Encoding: gzip, chunked\r\n") == 400);
    CHECK(
        VerdictOfFields("Transfer-Encoding:\x0b"
                        "chunked\r\n") == 400
    );
    CHECK(VerdictOfFields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
    CHECK(VerdictOfFields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") == 400);
    CHECK(VerdictOfFields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") == 400);
    CHECK(Verdict("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("Request head: broken lines and fields are refused", "[unit][http]") {
    CHECK(VerdictOfFields("X-A: b\r\n c\r\n") == 400);
    CHECK(VerdictOfFields(" X-A: b\r\n") == 400);
    CHECK(VerdictOfFields("X-A : b\r\n") == 400);
    CHECK(VerdictOfFields("X A: b\r\n") == 400);
    CHECK(VerdictOfFields("no colon\r\n") == 400);
    CHECK(VerdictOfFields(": b\r\n") == 400);
    CHECK(VerdictOfFields("X-A: b\rc\r\n") == 400);
    CHECK(VerdictOfFields(std::string("X-A: b\0c\r\n", 10)) == 400);
    CHECK(VerdictOfFields("X-A: b\x01\r\n") == 400);
    CHECK(VerdictOfFields("X-A: \xc3\xa9\r\n") == kAccepted);
    CHECK(Verdict("POST / HTTP/1.1\nHost: a\n\n") == 400);
    CHECK(Verdict("POST / HTTP/1.1\r\nHost: a\n\r\n") == 400);
    CHECK(Verdict("\r\n") == 400);
}

TEST_CASE("Request head: exactly one Host, and a plain one", "[unit][http]") {
    CHECK(Verdict("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n") == kAccepted);
    CHECK(Verdict("GET / HTTP/1.0\r\n\r\n") == kAccepted);
}

TEST_CASE("Request head: the authority of an absolute-form target is cut off", "[unit][http]") {
    const auto path_and_query = [](const std::string& method, const std::string& target) {
        Request request;
        Framing framing;
        const std::string head = method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
        const int verdict = Verdict(head, &request, &framing);
        return verdict == kAccepted ? std::string(request.path) + "|" + std::string(request.query)
                                    : std::to_string(verdict);
    };
    CHECK(path_and_query("GET", "http://other:80/a?b=1") == "/a|b=1");
    CHECK(path_and_query("GET", "HTTPS://[::1]:80/a") == "/a|");
    CHECK(path_and_query("GET", "http://other") == "/|");
    CHECK(path_and_query("GET", "http://other?b") == "/|b");
    CHECK(path_and_query("OPTIONS", "http://other") == "*|");
    CHECK(path_and_query("OPTIONS", "*") == "*|");
    CHECK(path_and_query("GET", "*") == "400");
    CHECK(path_and_query("GET", "http://") == "400");
    CHECK(path_and_query("GET", "http:///a") == "400");
    CHECK(path_and_query("GET", "http://user@other/a") == "400");
    CHECK(path_and_query("GET", "ftp://other/a") == "400");
    CHECK(path_and_query("GET", "other/a") == "400");
}

TEST_CASE("Request head: only HTTP/1.x request lines", "[unit][http]") {
    CHECK(Verdict("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET  /a HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("G@T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET /\r\n\r\n") == 400);
    CHECK(Verdict("PRI * HTTP/2.0\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(Verdict("GET / http/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(Verdict("GET / HTTP/1.1 \r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("Request head: limits of target, fields and the whole", "[unit][http]") {
    const auto with_target = [](std::size_t bytes) {
        return Verdict("GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    };
    CHECK(with_target(2048) == kAccepted);
    CHECK(with_target(2049) == 414);
    CHECK(with_target(8000) == 414);
    std::string fields;
    for (int i = 0; i < 63; ++i) fields += "X-" + std::to_string(i) + ": a\r\n";
    CHECK(VerdictOfFields(fields) == kAccepted);  // Host is the 64th.
    CHECK(VerdictOfFields(fields + "X-A: a\r\n") == 431);
    CHECK(VerdictOfFields("X-A: " + std::string(9000, 'a') + "\r\n") == 431);
}

TEST_CASE("Request head: refused as soon as it cannot become good", "[unit][http]") {
    const HeadLimits limits;
    HeadError error;
    CHECK(FindHeadEnd("GET / HTTP/1.1\n", limits, &error) == 0);
    CHECK(error.status == 400);
    CHECK(FindHeadEnd(std::string(3000, 'a'), limits, &error) == 0);
    CHECK(error.status == 414);
    CHECK(FindHeadEnd("GET / HTTP/1.1\r\nX: " + std::string(9000, 'a'), limits, &error) == 0);
    CHECK(error.status == 431);
    CHECK(FindHeadEnd("GET / HTTP/1.1\r\nX: a\r", limits, &error) == 0);
    CHECK(error.status == 0);
}

TEST_CASE("Request head: connection options and expectations", "[unit][http]") {
    Request request;
    Framing framing;
    const auto parse = [&](const std::string& head) {
        Request fresh;
        return Verdict(head, &fresh, &framing);
    };
    REQUIRE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n") == kAccepted);
    CHECK_FALSE(framing.keep_alive);
    REQUIRE(parse("GET / HTTP/1.0\r\n\r\n") == kAccepted);
    CHECK_FALSE(framing.keep_alive);
    REQUIRE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == kAccepted);
    CHECK(framing.keep_alive);
    REQUIRE(parse("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n") == kAccepted);
    CHECK(framing.expects_continue);
    CHECK(parse("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n") == 417);
    REQUIRE(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n") == kAccepted);
    CHECK(framing.content_encoded);
}

TEST_CASE("Request head: an upgrade counts only where it may be taken", "[unit][http]") {
    const auto upgrade_of = [](const std::string& head) {
        Request request;
        Framing framing;
        REQUIRE(Verdict(head, &request, &framing) == kAccepted);
        return std::string(request.upgrade);
    };
    const std::string get = "GET /a HTTP/1.1\r\nHost: a\r\n";
    const std::string fields = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    CHECK(upgrade_of(get + fields + "\r\n") == "websocket");
    CHECK(upgrade_of(get + "Upgrade: websocket\r\n\r\n").empty());
    CHECK(upgrade_of(get + "Connection: upgrade\r\n\r\n").empty());
    CHECK(upgrade_of(get + fields + "Upgrade: h2c\r\n\r\n").empty());
    CHECK(upgrade_of(get + fields + "Content-Length: 1\r\n\r\n").empty());
    CHECK(upgrade_of("GET /a HTTP/1.0\r\n" + fields + "\r\n").empty());
    CHECK(upgrade_of("POST /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n").empty());
}

}  // namespace
}  // namespace unibox::http
