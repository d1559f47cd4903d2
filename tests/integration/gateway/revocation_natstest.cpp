// A key that is revoked, with NATS and without.
#include "admin_fixture.hpp"
#include "agents_fixture.hpp"
#include "gateway_fixture.hpp"
#include "nats/connection.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/nats_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::GatewayFixture;

namespace {

constexpr const char* kList = "/v1/conversations";

gateway::Config ConfigFor(const test::NatsServer& server) {
    auto config = GatewayFixture::DefaultConfig();
    config.nats.url = server.url();
    config.api_keys.known_ms_max = 30'000;
    return config;
}

}  // namespace

TEST_CASE("Revocation: the notice ends a key at once", "[nats][gateway]") {
    test::NatsServer nats;
    GatewayFixture fixture(test::PgServer::Shared(), ConfigFor(nats));
    const auto tenant = fixture.AddTenant("told");
    const auto other = fixture.AddKey(tenant, "other", "inbox:read");
    obs::Metrics metrics;
    nats::Settings settings;
    settings.url = nats.url();
    auto connection = nats::Connection::Connect(settings, metrics);
    REQUIRE_OK(connection);
    REQUIRE(test::Eventually(20s, [&] { return (*connection)->connected(); }));
    REQUIRE(fixture.Get(kList, tenant.key).status == 200);
    REQUIRE(fixture.Get(kList, other).status == 200);

    fixture.Sql("UPDATE api_keys SET revoked_at = now() WHERE name = 'other'");
    CHECK(fixture.Get(kList, other).status == 200);  // Nobody was told.
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(test::Eventually(20s, [&] {
        // Until the gateway's own connection is there, a notice may be missed.
        static_cast<void>((*connection)->Publish(subjects::kChannelsChanged, ""));
        return fixture.Get(kList, other).status == 401;
    }));
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    CHECK(fixture.Get(kList, tenant.key).status == 200);
}

TEST_CASE("Revocation: what was told while NATS was away is made up for", "[nats][gateway]") {
    test::NatsServer nats;
    GatewayFixture fixture(test::PgServer::Shared(), ConfigFor(nats));
    const auto tenant = fixture.AddTenant("away");
    const auto other = fixture.AddKey(tenant, "other", "inbox:read");
    const auto is_connected = [&](const char* value) {
        const std::string text = fixture.metrics().Render();
        return text.find("unibox_nats_connected{name=\"unibox\"} " + std::string(value)) !=
               std::string::npos;
    };
    REQUIRE(test::Eventually(20s, [&] { return is_connected("1"); }));
    REQUIRE(fixture.Get(kList, other).status == 200);
    nats.Kill9();
    REQUIRE(test::Eventually(20s, [&] { return is_connected("0"); }));
    fixture.Sql("UPDATE api_keys SET revoked_at = now() WHERE name = 'other'");
    CHECK(fixture.Get(kList, other).status == 200);  // Its 30 s run; calls work without NATS.
    CHECK(fixture.Get(kList, tenant.key).status == 200);
    nats.Start();
    CHECK(test::Eventually(25s, [&] { return fixture.Get(kList, other).status == 401; }));
    CHECK(fixture.Get(kList, tenant.key).status == 200);
}

TEST_CASE("Revocation: the notice ends the tokens of an issuer at once", "[nats][gateway]") {
    test::NatsServer nats;
    const test::JwtSigner signer(auth::Algorithm::kEs256, "own");
    test::AgentsFixture fixture([&](auto& config) {
        config.nats.url = nats.url();
        config.api_keys.known_ms_max = 30'000;
    });
    auto spec = fixture.Spec();
    spec.name = spec.audience = "own";
    spec.jwks_url = "";
    spec.jwks = test::JwksOf({signer.Jwk()});
    fixture.Put(fixture.tenant.id, spec);
    auto claims = test::AgentsFixture::Claims();
    claims.audience = "\"own\"";
    const std::string token = signer.Token(claims.Json());
    obs::Metrics metrics;
    nats::Settings settings;
    settings.url = nats.url();
    auto connection = nats::Connection::Connect(settings, metrics);
    REQUIRE_OK(connection);
    REQUIRE(test::Eventually(20s, [&] { return (*connection)->connected(); }));
    REQUIRE(fixture.List(token).status == 200);

    spec.disabled = true;
    fixture.Put(fixture.tenant.id, spec);
    CHECK(fixture.List(token).status == 200);  // Nobody was told.
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(test::Eventually(20s, [&] {
        static_cast<void>((*connection)->Publish(subjects::kChannelsChanged, ""));
        return fixture.List(token).status == 401;
    }));
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    CHECK(fixture.gateway.Get(kList, fixture.tenant.key).status == 200);
}

