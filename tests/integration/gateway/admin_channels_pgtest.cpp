// Channels, their secrets and API keys by AdminService.
#include "admin_fixture.hpp"
#include "crypto/hash.hpp"
#include "store/admin/channel_rules.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/specs.hpp"
#include "store/directory/lookups.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AdminFixture;
using test::GatewayFixture;
using Json = nlohmann::json;
using Scopes = std::vector<std::string>;

namespace {

// What webhook-ingest has to verify with, newest first.
std::vector<std::string> LiveSecrets(AdminFixture& fixture, const Json& channel) {
    obs::Metrics metrics;
    const auto pool = pg::Pool::Create(fixture.gateway.settings("ub_ingest"), metrics).value();
    const ChannelId id{Uuid::Parse(channel["id"].get<std::string>()).value()};
    const auto box = fixture.Box();
    const std::string hash = crypto::Sha256(store::DerivedChannelToken(box, id));
    const auto found = store::FindChannelByToken(*pool, hash);
    REQUIRE_OK(found);
    std::vector<std::string> secrets;
    for (const std::string& sealed : found->sealed_secrets) {
        const auto secret = box.Open(sealed, store::ChannelSealingContext(id));
        REQUIRE_OK(secret);
        secrets.emplace_back(secret->Reveal());
    }
    return secrets;
}

}  // namespace

