// The requests of tests/data/http_edge_cases.jsonl against the routes of the service: what is
// broken is refused as a server must, and what is not broken is not signed.
#include "base/strings.hpp"
#include "ingest_fixture.hpp"
#include "support/http_edge_cases.hpp"
#include "support/raw_socket.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr std::string_view kRecordedPath = "/hooks/meta";
// A route whose limit (1 MiB) is the one of the recorded requests.
constexpr std::string_view kRealPath = "/v1/hooks/telegram/nobody";

// On a real route, where nothing is signed.
std::vector<HttpEdgeCase> EdgeCases() {
    auto cases = HttpEdgeCases();
    for (HttpEdgeCase& edge : cases) {
        const std::size_t at = edge.request.find(kRecordedPath);
        if (at != std::string::npos) edge.request.replace(at, kRecordedPath.size(), kRealPath);
        if (edge.want == "100 then 200") edge.want = "100 then 401";
        if (edge.want == "200") edge.want = "401";
    }
    return cases;
}

TEST_CASE("Ingest: the recorded edge cases on its own routes", "[nats][pg]") {
    IngestFixture f;
    const auto cases = EdgeCases();
    REQUIRE(cases.size() >= 12);
    for (const HttpEdgeCase& edge : cases) {
        CAPTURE(edge.name);
        RawSocket socket(f.service->address("http"));
        REQUIRE(socket.Send(edge.request));
        std::string received;
        if (edge.want == "100 then 401") {
            received = socket.ReadUntil("HTTP/1.1 401");
            CHECK(StatusOf(received) == 100);
            CHECK(CountOf(received, "HTTP/1.1 401") == 1);
            continue;
        }
        if (edge.want == "401") {
            CHECK(StatusOf(socket.ReadUntil("\r\n\r\n")) == 401);
            continue;
        }
        CHECK(socket.ReadToEnd(&received));
        CHECK(StatusOf(received) == static_cast<int>(*ParseInt64(edge.want.substr(0, 3))));
        CHECK(received.find("Connection: close") != std::string::npos);
        CHECK(CountOf(received, "HTTP/1.1 ") == 1);
    }
}

TEST_CASE("Ingest: unsigned bodies are 401 on every route, however they are framed", "[nats]") {
    IngestFixture f;
    RawSocket socket(f.service->address("http"));
    for (const std::string path :
         {"/v1/hooks/meta",
          "/v1/hooks/meta/nobody",
          "/v1/hooks/telegram",
          "/v1/hooks/telegram/nobody",
          "/v1/hooks/twilio/nobody",
          "/v1/hooks/standard/nobody"}) {
        for (const std::string framed :
             {"Content-Length: 5\r\n\r\nhello",
              "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
              "Content-Length: 0\r\n\r\n"}) {
            CAPTURE(path, framed);
            REQUIRE(socket.Send("POST " + path + " HTTP/1.1\r\nHost: a\r\n" + framed));
            CHECK(StatusOf(socket.ReadUntil("}")) == 401);
        }
    }
}

}  // namespace
}  // namespace unibox::test
