// What tenants.yaml says of agents, teams, labels and the like, without a database.
#include "planned_database.hpp"
#include "support/temp_dir.hpp"
#include "uniboxctl/apply_answer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

using namespace unibox;       // NOLINT(google-build-using-namespace)
using namespace unibox::ctl;  // NOLINT(google-build-using-namespace)
using store::Change;
using Database = PlannedDatabase;

namespace {

constexpr const char* kWhole = R"(
tenants:
  - name: acme
    channels:
      - {name: tg, provider: telegram, secret: abc, members: [ada@acme.example]}
    agents:
      - {external_id: ada@acme.example, name: Ada, email: ada@acme.example, role: agent}
      - {external_id: bob, name: Bob, role: supervisor, disabled: true}
    teams:
      - {name: sales, display_name: Sales team, members: [bob, ada@acme.example]}
      - {name: night}
    labels:
      - {name: "VIP customer", color: "#1f6feb", description: Answer first}
    attribute_definitions:
      - {name: tier, display_name: Tier, type: choice, options: [gold, silver]}
      - {name: born, type: date}
    canned_replies:
      - {name: hello, text: "Hello!\nHow can we help?"}
    webhook_endpoints:
      - {name: crm, url: "https://crm.example.com/hook", events: [message_created]}
)";

nlohmann::json AnswerTo(const Plan& plan) {
    return nlohmann::json::parse(AnswerOf(plan, {}).ToJson());
}

std::string ChangesOf(const Plan& plan) {
    const auto answer = AnswerTo(plan);
    std::string text;
    for (const auto& change : answer["changes"]) {
        text += change["kind"].get<std::string>() + " " + change["name"].get<std::string>() + " " +
                change["field"].get<std::string>() + ": " + change["old"].dump() + " -> " +
                change["new"].dump() + "\n";
    }
    return text;
}

template <class Spec>
const Spec& Only(const Database& database) {
    const auto& rows = database.stored.tenants.at("acme").rows.Of<Spec>();
    REQUIRE(rows.size() == 1);
    return rows[0].spec;
}

}  // namespace

TEST_CASE("apply rows: makes all of them, and the second time nothing", "[unit][uniboxctl]") {
    Database database;
    const Plan first = database.Good(kWhole);
    const auto& sales = std::get<RowPlans<v1::Team>>(first.tenants[0].rows)[0];
    CHECK(sales.write.change == Change::kCreated);
    CHECK(first.tenants[0].members.size() == 3);
    const auto answer = AnswerTo(first);
    CHECK(answer["rows"].size() == 9);
    const std::string secret = answer["webhook_secrets"][0]["secret"];
    CHECK(secret.starts_with("whsec_"));
    CHECK(
        NewKeyLines(first).find("\"webhook_endpoint\":\"crm\",\"secret\":\"whsec_") !=
        std::string::npos
    );

    database.Apply(kWhole);
    CHECK(
        Only<store::LabelSpec>(database) ==
        store::LabelSpec{"VIP customer", "#1f6feb", "Answer first"}
    );
    CHECK(Only<store::CannedReplySpec>(database).text == "Hello!\nHow can we help?");
    const auto& tenant = database.stored.tenants.at("acme");
    CHECK(tenant.rows.Of<store::AttributeSpec>()[1].spec.display_name == "born");
    CHECK(tenant.rows.Of<store::AgentSpec>()[1].spec.disabled);
    CHECK(tenant.team_members.size() == 2);
    CHECK(tenant.channel_members.size() == 1);
    const Plan second = database.Good(kWhole);
    CHECK_FALSE(second.changes_anything());
    CHECK(ChangesOf(second).empty());
    CHECK(AnswerTo(second).contains("webhook_secrets") == false);
}

TEST_CASE("apply rows: what a file leaves out stays as it is", "[unit][uniboxctl]") {
    Database database;
    database.Apply(kWhole);
    for (const std::string rows :
         {"agents: [{external_id: bob}]",
          "agents: []",
          "teams: [{name: sales}]",
          "labels: [{name: VIP customer, color: '#1f6feb'}]",
          "attribute_definitions: [{name: tier, options: [gold, silver]}]",
          "canned_replies: [{name: hello}]",
          "webhook_endpoints: [{name: crm}]",
          "labels: [{name: never there, deleted: true}]"}) {
        INFO(rows);
        const Plan plan = database.Good("tenants: [{name: acme, " + rows + "}]");
        CHECK_FALSE(plan.changes_anything());
        CHECK(ChangesOf(plan).empty());
    }
}

