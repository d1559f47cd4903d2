// Agents' tokens at the gateway, over both transports.
#include "agents_fixture.hpp"
#include "auth/agent_tokens.hpp"
#include "auth/authenticator.hpp"
#include "auth/roles.hpp"
#include "crypto/sealed_box.hpp"
#include "domain/jwt_issuer.hpp"
#include "rpc/status_map.hpp"
#include "served_methods.hpp"
#include "support/eventually.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <utility>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AgentsFixture;
using test::GatewayFixture;
using test::HasCode;
using test::KeyServer;

TEST_CASE("Agents: a token reads the inbox of its tenant and not another's", "[pg][gateway]") {
    AgentsFixture fixture;
    auto& gateway = fixture.gateway;
    const auto other = gateway.AddTenant("other");
    gateway.AddConversations(fixture.tenant, 1, 3, false);
    gateway.AddConversations(other, 1, 2, false);
    const std::string token = fixture.Token();

    const auto list = fixture.List(token);
    CHECK(list.status == 200);
    const std::string own = GatewayFixture::ConversationUuid(fixture.tenant, 1);
    const std::string foreign = GatewayFixture::ConversationUuid(other, 1);
    CHECK(list.body.find(own) != std::string::npos);
    CHECK(list.body.find(foreign) == std::string::npos);
    CHECK(gateway.Get("/v1/conversations/" + own, token).status == 200);
    CHECK(gateway.Get("/v1/conversations/" + foreign, token).status == 404);

    v1::ListConversationsResponse response;
    REQUIRE(fixture.ListByGrpc(token, &response).ok());
    CHECK(response.conversations_size() == 3);
    v1::GetConversationRequest request;
    request.set_conversation_id(foreign);
    v1::Conversation conversation;
    const auto context = GatewayFixture::Context(token);
    CHECK_FALSE(gateway.stub().GetConversation(context.get(), request, &conversation).ok());
    CHECK(fixture.keys.asked_count() == 1);
}

TEST_CASE("Agents: each method is open to the roles that have its scope", "[pg][gateway]") {
    AgentsFixture fixture;
    test::ServedMethods served(fixture.gateway);
    for (const gateway::Method& method : served.table().methods()) {
        for (const auth::RoleRow& row : auth::kRoles) {
            INFO(method.name << ' ' << row.name);
            const auto& scopes = row.scopes;
            const bool may = std::find(scopes.begin(), scopes.end(), method.scope) != scopes.end();
            const auto token = fixture.Token(AgentsFixture::Claims(std::string(row.name)));
            const Status status = served.Call(method, token);
            CHECK((status.reason() == auth::kScopeMissing) == !may);
            if (!may) CHECK(status.code() == Code::kPermissionDenied);
            CHECK(status.code() != Code::kUnauthenticated);
        }
    }
    // Who has no role may do nothing, and is told so.
    for (const char* role : {"", "owner", "ADMIN"}) {
        INFO(role);
        const auto token = fixture.Token(AgentsFixture::Claims(role));
        const auto response = fixture.List(token);
        CHECK(response.status == 403);
        CHECK(response.body.find(auth::kRoleMissing) != std::string::npos);
        const Status status = rpc::FromGrpc(fixture.ListByGrpc(token));
        CHECK_THAT(status, HasCode(Code::kPermissionDenied));
        CHECK(status.reason() == auth::kRoleMissing);
    }
}

TEST_CASE("Agents: a stranger and a disabled agent get 403, and are told why", "[pg][gateway]") {
    AgentsFixture fixture;
    fixture.AddAgent(fixture.tenant, "gone", v1::AGENT_ROLE_ADMIN, true);
    // Of another tenant, with the same issuer's word.
    fixture.AddAgent(fixture.gateway.AddTenant("other"), "elsewhere", v1::AGENT_ROLE_ADMIN);
    for (const auto& [subject, reason] :
         {std::pair("stranger", auth::kAgentUnknown),
          std::pair("elsewhere", auth::kAgentUnknown),
          std::pair("gone", auth::kAgentDisabled)}) {
        INFO(subject);
        const auto token = fixture.Token(AgentsFixture::Claims("admin", subject));
        const auto response = fixture.List(token);
        CHECK(response.status == 403);
        CHECK(response.body.find(reason) != std::string::npos);
        CHECK(response.body.find("somebody who administers") != std::string::npos);
        const Status status = rpc::FromGrpc(fixture.ListByGrpc(token));
        CHECK_THAT(status, HasCode(Code::kPermissionDenied));
        CHECK(status.reason() == reason);
    }
    CHECK(fixture.List(fixture.Token()).status == 200);
}

