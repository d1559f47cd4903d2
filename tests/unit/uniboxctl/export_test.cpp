// tenants.yaml of what is stored: read and applied to nothing it makes the same.
#include "planned_database.hpp"
#include "support/temp_dir.hpp"
#include "uniboxctl/tenants_writer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

using namespace unibox;       // NOLINT(google-build-using-namespace)
using namespace unibox::ctl;  // NOLINT(google-build-using-namespace)
using Database = PlannedDatabase;

namespace {

// Random tenants, of everything that may be stored.
class World {
public:
    explicit World(unsigned seed) : random_(seed) {}

    std::string Yaml() {
        std::string text = "apps:\n  - {name: meta, provider: meta, secret: s" +
                           std::to_string(random_()) + ", verify_token: v}\ntenants:\n";
        const std::size_t count = 1 + Below(3);
        for (std::size_t i = 0; i < count; ++i) text += Tenant("t" + std::to_string(i));
        return text;
    }

private:
    std::size_t Below(std::size_t count) { return random_() % count; }
    bool Maybe() { return Below(2) == 0; }

    // Words that a careless writer or reader would take for something else.
    std::string Text(std::size_t count_min) {
        static const std::vector<std::string> kParts = {
            "a",
            "true",
            "null",
            "~",
            " ",
            "#",
            ": ",
            "- ",
            "'",
            "\\\\",
            "\\\"",
            "{",
            "[x]",
            "0x1f",
            "1e3",
            "é",
            "\xF0\x9F\x98\x80",
            "\xE2\x80\x8F",
            "&",
            "*",
            "!",
            "%",
            "@",
            "`",
            "?",
            "|",
            ">",
            ",",
            "no"};
        std::string text;
        const std::size_t count = count_min + Below(4);
        for (std::size_t i = 0; i < count; ++i) text += kParts[Below(kParts.size())];
        return "\"" + text + "\"";
    }
    // Of lines.
    std::string Lines() {
        const std::string first = Text(1);
        return first.substr(0, first.size() - 1) + "\\n\\t  \\n" + Text(1).substr(1);
    }
    std::string Flag(const char* key) { return Maybe() ? std::string(", ") + key + ": true" : ""; }
    std::string List(const std::vector<std::string>& all) {
        std::string text;
        for (const std::string& one : all) {
            if (Maybe()) text += (text.empty() ? "" : ", ") + one;
        }
        return "[" + text + "]";
    }

    std::string Channels(const std::string& tenant, const std::vector<std::string>& agents) {
        std::string text = "    channels:\n";
        text +=
            "      - {name: tg, provider: telegram, secret: tgsecret, display_name: " + Text(1) +
            ", members: " + List(agents) + Flag("disabled") + "}\n";
        text += "      - {name: wa, provider: whatsapp, app: meta, route: '" + tenant +
                std::to_string(Below(9)) + "', reopen_window_s: " + std::to_string(Below(99)) +
                "}\n";
        if (Maybe())
            text +=
                "      - {name: sms, provider: twilio, secret: x, public_base_url: "
                "'https://x.example.com/in'}\n";
        return text;
    }
    std::string Tenant(const std::string& name) {
        std::string text = "  - name: " + name + "\n    display_name: " + Text(1) + "\n";
        if (Maybe()) text += "    plan: " + Text(1) + "\n";
        if (Maybe()) text += "    api_limits: tenant=500/1000 search=10/20\n";
        text += "    retention_days: " + std::to_string(Below(400)) + "\n";
        std::vector<std::string> agents;
        std::string rows = "    agents:\n";
        for (std::size_t i = 0; i < 1 + Below(4); ++i) {
            std::string id = Text(1);
            id.insert(1, std::to_string(i));
            const char* role = Maybe() ? "agent" : "supervisor";
            rows += "      - {external_id: " + id + ", name: " + Text(1) + ", email: " + Text(0) +
                    ", role: " + role + Flag("disabled") + "}\n";
            agents.push_back(id);
        }
        text += Channels(name, agents) + rows;
        text += "    api_keys: [{name: k, scopes: ['inbox:read']}]\n";
        text += "    teams:\n      - {name: on, display_name: " + Text(1) +
                ", members: " + List(agents) + Flag("disabled") + "}\n";
        text += "    labels:\n      - {name: " + Text(1) + ", description: " + Text(0) +
                (Maybe() ? ", color: '#0a0B0c'" : "") + "}\n";
        text += "    attribute_definitions:\n      - {name: " + Text(1) +
                ", type: choice, options: [" + Text(1) + ", " + Text(1) + "]}\n";
        text += "    canned_replies:\n      - {name: '007', text: " + Lines() + "}\n";
        text += "    webhook_endpoints:\n      - {name: hook, url: 'https://example.com/" +
                std::to_string(Below(9)) +
                "', events: " + List({"message_created", "conversation_updated"}) +
                Flag("disabled") + "}\n";
        return text;
    }

