// The tenant, its people, and what they choose from, by AdminService.
#include "admin_fixture.hpp"
#include "rpc/status_map.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AdminFixture;
using test::GatewayFixture;
using test::HasCode;
using Json = nlohmann::json;

TEST_CASE("Admin: the tenant is read and changed, the plan by the operator", "[pg][gateway]") {
    AdminFixture fixture;
    const Json before = fixture.Ok("GET", "/v1/tenant");
    CHECK(before["name"] == "acme");
    CHECK(before["retentionDays"] == 0);
    const Json after =
        fixture.Ok("PATCH", "/v1/tenant", {{"displayName", "Acme"}, {"retentionDays", 90}});
    CHECK(after["displayName"] == "Acme");
    CHECK(after["retentionDays"] == 90);
    // What is empty is set if the mask names it.
    CHECK(
        fixture.Ok(
            "PATCH", "/v1/tenant?updateMask=retentionDays", Json::object()
        )["retentionDays"] == 0
    );
    fixture.Refused(
        "PATCH",
        "/v1/tenant?updateMask=plan",
        {{"plan", "gold"}},
        400,
        "VALUE_INVALID",
        "updateMask"
    );
    fixture.Refused("PATCH", "/v1/tenant/plan", {{"plan", "gold"}}, 403, "SCOPE_MISSING");
    fixture.Refused(
        "PATCH", "/v1/tenant", {{"retentionDays", -1}}, 400, "VALUE_INVALID", "tenant.retentionDays"
    );
    fixture.key = fixture.gateway.AddKey(fixture.tenant, "operator", "operator:write");
    const Json sold =
        fixture.Ok("PATCH", "/v1/tenant/plan", {{"plan", "gold"}, {"ingestRatePerS", 500}});
    CHECK(sold["plan"] == "gold");
    CHECK(sold["ingestRatePerS"] == 500);
    CHECK(sold["displayName"] == "Acme");
}

TEST_CASE("Admin: who read before another wrote is told, and nothing is lost", "[pg][gateway]") {
    AdminFixture fixture;
    const auto read = fixture.Send("GET", "/v1/tenant", {}, fixture.key);
    const auto etag = read.Find("ETag");
    REQUIRE(etag.has_value());
    fixture.Ok("PATCH", "/v1/tenant", {{"displayName", "First"}});
    const Json second = {{"displayName", "Second"}};
    const auto late = fixture.Send(
        "PATCH", "/v1/tenant", second, fixture.key, {{"If-Match", std::string(*etag)}}
    );
    CHECK(late.status == 409);
    const Json problem = Json::parse(late.body);
    CHECK(problem["reason"] == "VERSION_MISMATCH");
    CHECK(fixture.Ok("GET", "/v1/tenant")["displayName"] == "First");
    const std::string now = problem["metadata"]["etag"];
    CHECK(fixture.Ok("PATCH", "/v1/tenant?etag=" + now, second)["displayName"] == "Second");
}

TEST_CASE("Admin: agents over gRPC, with what may be given away", "[pg][gateway]") {
    AdminFixture fixture;
    v1::CreateAgentRequest request;
    request.mutable_agent()->set_external_id("anna@idp");
    request.mutable_agent()->set_name("Anna");
    request.mutable_agent()->set_role(v1::AGENT_ROLE_SUPERVISOR);
    v1::Agent made;
    REQUIRE(
        fixture.stub->CreateAgent(GatewayFixture::Context(fixture.key).get(), request, &made).ok()
    );
    CHECK(made.external_id() == "anna@idp");
    CHECK_FALSE(made.etag().empty());
    v1::Agent again;
    const Status taken = rpc::FromGrpc(
        fixture.stub->CreateAgent(GatewayFixture::Context(fixture.key).get(), request, &again)
    );
    CHECK_THAT(taken, HasCode(Code::kAlreadyExists));
    REQUIRE(taken.metadata().size() == 1);
    CHECK(taken.metadata()[0].second == made.id());

    v1::UpdateAgentRequest update;
    update.mutable_agent()->set_id(made.id());
    update.mutable_agent()->set_email("anna@example.com");
    update.mutable_update_mask()->add_paths("email");
    v1::Agent changed;
    REQUIRE(
        fixture.stub->UpdateAgent(GatewayFixture::Context(fixture.key).get(), update, &changed).ok()
    );
    CHECK(changed.email() == "anna@example.com");
    CHECK(changed.name() == "Anna");
    CHECK(changed.role() == v1::AGENT_ROLE_SUPERVISOR);

    // A key that may not work in the inbox makes nobody who may.
    const auto weak = fixture.gateway.AddKey(fixture.tenant, "weak", "admin:write");
    request.mutable_agent()->set_external_id("bob@idp");
    const Status exceeded = rpc::FromGrpc(
        fixture.stub->CreateAgent(GatewayFixture::Context(weak).get(), request, &again)
    );
    CHECK_THAT(exceeded, HasCode(Code::kPermissionDenied));
    CHECK(exceeded.reason() == "SCOPE_EXCEEDED");
    CHECK(exceeded.field() == "agent.role");
    request.mutable_agent()->clear_role();
    const Status without = rpc::FromGrpc(
        fixture.stub->CreateAgent(GatewayFixture::Context(fixture.key).get(), request, &again)
    );
    CHECK_THAT(without, HasCode(Code::kInvalidArgument));
    CHECK(without.field() == "agent.role");
}

