// Saved views: whose they are, what is in them, and how many.
#include "agents_fixture.hpp"
#include "http/client.hpp"
#include "store/admin/counts.hpp"
#include "store/admin/people.hpp"
#include "store/admin/views.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using Json = nlohmann::json;
using test::AgentsFixture;
using test::GatewayFixture;

namespace {

constexpr int kCount = 60;

// As in stats_pgtest: status 1 + n % 3, n % 4 unread messages, on other_channel if n % 5 = 0; the
// first agent has it if n % 2 = 0, a label if n % 7 = 0.
struct World {
    World() {
        for (const std::string name : {"ada", "bob"}) {
            ids[name] = agents.AddAgent(tenant(), name, v1::AGENT_ROLE_AGENT);
        }
        agents.AddAgent(tenant(), "sue", v1::AGENT_ROLE_SUPERVISOR);
        for (const std::string& channel : {tenant().channel, tenant().other_channel}) {
            gateway().Sql(fmt::format(
                "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
                "VALUES ({0}, '{1}', '{1}', 'c', 1, '')",
                tenant().id.value,
                channel
            ));
        }
        REQUIRE_OK(store::AddChannelMember(
            gateway().admin(),
            tenant().id,
            ChannelId{Uuid::Parse(tenant().channel).value()},
            ids.at("ada")
        ));
        gateway().AddConversations(tenant(), 1, kCount, false);
        gateway().Sql(fmt::format(
            "UPDATE conversations SET assignee_id = CASE WHEN version % 2 = 0 THEN '{}'::uuid END, "
            "labels = CASE WHEN version % 7 = 0 THEN '{{vip}}' ELSE '{{}}' END::text[]",
            ids.at("ada").ToString()
        ));
        REQUIRE_OK(store::RecountInbox(gateway().admin(), tenant().id, true));
        const std::vector<std::string> scopes = {"inbox:read", "inbox:write"};
        key = gateway().AddKey(tenant(), "worker", scopes);
        ada = agents.Token(AgentsFixture::Claims("agent", "ada"));
        bob = agents.Token(AgentsFixture::Claims("agent", "bob"));
        sue = agents.Token(AgentsFixture::Claims("supervisor", "sue"));
    }

