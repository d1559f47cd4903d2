#include "http/client.hpp"

#include "http_fixture.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("Client: one-shot requests by URL", "[net][http]") {
    HttpFixture fixture;
    const std::string base = "http://" + fixture.server->address();
    const auto got = http::Send("GET", base + "/get", {{"X-A", "b"}}, "", seconds(5));
    REQUIRE_OK(got);
    CHECK(got->status == 200);
    CHECK(got->body == "got");
    CHECK(got->content_type == "text/plain");
    CHECK(got->Find("content-length").value() == "3");
    const auto missing = http::Send("GET", base + "/none", {}, "", seconds(5));
    REQUIRE_OK(missing);
    CHECK(missing->status == 404);
    CHECK_THAT(
        http::Send("GET", "https://a/", {}, "", seconds(1)).status(),
        HasCode(Code::kInvalidArgument)
    );
}

TEST_CASE("Client: connects again after the server closed its connection", "[net][http]") {
    http::Settings settings;
    settings.request_count_per_connection_max = 2;
    HttpFixture fixture(settings);
    http::Client client(fixture.server->address());
    for (int i = 0; i < 7; ++i) REQUIRE_OK(client.Send("GET", "/get", {}, "", seconds(5)));
    const auto head = client.Send("HEAD", "/get", {}, "", seconds(5));
    REQUIRE_OK(head);
    CHECK(head->body.empty());
}

TEST_CASE("Client: a silent server is a missed deadline, a missing one is unavailable", "[net]") {
    std::string address;
    {
        HttpFixture fixture;
        address = fixture.server->address();
        http::Client client(address);
        CHECK_THAT(
            client.Send("POST", "/held", {}, "", milliseconds(100)).status(),
            HasCode(Code::kDeadlineExceeded)
        );
    }
    http::Client client(address);
    CHECK_THAT(
        client.Send("GET", "/get", {}, "", seconds(1)).status(), HasCode(Code::kUnavailable)
    );
}

TEST_CASE("Client: an answer over the limit is refused by its length", "[net][http]") {
    const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx");
    const auto answer = http::Send("GET", "http://" + server.address(), {}, "", seconds(30));
    CHECK_THAT(answer.status(), HasCode(Code::kUnavailable));
    CHECK(answer.status().message().find("body limit") != std::string::npos);
}

}  // namespace
}  // namespace unibox::test
