// What administration does not do: show another tenant's, lose who did it, stop the inbox.
#include "admin_fixture.hpp"
#include "agents_fixture.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AdminFixture;
using Json = nlohmann::json;

namespace {

struct Named {
    std::string path;  // Of one.
    std::vector<std::string> verbs;
};

// One of everything.
std::vector<Named> MakeAll(AdminFixture& fixture) {
    const auto at = [](const std::string& collection, const Json& made) {
        return collection + "/" + made["id"].get<std::string>();
    };
    const auto made = [&](const std::string& collection, const Json& wanted) {
        return at(collection, fixture.Ok("POST", collection, wanted));
    };
    const std::vector<std::string> switches = {":disable", ":enable"};
    return {
        {at("/v1/channels", fixture.NewTelegram("bot")["channel"]),
         {":disable", ":enable", ":dropOldSecrets"}},
        {made("/v1/agents", {{"externalId", "a"}, {"name", "A"}, {"role", "AGENT_ROLE_AGENT"}}),
         switches},
        {made("/v1/teams", {{"name", "t"}}), switches},
        {made("/v1/labels", {{"name", "l"}}), {}},
        {made("/v1/attributeDefinitions", {{"name", "d"}, {"type", "ATTRIBUTE_TYPE_TEXT"}}), {}},
        {made("/v1/cannedReplies", {{"name", "r"}, {"text", "R"}}), {}},
        {at("/v1/webhookEndpoints",
            fixture.Ok(
                "POST", "/v1/webhookEndpoints", {{"name", "w"}, {"url", "https://example.com/in"}}
            )["webhookEndpoint"]),
         {":disable", ":enable", ":rotateSecret", ":dropOldSecret"}}};
}

}  // namespace

TEST_CASE("Admin: another tenant's ids do not exist", "[pg][gateway]") {
    AdminFixture fixture;
    const auto all = MakeAll(fixture);
    for (const Named& one : all) {
        INFO(one.path);
        const auto status = [&](const std::string& verb, const std::string& path, Json body) {
            return fixture.Send(verb, path, body, fixture.other_key).status;
        };
        CHECK(status("GET", one.path, {}) == 404);
        CHECK(status("PATCH", one.path, Json::object()) == 404);
        for (const std::string& verb : one.verbs) {
            INFO(verb);
            CHECK(status("POST", one.path + verb, Json::object()) == 404);
        }
        const std::string collection = one.path.substr(0, one.path.rfind('/'));
        const auto list = fixture.Send("GET", collection, {}, fixture.other_key);
        CHECK(list.status == 200);
        CHECK(list.body.find(one.path.substr(collection.size() + 1)) == std::string::npos);
    }
    const std::string made = fixture.Ok(
        "POST", "/v1/apiKeys", {{"name", "crm"}, {"scopes", {"inbox:read"}}}
    )["apiKey"]["id"];
    const std::string api_key = "/v1/apiKeys/" + made;
    for (const auto& [verb, path] :
         {std::pair("PATCH", api_key), std::pair("POST", api_key + ":revoke")}) {
        INFO(verb << ' ' << path);
        CHECK(fixture.Send(verb, path, Json::object(), fixture.other_key).status == 404);
    }
    const Json own = Json::parse(fixture.Send("GET", "/v1/adminAudit", {}, fixture.other_key).body);
    for (const Json& entry : own["entries"]) CHECK(entry["actor"] != "key boss");
}

TEST_CASE("Admin: nobody joins what is another tenant's", "[pg][gateway]") {
    AdminFixture fixture;
    const auto agent_of = [&](const std::string& key) {
        const Json wanted = {{"externalId", "a"}, {"name", "A"}, {"role", "AGENT_ROLE_AGENT"}};
        const auto made = fixture.Send("POST", "/v1/agents", wanted, key);
        REQUIRE(made.status == 200);
        return Json::parse(made.body)["id"].get<std::string>();
    };
    const std::string own = agent_of(fixture.key);
    const std::string foreign = agent_of(fixture.other_key);
    const std::string channel = fixture.NewTelegram("bot")["channel"]["id"];
    const std::string team = fixture.Ok("POST", "/v1/teams", {{"name", "t"}})["id"];
    for (const std::string& path : {"/v1/channels/" + channel, "/v1/teams/" + team}) {
        INFO(path);
        const std::string members = path + "/members";
        const auto join = [&](const std::string& agent, const std::string& key) {
            return fixture.Send("POST", members, {{"agentId", agent}}, key).status;
        };
        CHECK(join(own, fixture.other_key) == 404);
        CHECK(join(foreign, fixture.other_key) == 404);
        CHECK(join(foreign, fixture.key) == 404);
        CHECK(join(own, fixture.key) == 200);
        const std::string membership = members + "/" + own;
        CHECK(fixture.Send("DELETE", membership, {}, fixture.other_key).status == 404);
        CHECK(
            fixture.Send("GET", members, {}, fixture.other_key).body.find(own) == std::string::npos
        );
        CHECK(fixture.Ok("GET", members)["agentIds"] == Json{own});
    }
}