TEST_CASE("Admin: a channel is made, read, changed and switched", "[pg][gateway]") {
    AdminFixture fixture;
    const Json made = fixture.NewTelegram("bot");
    const Json& channel = made["channel"];
    const std::string path = "/v1/channels/" + channel["id"].get<std::string>();
    CHECK(channel["displayName"] == "bot");
    CHECK(channel["reopenWindowS"] == 604'800);
    CHECK(channel["liveSecretCount"] == 1);
    CHECK(made["webhookUrl"].get<std::string>().starts_with("/v1/hooks/telegram/"));
    CHECK(made.dump().find(AdminFixture::kTelegramSecret) == std::string::npos);
    CHECK(fixture.Ok("GET", path) == channel);
    CHECK(LiveSecrets(fixture, channel) == std::vector<std::string>{AdminFixture::kTelegramSecret});

    const Json named = fixture.Ok(
        "PATCH",
        path + "?updateMask=displayName,publicBaseUrl",
        {{"displayName", "Our bot"}, {"publicBaseUrl", "https://in.example/x/"}}
    );
    CHECK(named["displayName"] == "Our bot");
    CHECK(named["publicBaseUrl"] == "https://in.example/x");
    CHECK(named["reopenWindowS"] == 604'800);
    CHECK(named["etag"] != channel["etag"]);
    const Json off = fixture.Ok("POST", path + ":disable", Json::object());
    CHECK(off.contains("disableTime"));
    CHECK(fixture.Ok("POST", path + ":disable", Json::object()) == off);
    CHECK_FALSE(fixture.Ok("POST", path + ":enable", Json::object()).contains("disableTime"));
    const Json list = fixture.Ok("GET", "/v1/channels");
    REQUIRE(list["channels"].size() == 1);
    CHECK(list["channels"][0]["id"] == channel["id"]);
}

TEST_CASE("Admin: what a channel must not be is refused by its field", "[pg][gateway]") {
    AdminFixture fixture;
    const auto refused = [&](Json channel, const std::string& secret, const std::string& field) {
        const Json body = {{"channel", std::move(channel)}, {"secret", secret}};
        fixture.Refused("POST", "/v1/channels", body, 400, "VALUE_INVALID", field);
    };
    refused({{"name", "bot"}}, "s", "channel.provider");
    refused({{"name", "Bot"}, {"provider", "PROVIDER_TELEGRAM"}}, "s", "channel.name");
    refused({{"name", "bot"}, {"provider", "PROVIDER_TELEGRAM"}}, "", "secret");
    refused(
        {{"name", "bot"}, {"provider", "PROVIDER_TELEGRAM"}, {"publicBaseUrl", "ftp://x"}},
        "s",
        "channel.publicBaseUrl"
    );
    const Json whatsapp = {{"name", "wa"}, {"provider", "PROVIDER_WHATSAPP"}, {"route", "123"}};
    fixture.Refused(
        "POST",
        "/v1/channels",
        {{"channel", whatsapp}, {"secret", "meta-secret"}},
        403,
        "SCOPE_MISSING",
        "channel.route"
    );
    fixture.NewTelegram("bot");
    const auto again = fixture.Send(
        "POST",
        "/v1/channels",
        {{"channel", {{"name", "bot"}, {"provider", "PROVIDER_TELEGRAM"}}}, {"secret", "s-123"}},
        fixture.key
    );
    CHECK(again.status == 409);
    const Json only = fixture.Ok("GET", "/v1/channels")["channels"];
    REQUIRE(only.size() == 1);
    CHECK(again.body.find(only[0]["id"].get<std::string>()) != std::string::npos);
    const std::string path = "/v1/channels/" + only[0]["id"].get<std::string>();
    fixture.Refused("PATCH", path + "?updateMask=name", {{"name", "x"}}, 400, "VALUE_INVALID");
    fixture.Refused("GET", "/v1/channels/" + Uuid().ToString(), {}, 404, "CHANNEL_NOT_FOUND");
    fixture.Refused("GET", "/v1/channels/x", {}, 400, "VALUE_INVALID", "id");
}

TEST_CASE("Admin: the operator's key binds a channel to an app and its route", "[pg][gateway]") {
    AdminFixture fixture;
    const Uuid app = NewUuidV7(SystemClock().UnixMillis());
    REQUIRE_OK(store::PutApp(fixture.gateway.admin(), app, {"acme-meta", "meta"}, std::nullopt));
    fixture.key = fixture.gateway.AddKey(
        fixture.tenant, "operator", Scopes{"admin:read", "admin:write", "operator:write"}
    );
    const Json channel = {
        {"name", "wa"}, {"provider", "PROVIDER_WHATSAPP"}, {"route", "123"}, {"app", "acme-meta"}};
    const Json made = fixture.Ok("POST", "/v1/channels", {{"channel", channel}});
    CHECK(made["channel"]["app"] == "acme-meta");
    CHECK(made["channel"]["liveSecretCount"] == 0);
    CHECK(made["webhookUrl"] == "");
    // The route is another tenant's now, which is all that one learns.
    fixture.key =
        fixture.gateway.AddKey(fixture.other, "operator", Scopes{"admin:write", "operator:write"});
    fixture.Refused(
        "POST", "/v1/channels", {{"channel", channel}}, 409, "ALREADY_EXISTS", "channel.route_key"
    );
    Json unknown = channel;
    unknown["app"] = "nobodys";
    fixture.Refused(
        "POST", "/v1/channels", {{"channel", unknown}}, 400, "VALUE_INVALID", "channel.app"
    );
}

TEST_CASE("Admin: both secrets verify until the old one is dropped", "[pg][gateway]") {
    AdminFixture fixture;
    const Json made = fixture.NewTelegram("bot");
    const std::string path = "/v1/channels/" + made["channel"]["id"].get<std::string>();
    const Json rotated = fixture.Ok("POST", path + ":rotateSecret", {{"secret", "another-secret"}});
    CHECK(rotated["channel"]["liveSecretCount"] == 2);
    CHECK(rotated["webhookUrl"] == made["webhookUrl"]);
    const std::vector<std::string> both = {"another-secret", AdminFixture::kTelegramSecret};
    CHECK(LiveSecrets(fixture, made["channel"]) == both);
    const Json dropped = fixture.Ok("POST", path + ":dropOldSecrets", Json::object());
    CHECK(dropped["liveSecretCount"] == 1);
    CHECK(LiveSecrets(fixture, made["channel"]) == std::vector<std::string>{"another-secret"});
    fixture.Refused(
        "POST", path + ":rotateSecret", {{"secret", ""}}, 400, "VALUE_INVALID", "secret"
    );
}

TEST_CASE("Admin: an API key works at once and stops at once", "[pg][gateway]") {
    AdminFixture fixture;
    const Json wanted = {{"name", "crm"}, {"scopes", {"inbox:read"}}};
    const Json made = fixture.Ok("POST", "/v1/apiKeys", wanted);
    const std::string key = made["key"];
    const std::string path = "/v1/apiKeys/" + made["apiKey"]["id"].get<std::string>();
    CHECK(fixture.gateway.Get("/v1/conversations", key).status == 200);
    CHECK(fixture.gateway.Get("/v1/tenant", key).status == 403);
    CHECK(fixture.Ok("GET", "/v1/apiKeys").dump().find(key) == std::string::npos);

    const Json more = {{"scopes", {"inbox:read", "admin:read"}}};
    CHECK(fixture.Ok("PATCH", path, more)["scopes"].size() == 2);
    CHECK(fixture.gateway.Get("/v1/tenant", key).status == 200);
    fixture.Refused("POST", "/v1/apiKeys", wanted, 409, "ALREADY_EXISTS", "api_key.name");
    fixture.Refused(
        "POST",
        "/v1/apiKeys",
        {{"name", "x"}, {"scopes", {"ingest:write"}}},
        403,
        "SCOPE_EXCEEDED",
        "api_key.scopes"
    );
    fixture.Refused(
        "PATCH", path, {{"scopes", {"operator:write"}}}, 403, "SCOPE_EXCEEDED", "api_key.scopes"
    );
    fixture.Refused(
        "POST",
        "/v1/apiKeys",
        {{"name", "x"}, {"scopes", {"everything"}}},
        400,
        "VALUE_INVALID",
        "api_key.scopes"
    );
    CHECK(fixture.Ok("POST", path + ":revoke", Json::object()).contains("revokeTime"));
    CHECK(fixture.gateway.Get("/v1/conversations", key).status == 401);
    fixture.Refused("PATCH", path, {{"scopes", {"inbox:write"}}}, 400, "API_KEY_REVOKED");
}
