// The rules of apply, without a database.
#include "uniboxctl/apply_plan.hpp"

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "planned_database.hpp"
#include "uniboxctl/apply_answer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace unibox;       // NOLINT(google-build-using-namespace)
using namespace unibox::ctl;  // NOLINT(google-build-using-namespace)
using store::Change;
using Database = PlannedDatabase;

namespace {

constexpr const char* kWhole = R"(
apps:
  - {name: meta, provider: meta, secret: app-secret, verify_token: verify-me}
tenants:
  - name: part
    display_name: Partner GmbH
    ingest_rate_per_s: 5000
    ingest_burst: 9000
    disabled: true
    channels:
      - {name: tg, provider: telegram, secret: abc, display_name: Bot,
         disabled: true, reopen_window_s: 60, token: 0123456789abcdef,
         public_base_url: "https://x.example.com"}
      - {name: wa, provider: whatsapp, route: "1065", display_name: Phone}
    api_keys:
      - {name: k, scopes: [inbox:read, ingest:write]}
)";

std::string ChangesOf(const Plan& plan) {
    const auto json = nlohmann::json::parse(AnswerOf(plan, {}).ToJson());
    std::string text;
    for (const auto& change : json["changes"]) {
        text += change["kind"].get<std::string>() + " " + change["name"].get<std::string>() + " " +
                change["field"].get<std::string>() + ": " + change["old"].dump() + " -> " +
                change["new"].dump() + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("apply plan: what a file leaves out stays as it is", "[unit][uniboxctl]") {
    Database database;
    database.Apply(kWhole);
    for (const std::string& yaml :
         {std::string(kWhole),
          std::string("apps: [{name: meta}]"),
          std::string("apps: [{name: meta, provider: meta, secret: app-secret}]"),
          std::string("tenants: [{name: part}]"),
          std::string("tenants: [{name: part, channels: [{name: tg}, {name: wa}]}]"),
          std::string("tenants: [{name: part, channels: [{name: tg, secret: abc}]}]"),
          std::string("tenants: [{name: part, channels: [{name: wa, provider: whatsapp}]}]"),
          std::string("tenants: [{name: part, api_keys: [{name: k}]}]")}) {
        INFO(yaml);
        const Plan plan = database.Good(yaml);
        CHECK_FALSE(plan.changes_anything());
        CHECK(ChangesOf(plan).empty());
    }
    const Plan same = database.Good("tenants: [{name: part}]");
    const auto& tenant = same.tenants[0].write.spec;
    CHECK(tenant.disabled);
    CHECK(tenant.name == "Partner GmbH");
    CHECK(tenant.ingest_rate_per_s == 5000);
    CHECK(tenant.ingest_burst == 9000);
}

TEST_CASE("apply plan: a new object gets the defaults", "[unit][uniboxctl]") {
    Database database;
    const Plan plan = database.Good(
        "tenants: [{name: new, channels: [{name: tg, provider: telegram, secret: abc}], "
        "api_keys: [{name: k, scopes: ['inbox:read']}]}]"
    );
    const TenantPlan& tenant = plan.tenants[0];
    CHECK(tenant.write.change == Change::kCreated);
    CHECK(tenant.write.spec.name == "new");
    CHECK(tenant.write.spec.ingest_rate_per_s == 200);
    CHECK(tenant.write.spec.ingest_burst == 1000);
    CHECK_FALSE(tenant.write.spec.disabled);
    const auto& channel = tenant.channels[0].write.spec;
    CHECK(channel.name == "tg");
    CHECK(channel.reopen_window_s == 604'800);
    CHECK(channel.public_base_url.empty());
    CHECK_FALSE(channel.disabled);
    CHECK(tenant.channels[0].token.size() == 22);
    CHECK(crypto::LooksLikeApiKey(tenant.keys[0].made.Reveal()));
    CHECK(
        NewKeyLines(plan).find("{\"tenant\":\"new\",\"name\":\"k\",\"scopes\":[\"inbox:read\"],"
                               "\"key\":\"ubk_") == 0
    );
    CHECK(ChangesOf(plan).empty());
}

TEST_CASE("apply plan: each change is told with its old and new value", "[unit][uniboxctl]") {
    Database database;
    database.Apply(kWhole);
    const Plan plan = database.Good(R"(
apps: [{name: meta, secret: other-secret, verify_token: other}]
tenants:
  - name: part
    display_name: ""
    ingest_rate_per_s: 6000
    disabled: false
    channels:
      - {name: tg, secret: other, disabled: false,
         reopen_window_s: 61, public_base_url: "", token: ""}
      - {name: wa, route: "1066", secret: own, app: ""}
    api_keys:
      - {name: k, scopes: [inbox:read], revoked: true}
)");
    CHECK(
        ChangesOf(plan) ==
        "app meta verify_token: \"(secret)\" -> \"changed\"\n"
        "app meta secret: \"(secret)\" -> \"changed\"\n"
        "tenant part display_name: \"Partner GmbH\" -> \"part\"\n"
        "tenant part ingest_rate_per_s: 5000 -> 6000\n"
        "tenant part disabled: true -> false\n"
        "channel part/tg public_base_url: \"https://x.example.com\" -> \"\"\n"
        "channel part/tg reopen_window_s: 60 -> 61\n"
        "channel part/tg disabled: true -> false\n"
        "channel part/tg token: \"(secret)\" -> \"changed\"\n"
        "channel part/tg secret: \"(secret)\" -> \"changed\"\n"
        "channel part/wa route: \"1065\" -> \"1066\"\n"
        "channel part/wa app: \"meta\" -> \"\"\n"
        "channel part/wa token: \"\" -> \"made\"\n"
        "api_key part/k scopes: [\"inbox:read\",\"ingest:write\"] -> [\"inbox:read\"]\n"
        "api_key part/k revoked: false -> true\n"
    );
    const std::string shown = AnswerOf(plan, {}).ToJson() + AnswerOf(plan, {}).ToText();
    for (const std::string secret : {"other-secret", "app-secret", "abc", "0123456789abcdef"}) {
        CHECK(shown.find(secret) == std::string::npos);
    }
}

TEST_CASE("apply plan: what a new object needs is told with its line", "[unit][uniboxctl]") {
    Database database;
    const std::string channel = "tenants:\n  - name: a\n    channels:\n      - {name: c";
    CHECK(
        database.MistakeOf(channel + "}\n") ==
        "t.yaml:4: tenants[0].channels[0].provider: is missing"
    );
    CHECK(
        database.MistakeOf(channel + ", provider: telegram}\n") ==
        "t.yaml:4: tenants[0].channels[0].secret: is missing, and so is secret_file"
    );
    CHECK(
        database.MistakeOf(channel + ", provider: whatsapp}\n") ==
        "t.yaml:4: tenants[0].channels[0].route: is missing: the phone number id"
    );
    CHECK(
        database.MistakeOf("tenants:\n  - name: a\n    api_keys:\n      - {name: k}\n") ==
        "t.yaml:4: tenants[0].api_keys[0].scopes: is missing: some of inbox:read, inbox:write, "
        "ingest:write, admin:read, admin:write, operator:write"
    );
    CHECK(
        database.MistakeOf("apps:\n  - {name: m}\n") ==
        "t.yaml:2: apps[0].provider: is missing: meta\n"
        "t.yaml:2: apps[0].verify_token: is missing, and so is verify_token_file\n"
        "t.yaml:2: apps[0].secret: is missing: the app secret, or secret_file"
    );
    // A secret that could not be read is not also missing.
    const std::string unread = channel + ", provider: telegram, secret_file: none}\n";
    CHECK(database.MistakeOf(unread).find("is missing") == std::string::npos);
}

TEST_CASE(
    "apply plan: mistakes of the file and of the database are told at once", "[unit][uniboxctl]"
) {
    Database database;
    database.Apply(kWhole);
    const std::string mistakes = database.MistakeOf(R"(tenants:
  - name: part
    ingest_burst: many
    channels:
      - {name: tg, provider: twilio}
      - {name: new, provider: whatsapp, route: "1"}
      - {name: more, provider: whatsapp, route: "1", app: nobody}
      - {name: wa, route: ""}
    api_keys:
      - {name: nokey, revoked: true}
  - name: rival
    channels:
      - {name: x, provider: whatsapp, route: "1065"}
)");
    CHECK(
        mistakes ==
        "t.yaml:3: tenants[0].ingest_burst: must be a whole number\n"
        "t.yaml:5: tenants[0].channels[0].provider: the channel is of telegram, which cannot be "
        "changed: make another channel\n"
        "t.yaml:7: tenants[0].channels[2].app: there is no app nobody; known: meta\n"
        "t.yaml:7: tenants[0].channels[2].route: another channel of this file has it already\n"
        "t.yaml:8: tenants[0].channels[3].route: is missing: the phone number id\n"
        "t.yaml:10: tenants[0].api_keys[0].revoked: there is no API key of this name"
    );
    CHECK(
        database.MistakeOf("tenants:\n  - {name: r, channels: [{name: x, provider: whatsapp,"
                           " route: '1065'}]}") ==
        "t.yaml:2: tenants[0].channels[0].route: the route 1065 belongs to the channel "
        "somebody/else"
    );
}

TEST_CASE("apply plan: a revoked key stays revoked", "[unit][uniboxctl]") {
    Database database;
    database.Apply(kWhole);
    database.Apply("tenants: [{name: part, api_keys: [{name: k, revoked: true}]}]");
    const Plan again = database.Good(kWhole);
    CHECK(again.tenants[0].keys[0].revoked);
    CHECK_FALSE(again.changes_anything());
    CHECK(
        database.MistakeOf("tenants: [{name: part, api_keys: [{name: k, revoked: false}]}]")
            .find("it was revoked, and stays so: make a key of another name") != std::string::npos
    );
}

TEST_CASE("apply plan: two apps with one secret are refused, both named", "[unit][uniboxctl]") {
    Database database;
    database.Apply(kWhole);
    const std::string renamed =
        "apps:\n  - {name: meta2, provider: meta, secret: app-secret, verify_token: v}\n";
    CHECK(
        database.MistakeOf(renamed) ==
        "t.yaml:2: apps[0].secret: the app meta2 has the same secret as meta: an app of the "
        "provider is written once here, under one name"
    );
    // After the sealing key was rotated all fingerprints are other ones.
    for (auto& secret : database.stored.apps[0].live_secrets) secret.fingerprint = "of before";
    CHECK(database.MistakeOf(renamed).find("the same secret as meta") != std::string::npos);
    CHECK(
        Database()
            .MistakeOf("apps: [{name: a, provider: meta, secret: s, verify_token: v}, "
                       "{name: b, provider: meta, secret: s, verify_token: v}]")
            .find("the app b has the same secret as a") != std::string::npos
    );
    // What is stored already can still be applied, so that it can be mended.
    Database twins;
    twins.Apply("apps: [{name: a, provider: meta, secret: s, verify_token: v}]");
    auto second = twins.stored.apps[0];
    second.app_id.bytes[0] ^= 1;
    second.spec.slug = "b";
    twins.stored.apps.push_back(second);
    const Plan plan = twins.Good("apps: [{name: a, secret: s}]");
    REQUIRE(plan.notes.size() == 1);
    CHECK(plan.notes[0].find("same secret as b") != std::string::npos);
    CHECK(twins.Good("apps: [{name: a, secret: another}]").notes.empty());
}

TEST_CASE(
    "apply plan: a dry run shows no ids, tokens and keys that will be others", "[unit][uniboxctl]"
) {
    Database database;
    const Plan plan = database.Good(kWhole);
    const auto json = nlohmann::json::parse(AnswerOf(plan, {true, "", ""}).ToJson());
    CHECK(json["dry_run"] == true);
    CHECK(json["tenants"][0]["tenant_id"] == "(new)");
    CHECK(json["channels"][0]["channel_id"] == "(new)");
    CHECK(json["channels"][0]["webhook_url"] == "https://x.example.com/v1/hooks/telegram/(token)");
    CHECK(json["api_keys"][0]["key"] == "(new)");
    CHECK(json["api_keys"][0]["scopes"] == nlohmann::json{"inbox:read", "ingest:write"});
}