TEST_CASE("Agents: what is wrong is the same 401 over both transports", "[pg][gateway]") {
    AgentsFixture fixture;
    const auto check = [&](const std::string& token, const char* reason) {
        const auto response = fixture.List(token);
        CHECK(response.status == 401);
        CHECK(response.body.find(reason) != std::string::npos);
        CHECK(response.Find("WWW-Authenticate").has_value());
        const Status status = rpc::FromGrpc(fixture.ListByGrpc(token));
        CHECK_THAT(status, HasCode(Code::kUnauthenticated));
        CHECK(status.reason() == reason);
    };
    auto expired = AgentsFixture::Claims();
    expired.issued_at_s -= 7'200;
    expired.expires_at_s = expired.issued_at_s + 3'600;
    check(fixture.Token(expired), auth::kTokenExpired);
    auto early = AgentsFixture::Claims();
    early.issued_at_s += 3'600;
    early.expires_at_s += 3'600;
    check(fixture.Token(early), auth::kTokenExpired);
    const test::JwtSigner evil(auth::Algorithm::kEs256, "k1");
    check(evil.Token(AgentsFixture::Claims().Json()), auth::kTokenInvalid);
    check("eyJhbGciOiJub25lIn0.e30.", auth::kTokenInvalid);
    auto elsewhere = AgentsFixture::Claims();
    elsewhere.audience = "\"another program\"";
    check(fixture.Token(elsewhere), auth::kTokenInvalid);
    elsewhere = AgentsFixture::Claims();
    elsewhere.issuer = "https://evil.test/";
    check(fixture.Token(elsewhere), auth::kTokenInvalid);
    check("not a credential", auth::kApiKeyInvalid);
}

TEST_CASE("Agents: a key that the issuer begins to use is fetched", "[pg][gateway]") {
    AgentsFixture fixture;
    CHECK(fixture.List(fixture.Token()).status == 200);
    const test::JwtSigner next(auth::Algorithm::kEdDsa, "k2");
    const std::string token = next.Token(AgentsFixture::Claims().Json());
    fixture.keys.Publish(test::JwksOf({fixture.signer.Jwk(), next.Jwk()}));
    CHECK(test::Eventually(std::chrono::seconds(20), [&] {
        return fixture.List(token).status == 200;
    }));
    CHECK(fixture.List(fixture.Token()).status == 200);
    // The first key goes: with the next set that is fetched nothing of it is believed.
    fixture.keys.Publish(test::JwksOf({next.Jwk()}));
    const test::JwtSigner unknown(auth::Algorithm::kEdDsa, "k3");
    CHECK(test::Eventually(std::chrono::seconds(20), [&] {
        CHECK(fixture.List(unknown.Token(AgentsFixture::Claims().Json())).status == 401);
        return fixture.List(fixture.Token()).status == 401;
    }));
}

TEST_CASE("Agents: an issuer that is away or answers badly", "[pg][gateway]") {
    AgentsFixture fixture;
    auto& keys = fixture.keys;
    for (const auto mood :
         {KeyServer::Mood::kRedirects,
          KeyServer::Mood::kIsHuge,
          KeyServer::Mood::kHangs,
          KeyServer::Mood::kFails}) {
        CAPTURE(static_cast<int>(mood));
        keys.Be(mood);
        // Another URL for each: what is known of one that failed is not asked again at once.
        auto spec = fixture.Spec();
        spec.name = spec.audience = "mood" + std::to_string(static_cast<int>(mood));
        spec.jwks_url += "?" + spec.name;
        fixture.Put(fixture.tenant.id, spec);
        auto claims = AgentsFixture::Claims();
        claims.audience = "\"" + spec.audience + "\"";
        const auto response = fixture.List(fixture.Token(claims));
        CHECK(response.status == 503);
        CHECK(response.body.find(auth::kIssuerUnavailable) != std::string::npos);
        CHECK(response.Find("Retry-After").has_value());
        CHECK(fixture.gateway.Get("/v1/conversations", fixture.tenant.key).status == 200);
    }
    CHECK(keys.followed_count() == 0);
    keys.Be(KeyServer::Mood::kAnswers);
    CHECK(fixture.List(fixture.Token()).status == 200);
    keys.GoAway();
    CHECK(fixture.List(fixture.Token()).status == 200);
}

