// tenants.yaml and AdminService say the same: what the file made is read by API, made again by API
// for another tenant, and written as the same file.
#include "admin_fixture.hpp"
#include "uniboxctl/program.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AdminFixture;
using Json = nlohmann::json;

namespace {

constexpr const char* kFile = R"(
apps:
  - {name: acme-meta, provider: meta, secret: app-secret, verify_token: verify-me}
tenants:
  - name: first
    display_name: "The first: GmbH"
    ingest_rate_per_s: 77
    ingest_burst: 770
    api_limits: tenant=500/1000 search=10/20
    plan: gold
    retention_days: 400
    api_keys:
      - name: boss
        scopes: ["admin:read", "admin:write", "inbox:read", "inbox:write", "operator:write"]
    channels:
      - {name: bot, provider: telegram, secret: telegram-secret-0123456789, display_name: Bot,
         reopen_window_s: 60, public_base_url: "https://in.example.com/x", members: [ada, "bob@x"]}
      - {name: phone, provider: whatsapp, route: "first-route", app: acme-meta, disabled: true}
    agents:
      - {external_id: ada, name: "Ada \U0001F600", email: ada@x.example, role: agent}
      - {external_id: "bob@x", name: Bob, role: supervisor, disabled: true}
    teams:
      - {name: sales, display_name: Sales, members: [ada]}
      - {name: night, disabled: true}
    labels:
      - {name: "VIP: yes", color: "#1f6feb", description: "# first"}
    attribute_definitions:
      - {name: tier, display_name: Tier, type: choice, options: [gold, "null"]}
      - {name: born, type: date}
    canned_replies:
      - {name: hello, text: "Hello!\n\n- How can we help?\t"}
    webhook_endpoints:
      - {name: crm, url: "https://crm.example.com/hook", events: [message_created], disabled: true}
      - {name: all, url: "https://crm.example.com/all"}
)";

// The tenant that the API fills: what only an operator can make.
constexpr const char* kEmpty = R"(
tenants:
  - name: second
    api_keys:
      - name: boss
        scopes: ["admin:read", "admin:write", "inbox:read", "inbox:write", "operator:write"]
)";

struct Outcome {
    int code = -1;
    std::string out;
    std::string log;
};

// uniboxctl beside a gateway.
class Operator {
public:
    Operator(std::string url, std::string key_file)
        : url_(std::move(url)), key_file_(std::move(key_file)) {}

