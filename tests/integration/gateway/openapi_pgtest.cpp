// GET /openapi.json: without a key, packed, and not again for who has it.
#include "gateway_fixture.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

TEST_CASE("OpenAPI: the gateway tells all of its routes to everybody", "[pg][gateway]") {
    GatewayFixture fixture;
    http::Client client(fixture.gateway().address("http"));
    const auto ask = [&](const std::vector<http::Header>& headers) {
        auto answer = client.Send("GET", "/openapi.json", headers, "", Millis(10'000));
        REQUIRE_OK(answer);
        return std::move(answer).value();
    };
    const auto plain = ask({});
    CHECK(plain.status == 200);
    const auto document = nlohmann::json::parse(plain.body);
    CHECK(document["paths"].contains("/v1/conversations/{conversationId}:close"));
    CHECK(document["components"]["schemas"]["Problem"]["properties"].contains("reason"));
    const auto packed = ask({{"Accept-Encoding", "gzip"}});
    CHECK(packed.body.size() < plain.body.size() / 3);
    REQUIRE(packed.Find("ETag"));
    const auto known = ask({{"If-None-Match", std::string(*plain.Find("ETag"))}});
    CHECK(known.status == 304);
    CHECK(known.body.empty());
}