    GatewayFixture& gateway() { return agents.gateway; }
    const test::TestTenant& tenant() const { return agents.tenant; }
    http::Response Send(
        const std::string& verb,
        const std::string& target,
        const std::string& credential,
        const Json& body = {}
    ) {
        std::vector<http::Header> headers = {{"Authorization", "Bearer " + credential}};
        if (!body.is_null()) headers.push_back({"Content-Type", "application/json"});
        const std::string text = body.is_null() ? "" : body.dump();
        const std::string url = "http://" + gateway().gateway().address("http") + target;
        auto response = http::Send(verb, url, headers, text, Millis(30'000));
        REQUIRE_OK(response);
        return std::move(response).value();
    }
    Json Ok(
        const std::string& verb,
        const std::string& target,
        const std::string& credential,
        const Json& body = {}
    ) {
        const auto response = Send(verb, target, credential, body);
        INFO(verb << ' ' << target << ' ' << response.body);
        REQUIRE(response.status == 200);
        return Json::parse(response.body);
    }
    std::string Create(const std::string& credential, const Json& view) {
        return Ok("POST", "/v1/views", credential, view)["id"];
    }
    std::string NamesFor(const std::string& credential) {
        std::string names;
        const Json listed = Ok("GET", "/v1/views", credential);
        for (const Json& view : listed["views"]) {
            names += view["name"].get<std::string>() + " ";
        }
        return names;
    }
    // By name: "24 EXACT".
    std::map<std::string, std::string> CountsFor(const std::string& credential) {
        std::map<std::string, std::string> names;
        const Json listed = Ok("GET", "/v1/views", credential);
        for (const Json& view : listed["views"]) {
            names[view["id"]] = view["name"];
        }
        std::map<std::string, std::string> counts;
        const Json counted = Ok("GET", "/v1/views:counts", credential);
        for (const Json& one : counted["counts"]) {
            const std::string kind = one["kind"];
            counts[names.at(one["viewId"])] = one["count"].get<std::string>() + kind.substr(4);
        }
        return counts;
    }

    AgentsFixture agents;
    std::map<std::string, AgentId> ids;
    std::string key, ada, bob, sue;
};

template <class Condition>
std::string CountIf(const Condition& condition) {
    int count = 0;
    for (int n = 1; n <= kCount; ++n) count += condition(n) ? 1 : 0;
    return std::to_string(count);
}

}  // namespace

TEST_CASE("Views: everybody reads the shared ones, each agent its own", "[pg][gateway]") {
    World world;
    const Json shared = {{"name", "team"}, {"shared", true}, {"position", 5}};
    const Json own = {{"name", "mine"}, {"filter", {{"assignee", "me"}}}};
    const std::string team = world.Create(world.sue, shared);
    const std::string mine = world.Create(world.ada, own);
    world.Create(world.bob, own);  // the same name, another's
    CHECK(world.NamesFor(world.ada) == "mine team ");
    CHECK(world.NamesFor(world.sue) == "team ");
    CHECK(world.NamesFor(world.key) == "team ");
    CHECK(world.NamesFor(world.gateway().AddTenant("other").key).empty());
    // Nobody changes what is another's, or everybody's without being a supervisor.
    const Json name = {{"name", "new"}};
    for (const std::string& stranger : {world.bob, world.sue, world.key}) {
        CHECK(world.Send("PATCH", "/v1/views/" + mine, stranger, name).status == 404);
        CHECK(world.Send("DELETE", "/v1/views/" + mine, stranger).status == 404);
        CHECK(world.Send("GET", "/v1/conversations?viewId=" + mine, stranger).status == 404);
    }
    CHECK(world.Send("PATCH", "/v1/views/" + team, world.ada, name).status == 403);
    CHECK(world.Send("DELETE", "/v1/views/" + team, world.ada).status == 403);
    CHECK(
        world.Send("POST", "/v1/views", world.ada, {{"name", "x"}, {"shared", true}}).status == 403
    );
    CHECK(world.Send("POST", "/v1/views", world.key, {{"name", "x"}}).status == 400);
    CHECK(world.Send("POST", "/v1/views", world.tenant().key, shared).status == 403);  // reads only
    CHECK(world.Send("GET", "/v1/views", "").status == 401);
    const auto taken = world.Send("POST", "/v1/views", world.key, shared);
    CHECK(taken.status == 409);
    CHECK(taken.body.find(team) != std::string::npos);
    CHECK(world.Ok("PATCH", "/v1/views/" + team, world.key, name)["name"] == "new");
    CHECK(world.NamesFor(world.ada) == "mine new ");
    world.Ok("DELETE", "/v1/views/" + mine, world.ada);
    CHECK(world.NamesFor(world.ada) == "new ");
    CHECK(world.Send("DELETE", "/v1/views/" + mine, world.ada).status == 404);
}

TEST_CASE("Views: a list by its view is the list with its filter", "[pg][gateway]") {
    World world;
    const std::string view = world.Create(
        world.sue,
        {{"name", "hers"},
         {"shared", true},
         {"filter", {{"assignee", "me"}, {"statuses", {"CONVERSATION_STATUS_OPEN"}}}}}
    );
    const std::string by_view = "/v1/conversations?pageSize=4&viewId=" + view;
    const Json listed = world.Ok("GET", by_view, world.ada);
    const Json asked = world.Ok(
        "GET",
        "/v1/conversations?pageSize=4&assignee=me&statuses=CONVERSATION_STATUS_OPEN",
        world.ada
    );
    CHECK(listed["conversations"].size() == 4);
    CHECK(listed == asked);
    const std::string token = listed["nextPageToken"];
    CHECK(world.Ok("GET", by_view + "&pageToken=" + token, world.ada)["conversations"].size() == 4);
    CHECK(world.Ok("GET", by_view, world.bob)["conversations"].empty());
    CHECK(world.Send("GET", by_view + "&unread=true", world.ada).status == 400);
    CHECK(world.Send("GET", by_view + "x", world.ada).status == 400);
    world.Ok("PATCH", "/v1/views/" + view, world.sue, {{"filter", {{"unread", true}}}});
    CHECK(world.Ok("GET", by_view, world.ada)["conversations"].size() == 4);
}

TEST_CASE("Views: how many are in each, as whoever asks sees them", "[pg][gateway]") {
    World world;
    const auto share = [&](const std::string& name, const Json& filter) {
        world.Create(world.sue, {{"name", name}, {"shared", true}, {"filter", filter}});
    };
    share("all", Json::object());
    share("me", {{"assignee", "me"}});
    share("none", {{"assignee", "none"}});
    share("unread", {{"unread", true}, {"statuses", {"CONVERSATION_STATUS_OPEN"}}});
    share("other", {{"channelIds", {world.tenant().other_channel}}});
    share("vip", {{"labels", {"vip"}}});
    const auto by_sue = world.CountsFor(world.sue);
    CHECK(by_sue.at("all") == "60_EXACT");
    CHECK(by_sue.at("me") == "0_EXACT");
    CHECK(by_sue.at("none") == "30_EXACT");
    CHECK(by_sue.at("unread") == CountIf([](int n) { return n % 3 == 0 && n % 4 > 0; }) + "_EXACT");
    CHECK(by_sue.at("other") == "12_EXACT");
    CHECK(by_sue.at("vip") == "8_LOOKED");
    const auto by_ada = world.CountsFor(world.ada);
    CHECK(by_ada.at("all") == "48_EXACT");
    CHECK(by_ada.at("me") == "24_EXACT");
    CHECK(by_ada.at("other") == "0_EXACT");
    CHECK(by_ada.at("vip") == CountIf([](int n) { return n % 7 == 0 && n % 5 > 0; }) + "_LOOKED");
    CHECK(world.CountsFor(world.bob).at("vip") == "0_LOOKED");
    CHECK(world.CountsFor(world.key).at("me") == "0_EXACT");
}

TEST_CASE("Views: what is wrong is refused, and there are not too many", "[pg][gateway]") {
    World world;
    const std::vector<std::pair<Json, std::string>> wrong = {
        {{{"name", ""}}, "view.name"},
        {{{"name", std::string(101, 'x')}}, "view.name"},
        {{{"name", "x"}, {"position", -1}}, "view.position"},
        {{{"name", "x"}, {"filter", {{"teamId", "x"}}}}, "view.filter.team_id"},
        {{{"name", "x"}, {"filter", {{"assignee", "x"}}}}, "view.filter.assignee"}};
    for (const auto& [view, field] : wrong) {
        const auto response = world.Send("POST", "/v1/views", world.ada, view);
        INFO(view.dump() << response.body);
        CHECK(response.status == 400);
        CHECK(response.body.find('"' + field + '"') != std::string::npos);
    }
    world.gateway().Sql(fmt::format(
        "INSERT INTO saved_views (tenant_id, view_id, owner_id, name, filter, sort_order, place) "
        "SELECT {}, gen_random_uuid(), '{}', n::text, '', 0, 0 FROM generate_series(1, {}) n",
        world.tenant().id.value,
        world.ids.at("ada").ToString(),
        store::kOwnViewCountMax
    ));
    const auto full = world.Send("POST", "/v1/views", world.ada, {{"name", "x"}});
    CHECK(full.body.find("TOO_MANY_VIEWS") != std::string::npos);
    world.Create(world.bob, {{"name", "x"}});
}