TEST_CASE("Agents: keys are not fetched from private addresses", "[pg][gateway]") {
    AgentsFixture fixture([](auto& config) {
        config.agent_tokens.jwks_private_addresses_allowed = false;
    });
    int number = 0;
    for (const std::string& url :
         {fixture.keys.url(),
          std::string("https://localhost/keys"),
          std::string("https://127.1/"),
          std::string("https://169.254.169.254/latest/meta-data/"),
          std::string("https://[::1]/"),
          std::string("http://localhost/keys"),
          std::string("file:///etc/passwd")}) {
        INFO(url);
        auto spec = fixture.Spec();
        spec.name = spec.audience = "private" + std::to_string(++number);
        spec.jwks_url = url;
        fixture.Put(fixture.tenant.id, spec);
        auto claims = AgentsFixture::Claims();
        claims.audience = "\"" + spec.audience + "\"";
        const auto response = fixture.List(fixture.Token(claims));
        CHECK(response.status == 503);
        // Nothing of what lies behind the URL.
        CHECK(response.body.find("127.0.0.1") == std::string::npos);
    }
    CHECK(fixture.keys.asked_count() == 0);
}

TEST_CASE("Agents: a secret that tenant and issuer share, sealed at rest", "[pg][gateway]") {
    const test::TempDir dir;
    const std::string key_file = dir / "key";
    std::ofstream(key_file) << crypto::GenerateKeyFileText().Reveal();
    const auto box = crypto::SealedBox::FromKeyFile(key_file).value();
    AgentsFixture fixture([&](auto& config) { config.secrets_key_file = key_file; });
    const std::string secret(48, 's');
    auto spec = fixture.Spec();
    spec.name = spec.audience = "shared";
    spec.jwks_url = "";
    spec.algorithms = {"HS256"};
    const Uuid id = NewUuidV7(SystemClock().UnixMillis());
    const std::string context = domain::JwtIssuerSealingContext(id);
    spec.sealed_secrets = {box.Seal(Secret(secret), context)};
    REQUIRE_OK(store::PutJwtIssuer(fixture.gateway.admin(), fixture.tenant.id, id, spec));
    auto claims = AgentsFixture::Claims();
    claims.audience = "\"shared\"";
    const auto status_with = [&](const std::string& by) {
        const test::JwtSigner signer(auth::Algorithm::kHs256, "", by);
        return fixture.List(signer.Token(claims.Json())).status;
    };
    CHECK(status_with(secret) == 200);
    CHECK(status_with(std::string(48, 't')) == 401);
    // The public key of the tenant's other issuer is no secret of this one, nor of that one.
    CHECK(status_with(fixture.signer.PublicPem()) == 401);
    claims.audience = "\"unibox\"";
    CHECK(status_with(fixture.signer.PublicPem()) == 401);
    CHECK(status_with(secret) == 401);
}

TEST_CASE("Agents: the operator's issuer serves all tenants by their slugs", "[pg][gateway]") {
    AgentsFixture fixture;
    const auto other = fixture.gateway.AddTenant("other");
    fixture.AddAgent(other, AgentsFixture::kSubject, v1::AGENT_ROLE_ADMIN);
    fixture.gateway.AddConversations(other, 1, 2, false);
    auto spec = fixture.Spec();
    spec.name = spec.audience = "everybody";
    spec.tenant_claim = "org";
    fixture.Put({}, spec);
    const auto list_of = [&](const std::string& slug) {
        auto claims = AgentsFixture::Claims();
        claims.audience = "\"everybody\"";
        claims.more = R"(,"org":")" + slug + "\"";
        return fixture.List(fixture.Token(claims));
    };
    CHECK(list_of("acme").body.find("cccccccc") == std::string::npos);
    CHECK(list_of("acme").status == 200);
    CHECK(
        list_of("other").body.find(GatewayFixture::ConversationUuid(other, 1)) != std::string::npos
    );
    CHECK(list_of("nobody").status == 401);
    fixture.gateway.Sql("UPDATE tenants SET disabled_at = now() WHERE slug = 'acme'");
    fixture.gateway.Sql("UPDATE tenants SET disabled_at = now() WHERE slug = 'other'");
    CHECK(list_of("other").status == 200);  // Known, and nobody was told.
}
