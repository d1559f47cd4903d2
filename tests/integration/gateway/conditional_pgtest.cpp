// Reads that are answered only if there is something new, and packed for who takes it.
#include "gateway_fixture.hpp"
#include "http/gzip.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

http::Response Read(
    GatewayFixture& fixture,
    const std::string& key,
    const std::string& target,
    std::vector<http::Header> headers,
    const std::string& method = "GET"
) {
    headers.push_back({"Authorization", "Bearer " + key});
    const std::string url = "http://" + fixture.gateway().address("http") + target;
    auto response = http::Send(method, url, headers, "", Millis(30'000));
    REQUIRE_OK(response);
    return std::move(response).value();
}

std::string TagOf(const http::Response& response) {
    const auto tag = response.Find("ETag");
    REQUIRE(tag.has_value());
    return std::string(*tag);
}

}  // namespace

TEST_CASE("Conditional: a conversation's ETag is its version", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("conditional");
    fixture.AddConversations(tenant, 1, 3, false);
    const std::string target = "/v1/conversations/" + GatewayFixture::ConversationUuid(tenant, 2);
    const auto first = Read(fixture, tenant.key, target, {});
    CHECK(first.status == 200);
    CHECK(TagOf(first) == "\"2\"");
    for (const std::string method : {"GET", "HEAD"}) {
        const auto same = Read(fixture, tenant.key, target, {{"If-None-Match", "\"2\""}}, method);
        CHECK(same.status == 304);
        CHECK(same.body.empty());
        CHECK(TagOf(same) == "\"2\"");
    }
    CHECK(Read(fixture, tenant.key, target, {{"If-None-Match", "\"1\""}}).status == 200);
    fixture.Sql("UPDATE conversation_counters SET version = version + 1");
    fixture.Sql("UPDATE conversations SET version = version + 1");
    const auto changed = Read(fixture, tenant.key, target, {{"If-None-Match", "\"2\""}});
    CHECK(changed.status == 200);
    CHECK(TagOf(changed) == "\"3\"");
    // A key is asked for before anything is said, and nothing that is not there is "not modified".
    CHECK(Read(fixture, "x", target, {{"If-None-Match", "*"}}).status == 401);
    CHECK(
        Read(
            fixture,
            tenant.key,
            "/v1/conversations/" + GatewayFixture::ConversationUuid(tenant, 9),
            {{"If-None-Match", "*"}}
        ).status == 404
    );
}

TEST_CASE("Conditional: a long answer is packed for who takes it", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("packed");
    fixture.AddConversations(tenant, 1, 30, false);
    const auto plain = Read(fixture, tenant.key, "/v1/conversations", {});
    CHECK(plain.body.size() > http::kGzipBytesMin);
    CHECK_FALSE(plain.Find("Content-Encoding").has_value());
    CHECK(plain.Find("Vary") == "Accept-Encoding");
    const std::vector<http::Header> gzip = {{"Accept-Encoding", "gzip"}};
    const auto packed = Read(fixture, tenant.key, "/v1/conversations", gzip);
    CHECK(packed.Find("Content-Encoding") == "gzip");
    CHECK(packed.body.size() < plain.body.size() / 2);
    CHECK(packed.body.starts_with("\x1F\x8B"));
    CHECK(TagOf(packed) == TagOf(plain));  // Weak already: the same content.
    const std::string one = "/v1/contacts/" + GatewayFixture::ContactUuid(tenant, 1);
    CHECK_FALSE(Read(fixture, tenant.key, one, gzip).Find("Content-Encoding").has_value());
}

TEST_CASE("Conditional: lists and contacts have an ETag of what they say", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("conditional-lists");
    fixture.AddConversations(tenant, 1, 3, false);
    const std::vector<std::string> targets = {
        "/v1/conversations",
        "/v1/conversations/" + GatewayFixture::ConversationUuid(tenant, 1) + "/messages",
        "/v1/contacts/" + GatewayFixture::ContactUuid(tenant, 1)};
    for (const std::string& target : targets) {
        INFO(target);
        const auto first = Read(fixture, tenant.key, target, {});
        CHECK(first.status == 200);
        CHECK(TagOf(first).starts_with("W/\""));
        const auto same = Read(fixture, tenant.key, target, {{"If-None-Match", TagOf(first)}});
        CHECK(same.status == 304);
        CHECK(same.body.empty());
    }
    const std::string tag = TagOf(Read(fixture, tenant.key, targets[0], {}));
    fixture.Sql("UPDATE conversations SET preview = 'new'");
    const auto changed = Read(fixture, tenant.key, targets[0], {{"If-None-Match", tag}});
    CHECK(changed.status == 200);
    CHECK(TagOf(changed) != tag);
}