TEST_CASE("Revocation: the notice ends an agent's rights at once", "[nats][gateway]") {
    test::NatsServer nats;
    test::AgentsFixture fixture([&](auto& config) {
        config.nats.url = nats.url();
        config.api_keys.known_ms_max = 30'000;
    });
    fixture.AddAgent(fixture.tenant, "ada", v1::AGENT_ROLE_SUPERVISOR);
    fixture.gateway.AddConversations(fixture.tenant, 1, 1, false);
    const auto token = fixture.Token(test::AgentsFixture::Claims("supervisor", "ada"));
    const std::string first =
        std::string(kList) + "/" + GatewayFixture::ConversationUuid(fixture.tenant, 1);
    obs::Metrics metrics;
    nats::Settings settings;
    settings.url = nats.url();
    auto connection = nats::Connection::Connect(settings, metrics);
    REQUIRE_OK(connection);
    REQUIRE(test::Eventually(20s, [&] { return (*connection)->connected(); }));
    REQUIRE(fixture.gateway.Get(first, token).status == 200);
    const auto becomes = [&](int status) {
        const auto begun = std::chrono::steady_clock::now();
        const bool became = test::Eventually(20s, [&] {
            static_cast<void>((*connection)->Publish(subjects::kChannelsChanged, ""));
            return fixture.gateway.Get(first, token).status == status;
        });
        return became && std::chrono::steady_clock::now() - begun < 20s;
    };

    // A lesser role sees its channels alone, and has none.
    fixture.AddAgent(fixture.tenant, "ada", v1::AGENT_ROLE_AGENT);
    CHECK(fixture.gateway.Get(first, token).status == 200);  // Nobody was told.
    CHECK(becomes(404));
    fixture.AddAgent(fixture.tenant, "ada", v1::AGENT_ROLE_AGENT, true);
    CHECK(becomes(403));
    fixture.AddAgent(fixture.tenant, "ada", v1::AGENT_ROLE_SUPERVISOR);
    CHECK(becomes(200));
}

TEST_CASE(
    "Revocation: what one gateway revokes by API ends in another at once", "[nats][gateway]"
) {
    test::NatsServer nats;
    test::AdminFixture fixture([&](auto& config) {
        config.nats.url = nats.url();
        config.api_keys.known_ms_max = 30'000;
    });
    auto config = ConfigFor(nats);
    config.postgres.url = fixture.gateway.settings("ub_gateway").url;
    obs::Metrics metrics;
    auto other = gateway::CreateService(config, SystemClock(), metrics).value();
    REQUIRE_OK(other->Start());
    http::Client client(other->address("http"));
    const auto status_at_other = [&](const std::string& key) {
        const auto response =
            client.Send("GET", kList, {{"Authorization", "Bearer " + key}}, "", Millis(30'000));
        REQUIRE_OK(response);
        return response->status;
    };
    const auto is_connected = [](const obs::Metrics& of) {
        return of.Render().find("unibox_nats_connected{name=\"unibox\"} 1") != std::string::npos;
    };
    REQUIRE(test::Eventually(20s, [&] {
        return is_connected(metrics) && is_connected(fixture.gateway.metrics());
    }));
    const auto made =
        fixture.Ok("POST", "/v1/apiKeys", {{"name", "crm"}, {"scopes", {"inbox:read"}}});
    const std::string key = made["key"];
    REQUIRE(status_at_other(key) == 200);  // It would be believed for 30 s.
    const auto begun = std::chrono::steady_clock::now();
    const std::string path = "/v1/apiKeys/" + made["apiKey"]["id"].get<std::string>();
    fixture.Ok("POST", path + ":revoke", nlohmann::json::object());
    CHECK(fixture.gateway.Get(kList, key).status == 401);
    REQUIRE(test::Eventually(20s, [&] { return status_at_other(key) == 401; }));
    CHECK(std::chrono::steady_clock::now() - begun < 25s);
}
