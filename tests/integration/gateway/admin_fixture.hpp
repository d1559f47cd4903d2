// A gateway with administration, a tenant with a key that may administer, and JSON over HTTP.
// Thread safety: one thread.
#pragma once

#include "crypto/sealed_box.hpp"
#include "gateway_fixture.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"
#include "unibox/v1/admin_service.grpc.pb.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace unibox::test {

struct AdminFixture {
    using Json = nlohmann::json;
    static constexpr const char* kTelegramSecret = "telegram-secret-0123456789";

    explicit AdminFixture(const std::function<void(gateway::Config&)>& change = {})
        : gateway(PgServer::Shared(), ConfigWith(change)),
          tenant(gateway.AddTenant("acme")),
          other(gateway.AddTenant("other")),
          key(gateway.AddKey(tenant, "boss", Scopes())),
          other_key(gateway.AddKey(other, "boss", Scopes())),
          client(gateway.gateway().address("http")),
          stub(v1::AdminService::NewStub(grpc::CreateChannel(
              gateway.gateway().address("grpc"), grpc::InsecureChannelCredentials()
          ))) {}

    static std::vector<std::string> Scopes() {
        return {"admin:read", "admin:write", "inbox:read", "inbox:write"};
    }

    http::Response Send(
        const std::string& verb,
        const std::string& target,
        const Json& body,
        const std::string& with_key,
        std::vector<http::Header> headers = {}
    ) {
        headers.push_back({"Authorization", "Bearer " + with_key});
        std::string text;
        if (!body.is_null()) {
            headers.push_back({"Content-Type", "application/json"});
            text = body.dump();
        }
        auto response = client.Send(verb, target, headers, text, Millis(30'000));
        REQUIRE_OK(response);
        return std::move(response).value();
    }
    // 200, with the fixture's key.
    Json Ok(const std::string& verb, const std::string& target, const Json& body = {}) {
        INFO(verb << ' ' << target);
        const auto response = Send(verb, target, body, key);
        INFO(response.body);
        REQUIRE(response.status == 200);
        return Json::parse(response.body);
    }
    // A refusal: status, reason, field.
    void Refused(
        const std::string& verb,
        const std::string& target,
        const Json& body,
        int status,
        const std::string& reason,
        const std::string& field = ""
    ) {
        INFO(verb << ' ' << target << ' ' << body.dump());
        const auto response = Send(verb, target, body, key);
        INFO(response.body);
        CHECK(response.status == status);
        CHECK(response.body.find('"' + reason + '"') != std::string::npos);
        if (!field.empty()) CHECK(response.body.find('"' + field + '"') != std::string::npos);
    }
    Json NewTelegram(const std::string& name) {
        return Ok(
            "POST",
            "/v1/channels",
            {{"channel", {{"name", name}, {"provider", "PROVIDER_TELEGRAM"}}},
             {"secret", kTelegramSecret}}
        );
    }
    crypto::SealedBox Box() const { return crypto::SealedBox::FromKeyFile(KeyFile()).value(); }
    std::string KeyFile() const { return (dir / "seal.key").string(); }

    gateway::Config ConfigWith(const std::function<void(gateway::Config&)>& change) {
        std::ofstream(KeyFile()) << crypto::GenerateKeyFileText().Reveal();
        auto config = GatewayFixture::DefaultConfig();
        config.secrets_key_file = KeyFile();
        if (change) change(config);
        return config;
    }

    TempDir dir;
    GatewayFixture gateway;
    TestTenant tenant;
    TestTenant other;
    std::string key;        // "boss"
    std::string other_key;  // Of the other tenant.
    http::Client client;
    std::unique_ptr<v1::AdminService::Stub> stub;
};

}  // namespace unibox::test