TEST_CASE("apply rows: each change is told with its old and new value", "[unit][uniboxctl]") {
    Database database;
    database.Apply(kWhole);
    const std::string change = R"(
tenants:
  - name: acme
    channels:
      - {name: tg, members: []}
    agents:
      - {external_id: bob, email: bob@acme.example, role: admin, disabled: false}
      - {external_id: cleo, name: Cleo, role: agent}
    teams:
      - {name: sales, display_name: "", members: [cleo, bob]}
    labels:
      - {name: VIP customer, description: ""}
    attribute_definitions:
      - {name: tier, options: [gold]}
    canned_replies:
      - {name: hello, deleted: true}
    webhook_endpoints:
      - {name: crm, events: [], disabled: true, secret: whsec_ZGVtby13ZWJzaXRlLXNlY3JldC0wMDE=}
)";
    const Plan plan = database.Good(change);
    CHECK(
        ChangesOf(plan) ==
        "channel acme/tg members: [\"ada@acme.example\"] -> []\n"
        "agent acme/bob email: \"\" -> \"bob@acme.example\"\n"
        "agent acme/bob role: \"supervisor\" -> \"admin\"\n"
        "agent acme/bob disabled: true -> false\n"
        "team acme/sales display_name: \"Sales team\" -> \"sales\"\n"
        "team acme/sales members: [\"ada@acme.example\",\"bob\"] -> [\"bob\",\"cleo\"]\n"
        "label acme/VIP customer description: \"Answer first\" -> \"\"\n"
        "attribute_definition acme/tier options: [\"gold\",\"silver\"] -> [\"gold\"]\n"
        "webhook_endpoint acme/crm events: [\"message_created\"] -> []\n"
        "webhook_endpoint acme/crm disabled: false -> true\n"
        "webhook_endpoint acme/crm secret: \"(secret)\" -> \"changed\"\n"
    );
    CHECK(AnswerTo(plan)["channels"][0]["change"] == "updated");
    CHECK(AnswerOf(plan, {}).ToJson().find("whsec_") == std::string::npos);
    database.Apply(change);
    CHECK(database.stored.tenants.at("acme").rows.Of<store::CannedReplySpec>().empty());
    CHECK(Only<store::WebhookEndpointSpec>(database).sealed_secrets.size() == 2);
    CHECK_FALSE(database.Good(change).changes_anything());
}

TEST_CASE("apply rows: a mistake has the API's words, and its line", "[unit][uniboxctl]") {
    Database database;
    CHECK(
        database.MistakeOf(R"(tenants:
  - name: acme
    channels:
      - name: tg
        provider: telegram
        secret: abc
        members: [nobody]
    agents:
      - name: Ada
        role: agent
      - external_id: bob
        name: Bob
        role: boss
      - external_id: cleo
        role: agent
      - external_id: cleo
        name: Cleo
    labels:
      - name: vip
        color: red
    attribute_definitions:
      - name: tier
        type: choice
        options: [gold, ""]
    canned_replies:
      - name: Hello
        text: ""
    webhook_endpoints:
      - name: crm
        url: http://127.0.0.1/
        events: [everything]
        secret: short
)") == "t.yaml:7: tenants[0].channels[0].members: there is no agent \"nobody\"\n"
       "t.yaml:9: tenants[0].agents[0].external_id: is missing\n"
       "t.yaml:13: tenants[0].agents[1].role: must be one of agent, supervisor, admin\n"
       "t.yaml:14: tenants[0].agents[2].name: is missing: must have 1 to 512 bytes\n"
       "t.yaml:16: tenants[0].agents[3].external_id: \"cleo\" is there twice\n"
       "t.yaml:20: tenants[0].labels[0].color: must be empty or #rrggbb\n"
       "t.yaml:24: tenants[0].attribute_definitions[0].options[1]: must have 1 to 1024 bytes\n"
       "t.yaml:26: tenants[0].canned_replies[0].name: must be 1 to 63 of a-z, 0-9, '-' and '_'\n"
       "t.yaml:27: tenants[0].canned_replies[0].text: must have 1 to 65536 bytes of UTF-8\n"
       "t.yaml:30: tenants[0].webhook_endpoints[0].url: cannot be called: the URL must begin "
       "with https://\n"
       "t.yaml:31: tenants[0].webhook_endpoints[0].events[0]: must be a kind of the feed, as "
       "message_created\n"
       "t.yaml:32: tenants[0].webhook_endpoints[0].secret: the secret must be base64, with or "
       "without whsec_"
    );
    CHECK(
        database.MistakeOf("tenants: [{name: a, labels: [{name: x, colour: red}]}]") ==
        "t.yaml:1: tenants[0].labels[0].colour: unknown key; known are: name, color, description, "
        "deleted"
    );
    CHECK(
        database
            .MistakeOf("tenants: [{name: a, agents: [{external_id: \"a\\nb\", name: A, "
                       "role: agent}]}]")
            .find("control characters") != std::string::npos
    );
}

TEST_CASE("apply rows: the example of deploy/ is a good file", "[unit][uniboxctl]") {
    const test::TempDir folder;
    std::filesystem::create_directories(folder.path() / "secrets");
    for (const char* file :
         {"app.acme-meta.secret",
          "app.acme-meta.verify",
          "acme.bot.channel",
          "acme.crm.webhook",
          "bakery.website.channel"}) {
        std::ofstream(folder.path() / "secrets" / file) << "whsec_ZGVtby13ZWJzaXRlLXNlY3JldC0wMDE=";
    }
    std::ifstream file(UNIBOX_SOURCE_DIR "/deploy/examples/tenants.yaml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    Database database;
    database.folder = folder.path();
    const Plan plan = database.Good(text);
    // It shows each kind.
    ForEachRowKind(plan.tenants.at(0).rows, [](const auto& rows) { CHECK_FALSE(rows.empty()); });
    CHECK(plan.tenants.at(0).members.size() == 5);
}