    std::mt19937 random_;
};

WrittenTenants Export(const Database& database) {
    std::vector<store::StoredTenant> tenants;
    for (const auto& [name, tenant] : database.stored.tenants) tenants.push_back(tenant);
    // However they were made.
    std::reverse(tenants.begin(), tenants.end());
    return WriteTenantsYaml(tenants, database.stored.apps, "secrets");
}

// What of `other` stands for the same as in `database` must be the same, but for ids.
template <class Spec>
std::multiset<std::string> Names(const store::StoredTenant& tenant) {
    std::multiset<std::string> names;
    for (const auto& row : tenant.rows.Of<Spec>()) {
        if constexpr (requires { row.spec.external_id; }) {
            names.insert(row.spec.external_id + "\n" + row.spec.name + "\n" + row.spec.email);
        } else if constexpr (requires { row.spec.text; }) {
            names.insert(row.spec.text);
        } else if constexpr (requires { row.spec.options; }) {
            names.insert(
                row.spec.name + "\n" + row.spec.options.at(0) + "\n" + row.spec.options.at(1)
            );
        } else if constexpr (requires { row.spec.color; }) {
            names.insert(row.spec.name + "\n" + row.spec.color + "\n" + row.spec.description);
        }
    }
    return names;
}

}  // namespace

TEST_CASE("export: whatever is stored, applied to nothing it makes the same", "[unit][uniboxctl]") {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        const std::string yaml = World(seed).Yaml();
        CAPTURE(seed, yaml);
        Database database;
        database.Apply(yaml);
        const WrittenTenants written = Export(database);
        CAPTURE(written.yaml);

        const test::TempDir folder;
        std::filesystem::create_directories(folder.path() / "secrets");
        std::set<std::string> paths;
        for (const SecretOfFile& secret : written.secrets) {
            const auto opened = database.box.Open(secret.sealed, secret.context);
            REQUIRE_OK(opened);
            std::ofstream(folder.path() / secret.path) << opened->Reveal();
            CHECK(paths.insert(secret.path).second);
        }
        Database other;
        other.folder = folder.path();
        other.Apply(written.yaml);
        CHECK(Export(other).yaml == written.yaml);
        CHECK_FALSE(other.Good(written.yaml).changes_anything());
        for (const auto& [name, tenant] : database.stored.tenants) {
            const store::StoredTenant& same = other.stored.tenants.at(name);
            CHECK(same.spec == tenant.spec);
            CHECK(Names<store::AgentSpec>(same) == Names<store::AgentSpec>(tenant));
            CHECK(Names<store::LabelSpec>(same) == Names<store::LabelSpec>(tenant));
            CHECK(Names<store::AttributeSpec>(same) == Names<store::AttributeSpec>(tenant));
            CHECK(Names<store::CannedReplySpec>(same) == Names<store::CannedReplySpec>(tenant));
            CHECK(same.team_members.size() == tenant.team_members.size());
            CHECK(same.channel_members.size() == tenant.channel_members.size());
        }
    }
}

TEST_CASE("export: the text is in the order of names, and holds no secret", "[unit][uniboxctl]") {
    Database database;
    database.Apply(R"(
tenants:
  - name: zoo
    labels: [{name: z}, {name: a}]
  - name: acme
    channels: [{name: tg, provider: telegram, secret: very-secret}]
    api_keys:
      - {name: k, scopes: ['inbox:read', 'inbox:write']}
      - {name: old, scopes: ['inbox:read']}
)");
    database.Apply("tenants: [{name: acme, api_keys: [{name: old, revoked: true}]}]");
    const WrittenTenants written = Export(database);
    const std::string body = written.yaml.substr(written.yaml.find("tenants:"));
    CHECK(body == R"(tenants:
  - name: acme
    display_name: acme
    ingest_rate_per_s: 200
    ingest_burst: 1000
    retention_days: 0
    channels:
      - name: tg
        display_name: tg
        provider: telegram
        secret_file: "secrets/acme.tg.channel"
        reopen_window_s: 604800
    api_keys:
      - name: k
        scopes: ["inbox:read", "inbox:write"]
  - name: zoo
    display_name: zoo
    ingest_rate_per_s: 200
    ingest_burst: 1000
    retention_days: 0
    labels:
      - name: a
      - name: z
)");
    REQUIRE(written.secrets.size() == 1);
    CHECK(
        database.box.Open(written.secrets[0].sealed, written.secrets[0].context)->Reveal() ==
        "very-secret"
    );
}