TEST_CASE("Admin: lists come in pages, which belong to the tenant", "[pg][gateway]") {
    AdminFixture fixture;
    for (const char* name : {"a", "b", "c"}) fixture.Ok("POST", "/v1/teams", {{"name", name}});
    const Json first = fixture.Ok("GET", "/v1/teams?pageSize=2");
    REQUIRE(first["teams"].size() == 2);
    const std::string token = first["nextPageToken"];
    const Json rest = fixture.Ok("GET", "/v1/teams?pageSize=2&pageToken=" + token);
    REQUIRE(rest["teams"].size() == 1);
    CHECK(rest["teams"][0]["name"] == "c");
    CHECK(rest["nextPageToken"] == "");
    fixture.Refused("GET", "/v1/agents?pageToken=" + token, {}, 400, "PAGE_TOKEN_INVALID");
    const auto stolen = fixture.Send("GET", "/v1/teams?pageToken=" + token, {}, fixture.other_key);
    CHECK(stolen.status == 400);
    CHECK(Json::parse(fixture.Send("GET", "/v1/teams", {}, fixture.other_key).body)["teams"].empty()
    );
}

TEST_CASE("Admin: agents belong to teams and channels", "[pg][gateway]") {
    AdminFixture fixture;
    const auto id_of = [](const Json& made) { return made["id"].get<std::string>(); };
    const std::string agent = id_of(fixture.Ok(
        "POST",
        "/v1/agents",
        {{"externalId", "anna"}, {"name", "Anna"}, {"role", "AGENT_ROLE_AGENT"}}
    ));
    const std::string team = id_of(fixture.Ok("POST", "/v1/teams", {{"name", "sales"}}));
    const std::string channel = id_of(fixture.NewTelegram("bot")["channel"]);
    for (const std::string& members :
         {"/v1/teams/" + team + "/members", "/v1/channels/" + channel + "/members"}) {
        CHECK(fixture.Ok("GET", members)["agentIds"].empty());
        fixture.Ok("POST", members, {{"agentId", agent}});
        fixture.Ok("POST", members, {{"agentId", agent}});
        CHECK(fixture.Ok("GET", members)["agentIds"] == Json::array({agent}));
        fixture.Refused("POST", members, {{"agentId", Uuid().ToString()}}, 404, "AGENT_NOT_FOUND");
        fixture.Ok("DELETE", members + "/" + agent);
        fixture.Ok("DELETE", members + "/" + agent);
        CHECK(fixture.Ok("GET", members)["agentIds"].empty());
    }
    const std::string nowhere = "/v1/teams/" + Uuid().ToString() + "/members";
    fixture.Refused("GET", nowhere, {}, 404, "TEAM_NOT_FOUND");
    fixture.Refused("POST", nowhere, {{"agentId", agent}}, 404, "TEAM_NOT_FOUND");
}

TEST_CASE("Admin: what agents choose from is made, changed and removed", "[pg][gateway]") {
    AdminFixture fixture;
    struct Kind {
        const char* path;
        Json wanted;
        Json change;
        Json wrong;
        const char* wrong_field;
        const char* reason;
    };
    const Kind kinds[] = {
        {"/v1/labels",
         {{"name", "VIP ✓"}, {"color", "#1f6feb"}},
         {{"description", "Pays well"}},
         {{"name", "x"}, {"color", "blue"}},
         "label.color",
         "LABEL_NOT_FOUND"},
        {"/v1/attributeDefinitions",
         {{"name", "tier"}, {"type", "ATTRIBUTE_TYPE_CHOICE"}, {"options", {"a", "b"}}},
         {{"options", {"c"}}},
         {{"name", "x"}, {"type", "ATTRIBUTE_TYPE_CHOICE"}},
         "attributeDefinition.options",
         "ATTRIBUTE_DEFINITION_NOT_FOUND"},
        {"/v1/cannedReplies",
         {{"name", "hello"}, {"text", "Hello,\nhow are you?"}},
         {{"text", "Hi"}},
         {{"name", "x"}},
         "cannedReply.text",
         "CANNED_REPLY_NOT_FOUND"}};
    for (const Kind& kind : kinds) {
        INFO(kind.path);
        const std::string collection = kind.path;
        const Json made = fixture.Ok("POST", collection, kind.wanted);
        for (const auto& [name, value] : kind.wanted.items()) CHECK(made[name] == value);
        const std::string path = collection + "/" + made["id"].get<std::string>();
        CHECK(fixture.Ok("GET", path) == made);
        fixture.Refused("POST", collection, kind.wanted, 409, "NAME_TAKEN");
        fixture.Refused("POST", collection, kind.wrong, 400, "VALUE_INVALID", kind.wrong_field);
        const Json changed = fixture.Ok("PATCH", path, kind.change);
        for (const auto& [name, value] : kind.change.items()) CHECK(changed[name] == value);
        const auto late = fixture.Send(
            "DELETE", path + "?etag=" + made["etag"].get<std::string>(), {}, fixture.key
        );
        CHECK(late.status == 409);
        CHECK(fixture.Send("DELETE", path, {}, fixture.other_key).status == 404);
        fixture.Ok("DELETE", path);
        fixture.Refused("DELETE", path, {}, 404, kind.reason);
        fixture.Refused("GET", path, {}, 404, kind.reason);
    }
}