    Outcome Run(const std::vector<std::string>& arguments, const std::string& format = "json") {
        std::vector<std::string> all{"--output", format, "--by", "Olga"};
        for (const std::string& setting :
             {"postgres.url=" + url_,
              std::string("nats.url=nats://127.0.0.1:1"),
              "secrets.key_file=" + key_file_}) {
            all.insert(all.end(), {"--set", setting});
        }
        all.insert(all.end(), arguments.begin(), arguments.end());
        std::ostringstream out;
        std::ostringstream log;
        Outcome outcome;
        outcome.code = ctl::RunProgram(all, out, log);
        outcome.out = out.str();
        outcome.log = log.str();
        return outcome;
    }
    Json Apply(const std::filesystem::path& file) {
        const Outcome outcome = Run({"apply", "-f", file.string()});
        INFO(outcome.log);
        REQUIRE(outcome.code == ctl::kExitOk);
        return Json::parse(outcome.out);
    }
    std::string Export(const std::string& tenant) {
        const Outcome outcome = Run({"export", "--tenant", tenant}, "table");
        INFO(outcome.log);
        REQUIRE(outcome.code == ctl::kExitOk);
        return outcome.out;
    }

private:
    std::string url_;
    std::string key_file_;
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

// Everything that the API tells of a tenant, by the path of its list.
struct Told {
    Json tenant;
    std::map<std::string, Json> lists;    // "/v1/agents"
    std::map<std::string, Json> members;  // By "/v1/teams/sales", the group's name in place of id.
};

constexpr std::array<std::pair<const char*, const char*>, 7> kLists = {{
    {"/v1/agents", "agents"},
    {"/v1/channels", "channels"},
    {"/v1/teams", "teams"},
    {"/v1/labels", "labels"},
    {"/v1/attributeDefinitions", "attributeDefinitions"},
    {"/v1/cannedReplies", "cannedReplies"},
    {"/v1/webhookEndpoints", "webhookEndpoints"},
}};

Told ReadAll(AdminFixture& fixture) {
    Told told;
    told.tenant = fixture.Ok("GET", "/v1/tenant");
    std::map<std::string, std::string> agents;  // By id: external_id
    for (const auto& [path, member] : kLists) {
        told.lists[path] = fixture.Ok("GET", path)[member];
        for (const Json& one : told.lists[path]) {
            const std::string id = one["id"];
            if (path == std::string("/v1/agents")) agents[id] = one["externalId"];
            const bool is_group =
                path == std::string("/v1/teams") || path == std::string("/v1/channels");
            if (!is_group) continue;
            Json& names = told.members[path + ("/" + one["name"].get<std::string>())];
            names = Json::array();
            const Json page = fixture.Ok("GET", path + ("/" + id) + "/members");
            for (const Json& agent : page["agentIds"]) names.push_back(agents.at(agent));
            std::sort(names.begin(), names.end());  // Their ids were made at one time.
        }
    }
    return told;
}

// What may be said again of what was told.
Json Wanted(Json told) {
    for (const char* only_told :
         {"id", "etag", "createTime", "disableTime", "liveSecretCount", "secretCount"}) {
        told.erase(only_told);
    }
    return told;
}

Json Made(AdminFixture& fixture, const std::string& path, const Json& told) {
    Json body = Wanted(told);
    if (path != "/v1/channels") {
        const Json made = fixture.Ok("POST", path, body);
        return made.contains("webhookEndpoint") ? made["webhookEndpoint"] : made;
    }
    Json request = {{"channel", body}};
    if (told["liveSecretCount"] == 1) request["secret"] = AdminFixture::kTelegramSecret;
    if (body["route"] == "first-route") request["channel"]["route"] = "second-route";
    return fixture.Ok("POST", path, request)["channel"];
}

// By API calls alone.
void MakeAgain(AdminFixture& fixture, const Told& told) {
    fixture.Ok(
        "PATCH",
        "/v1/tenant",
        {{"displayName", told.tenant["displayName"]},
         {"retentionDays", told.tenant["retentionDays"]}}
    );
    fixture.Ok(
        "PATCH",
        "/v1/tenant/plan",
        {{"plan", told.tenant["plan"]},
         {"ingestRatePerS", told.tenant["ingestRatePerS"]},
         {"ingestBurst", told.tenant["ingestBurst"]},
         {"apiLimits", told.tenant["apiLimits"]}}
    );
    std::map<std::string, std::string> agents;  // By external_id: id
    for (const auto& [path, member] : kLists) {
        for (const Json& one : told.lists.at(path)) {
            const Json made = Made(fixture, path, one);
            const std::string place = path + ("/" + made["id"].get<std::string>());
            if (path == std::string("/v1/agents")) agents[made["externalId"]] = made["id"];
            if (one.contains("disableTime")) fixture.Ok("POST", place + ":disable", Json::object());
            const auto members = told.members.find(path + ("/" + one.value("name", "")));
            if (members == told.members.end()) continue;
            for (const Json& agent : members->second) {
                fixture.Ok("POST", place + "/members", {{"agentId", agents.at(agent)}});
            }
        }
    }
}

std::string KeyIn(const Json& applied) {
    return applied["api_keys"][0]["key"];
}

}  // namespace

TEST_CASE("tenants.yaml: file, API, API again and file are the same", "[pg][gateway]") {
    AdminFixture fixture;
    Operator olga(fixture.gateway.settings("ub_admin").url, fixture.KeyFile());
    const auto file = fixture.dir / "tenants.yaml";
    std::ofstream(file) << kFile;
    fixture.key = KeyIn(olga.Apply(file));
    const Told told = ReadAll(fixture);
    CHECK(told.tenant["apiLimits"] == "tenant=500/1000 search=10/20");
    CHECK(told.tenant["plan"] == "gold");
    CHECK(told.members.at("/v1/channels/bot") == Json({"ada", "bob@x"}));
    CHECK(told.members.at("/v1/teams/sales") == Json({"ada"}));
    CHECK(told.lists.at("/v1/cannedReplies")[0]["text"] == "Hello!\n\n- How can we help?\t");
    for (const auto& [path, list] : told.lists) CHECK_FALSE(list.empty());

    const auto empty = fixture.dir / "empty.yaml";
    std::ofstream(empty) << kEmpty;
    fixture.key = KeyIn(olga.Apply(empty));
    MakeAgain(fixture, told);

    const std::string first = olga.Export("first");
    CHECK(first.find("first-route") != std::string::npos);
    // "The first" and "# first" are texts of the tenant.
    std::string second = olga.Export("second");
    second = Replaced(second, "second-route", "first-route");
    second = Replaced(second, "name: second\n", "name: first\n");
    second = Replaced(second, "secrets/second.", "secrets/first.");
    CHECK(second == first);
    CHECK(olga.Export("first") == first);
}