TEST_CASE("Admin: the audit names who did what, and no secret", "[pg][gateway]") {
    AdminFixture fixture;
    const Json made = fixture.NewTelegram("bot");
    const std::string key =
        fixture.Ok("POST", "/v1/apiKeys", {{"name", "crm"}, {"scopes", {"inbox:read"}}})["key"];
    fixture.Ok("PATCH", "/v1/tenant", {{"displayName", "Acme"}});
    const Json all = fixture.Ok("GET", "/v1/adminAudit?actor=key%20boss");
    REQUIRE(all["entries"].size() == 4);  // Tenant, key, secret, channel.
    const Json& newest = all["entries"][0];
    CHECK(newest["kind"] == "tenant");
    CHECK(newest["action"] == "UpdateTenant");
    CHECK(newest["requestId"].get<std::string>().size() == 32);
    CHECK(Json::parse(newest["newJson"].get<std::string>()) == Json{{"name", "Acme"}});
    const std::string text = all.dump();
    CHECK(text.find(AdminFixture::kTelegramSecret) == std::string::npos);
    CHECK(text.find(key) == std::string::npos);

    const Json channels = fixture.Ok("GET", "/v1/adminAudit?kind=channel");
    REQUIRE(channels["entries"].size() == 1);
    CHECK(channels["entries"][0]["objectId"] == made["channel"]["id"]);
    const Json first = fixture.Ok("GET", "/v1/adminAudit?actor=key%20boss&pageSize=3");
    REQUIRE(first["entries"].size() == 3);
    const std::string token = first["nextPageToken"];
    const Json rest =
        fixture.Ok("GET", "/v1/adminAudit?actor=key%20boss&pageSize=3&pageToken=" + token);
    REQUIRE(rest["entries"].size() == 1);
    CHECK(rest["entries"][0] == all["entries"][3]);
    fixture.Refused("GET", "/v1/adminAudit?pageToken=" + token, {}, 400, "PAGE_TOKEN_INVALID");
    const std::string future = "/v1/adminAudit?startTime=2999-01-01T00:00:00Z";
    CHECK(fixture.Ok("GET", future)["entries"].empty());
    // What the operator's command did is there too, under its own name.
    CHECK(fixture.Ok("GET", "/v1/adminAudit?kind=api_key")["entries"].size() > 1);
}

TEST_CASE("Admin: webhook endpoints are public, their secrets shown once", "[pg][gateway]") {
    AdminFixture fixture;
    const std::string path = "/v1/webhookEndpoints";
    for (const char* url :
         {"http://example.com/",
          "https://127.0.0.1/",
          "https://169.254.169.254/latest",
          "https://user:pass@example.com/",
          "ftp://example.com/",
          ""}) {
        INFO(url);
        const auto response =
            fixture.Send("POST", path, {{"name", "w"}, {"url", url}}, fixture.key);
        CHECK(response.status == 400);
        CHECK(response.body.find("webhookEndpoint.url") != std::string::npos);
    }
    const Json wanted = {
        {"name", "w"}, {"url", "https://example.com/in"}, {"events", {"message_created"}}};
    const Json made = fixture.Ok("POST", path, wanted);
    const std::string secret = made["secret"];
    CHECK(secret.starts_with("whsec_"));
    const std::string one = path + "/" + made["webhookEndpoint"]["id"].get<std::string>();
    CHECK(fixture.Ok("GET", one).dump().find(secret) == std::string::npos);
    const Json rotated = fixture.Ok("POST", one + ":rotateSecret", Json::object());
    CHECK(rotated["secret"] != secret);
    CHECK(rotated["webhookEndpoint"]["secretCount"] == 2);
    CHECK(fixture.Ok("POST", one + ":dropOldSecret", Json::object())["secretCount"] == 1);
    fixture.Refused(
        "PATCH",
        one,
        {{"events", {"everything"}}},
        400,
        "VALUE_INVALID",
        "webhookEndpoint.events[0]"
    );
    fixture.Ok("DELETE", one);
}

TEST_CASE("Admin: a broken role of administration does not stop the inbox", "[pg][gateway]") {
    AdminFixture fixture([](gateway::Config& config) {
        config.console.url = "postgresql://ub_console@127.0.0.1:1/unibox";
    });
    for (int i = 0; i < 20; ++i) {
        CHECK(fixture.Send("GET", "/v1/tenant", {}, fixture.key).status == 503);
        CHECK(fixture.gateway.Get("/v1/conversations", fixture.tenant.key).status == 200);
    }
}

TEST_CASE("Admin: without a sealing key no secret is taken", "[pg][gateway]") {
    AdminFixture fixture([](gateway::Config& config) { config.secrets_key_file.clear(); });
    fixture.Refused(
        "POST",
        "/v1/channels",
        {{"channel", {{"name", "bot"}, {"provider", "PROVIDER_TELEGRAM"}}}, {"secret", "s-1"}},
        400,
        "SEALING_KEY_MISSING"
    );
    CHECK(fixture.Ok("GET", "/v1/channels")["channels"].empty());
}

TEST_CASE("Admin: a token of role admin administers, others do not", "[pg][gateway]") {
    test::AgentsFixture fixture;
    const auto status = [&](const std::string& role) {
        const auto token = fixture.Token(test::AgentsFixture::Claims(role));
        return fixture.gateway.Get("/v1/tenant", token).status;
    };
    CHECK(status("admin") == 200);
    CHECK(status("supervisor") == 403);
    CHECK(status("agent") == 403);
}
