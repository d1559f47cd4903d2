// A gateway with a tenant whose agents have tokens of its own issuer.
// Thread safety: one thread.
#pragma once

#include "auth/jws.hpp"
#include "base/clock.hpp"
#include "gateway_fixture.hpp"
#include "key_server.hpp"
#include "store/admin/jwt_issuers.hpp"
#include "store/admin/people.hpp"
#include "support/jwt_signer.hpp"
#include "support/status_matchers.hpp"

#include <functional>
#include <optional>
#include <string>

namespace unibox::test {

struct AgentsFixture {
    static constexpr const char* kSubject = "agent-1";  // Who may do all that a token says.
    static constexpr const char* kIssuer = "https://login.test/";

    static gateway::Config Changed(
        gateway::Config config, const std::function<void(gateway::Config&)>& change
    ) {
        if (change) change(config);
        return config;
    }
    static gateway::Config ConfigFor(const KeyServer& keys) {
        auto config = GatewayFixture::DefaultConfig();
        config.agent_tokens.tls_ca_file = keys.identity.cert_file;
        config.agent_tokens.jwks_private_addresses_allowed = true;
        config.agent_tokens.jwks_unknown_key_interval_ms = 100;
        config.agent_tokens.jwks_timeout_ms = 1'000;
        config.api_keys.failed_per_s = 0;
        return config;
    }

    // `change`: of the gateway's settings.
    explicit AgentsFixture(
        const std::function<void(gateway::Config&)>& change = {},
        const GatewayFixture::StartWriter& start_writer = {}
    )
        : gateway(PgServer::Shared(), Changed(ConfigFor(keys), change), start_writer),
          tenant(gateway.AddTenant("acme")) {
        keys.Publish(JwksOf({signer.Jwk()}));
        Put(tenant.id, Spec());
        AddAgent(tenant, kSubject, v1::AGENT_ROLE_ADMIN);
    }

    // Or changes it.
    AgentId AddAgent(
        const TestTenant& where,
        const std::string& external_id,
        v1::AgentRole role,
        bool disabled = false
    ) {
        store::AgentSpec spec;
        spec.external_id = external_id;
        spec.name = "Agent " + external_id;
        spec.role = role;
        spec.disabled = disabled;
        const auto put = store::PutAgent(gateway.admin(), where.id, spec);
        REQUIRE_OK(put);
        return put->agent;
    }

    store::JwtIssuerSpec Spec() const {
        store::JwtIssuerSpec spec;
        spec.name = "sso";
        spec.issuer = kIssuer;
        spec.audience = "unibox";
        spec.algorithms = {"EdDSA", "ES256", "RS256"};
        spec.jwks_url = keys.url();
        return spec;
    }
    Uuid Put(std::optional<TenantId> owner, const store::JwtIssuerSpec& spec) {
        const Uuid id = NewUuidV7(SystemClock().UnixMillis());
        REQUIRE_OK(store::PutJwtIssuer(gateway.admin(), owner, id, spec));
        return store::FindJwtIssuerId(gateway.admin(), owner, spec.name).value();
    }

    // Of now, for an hour.
    static TestClaims Claims(
        const std::string& role = "supervisor", const std::string& subject = kSubject
    ) {
        TestClaims claims;
        claims.issuer = kIssuer;
        claims.subject = subject;
        claims.role = role;
        claims.issued_at_s = SystemClock().UnixMillis() / 1'000;
        claims.expires_at_s = claims.issued_at_s + 3'600;
        return claims;
    }
    std::string Token(const TestClaims& claims = Claims()) const {
        return signer.Token(claims.Json());
    }
    // The inbox over HTTP; over gRPC.
    http::Response List(const std::string& token) {
        return gateway.Get("/v1/conversations", token);
    }
    grpc::Status ListByGrpc(
        const std::string& token, v1::ListConversationsResponse* response = nullptr
    ) {
        v1::ListConversationsResponse ignored;
        const auto context = GatewayFixture::Context(token);
        return gateway.stub().ListConversations(
            context.get(), {}, response == nullptr ? &ignored : response
        );
    }

    KeyServer keys;
    const JwtSigner signer{auth::Algorithm::kEs256, "k1"};
    GatewayFixture gateway;
    TestTenant tenant;
};

}  // namespace unibox::test