TEST_CASE("tenants.yaml: an export makes the same in an empty database", "[pg][gateway]") {
    AdminFixture fixture;
    Operator olga(fixture.gateway.settings("ub_admin").url, fixture.KeyFile());
    const auto file = fixture.dir / "tenants.yaml";
    std::ofstream(file) << kFile;
    olga.Apply(file);
    const std::string exported = (fixture.dir / "exported.yaml").string();
    const std::string secrets = (fixture.dir / "secrets").string();
    const std::vector<std::string> arguments{
        "export", "--tenant", "first", "-f", exported, "--secrets-folder", secrets};
    const Outcome outcome = olga.Run(arguments);
    INFO(outcome.log);
    REQUIRE(outcome.code == ctl::kExitOk);
    CHECK(olga.Run(arguments).code == ctl::kExitFailed);  // Nothing is written over.

    // Where it comes from, it changes nothing.
    const Json unchanged = olga.Apply(exported);
    CHECK(unchanged["changes"].empty());
    for (const char* table : {"tenants", "channels", "api_keys", "rows"}) {
        for (const Json& row : unchanged[table]) CHECK(row["change"] == "unchanged");
    }

    const test::PgDatabase database = fixture.gateway.server().CreateDatabase();
    Operator other(database.url("ub_admin"), fixture.KeyFile());
    other.Apply(exported);
    CHECK(other.Export("first") == olga.Export("first"));
    CHECK(other.Run({"export"}, "table").out == other.Export("first"));
    const Outcome nobody = other.Run({"export", "--tenant", "nobody"});
    CHECK(nobody.code == ctl::kExitFailed);
    CHECK(nobody.log.find("there is no tenant nobody") != std::string::npos);
}

TEST_CASE("tenants.yaml: each change of a row is audited with the operator", "[pg][gateway]") {
    AdminFixture fixture;
    Operator olga(fixture.gateway.settings("ub_admin").url, fixture.KeyFile());
    const auto file = fixture.dir / "tenants.yaml";
    std::ofstream(file) << kFile;
    fixture.key = KeyIn(olga.Apply(file));
    std::map<std::string, int> kinds;
    const Json audit = fixture.Ok("GET", "/v1/adminAudit?pageSize=100");
    for (const Json& entry : audit["entries"]) {
        CHECK(entry["actor"] == "Olga");
        CHECK(entry["action"] == "apply");
        ++kinds[entry["kind"]];
    }
    const std::map<std::string, int> expected = {
        {"agent", 2},
        {"team", 2},
        {"team_member", 1},
        {"channel_member", 2},
        {"label", 1},
        {"attribute_definition", 2},
        {"canned_reply", 1},
        {"webhook_endpoint", 2}};
    for (const auto& [kind, count] : expected) {
        CAPTURE(kind);
        CHECK(kinds[kind] == count);
    }
    // The second time it changes nothing, and the audit has nothing to tell.
    olga.Apply(file);
    CHECK(fixture.Ok("GET", "/v1/adminAudit?pageSize=100")["entries"] == audit["entries"]);
    // Taken away: by the file as by the API.
    std::ofstream(file) << "tenants: [{name: first, labels: [{name: 'VIP: yes', deleted: true}], "
                           "teams: [{name: sales, members: []}]}]";
    olga.Apply(file);
    CHECK(fixture.Ok("GET", "/v1/labels")["labels"].empty());
    const Json newest = fixture.Ok("GET", "/v1/adminAudit?pageSize=2")["entries"];
    CHECK(newest[0]["kind"] == "team_member");
    CHECK(newest[0]["newJson"] == "");
    CHECK(newest[1]["kind"] == "label");
    CHECK(newest[1]["newJson"] == "");
}
