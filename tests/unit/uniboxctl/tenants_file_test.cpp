#include "uniboxctl/tenants_file.hpp"

#include "domain/provider.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <set>

using unibox::Code;
using unibox::ctl::Mistakes;
using unibox::ctl::ParseTenantsFile;

namespace {

unibox::ctl::TenantsFile Parse(
    const std::string& text, Mistakes& mistakes, const std::filesystem::path& folder = "/nowhere"
) {
    return ParseTenantsFile(text, folder, mistakes);
}

unibox::ctl::TenantsFile ParseGood(const std::string& text) {
    Mistakes mistakes("t.yaml");
    auto file = Parse(text, mistakes);
    REQUIRE_OK(mistakes.ToStatus());
    return file;
}

// The mistake that the text has.
std::string MistakeOf(const std::string& text) {
    Mistakes mistakes("t.yaml");
    Parse(text, mistakes);
    const auto status = mistakes.ToStatus();
    CHECK(status.code() == Code::kInvalidArgument);
    CHECK(status.reason() == "BAD_TENANTS_FILE");
    return status.message();
}

constexpr const char* kWhole = R"(apps:
  - {name: m, provider: meta, secret: s, verify_token: v}
tenants:
  - name: acme
    display_name: "Acme: GmbH"
    ingest_burst: 7
    api_limits: "search=10/20 tenant=500/1000"
    channels:
      - {name: wa, provider: whatsapp, route: "1065"}
      - {name: tg, provider: telegram, secret: abc, reopen_window_s: 60, disabled: true}
    api_keys:
      - {name: k, scopes: [inbox:read]}
)";

}  // namespace

TEST_CASE("tenants.yaml: reads every field; what is not there is absent", "[unit][uniboxctl]") {
    const auto file = ParseGood(kWhole);
    REQUIRE(file.apps.size() == 1);
    CHECK(file.apps[0].verify_token->Reveal() == "v");
    REQUIRE(file.tenants.size() == 1);
    const auto& tenant = file.tenants[0];
    CHECK(tenant.line == 4);
    CHECK(*tenant.display_name == "Acme: GmbH");
    CHECK_FALSE(tenant.ingest_rate_per_s);
    CHECK_FALSE(tenant.disabled);
    CHECK(*tenant.ingest_burst == 7);
    CHECK(tenant.ingest_burst.line == 6);
    CHECK(*tenant.api_limits == "tenant=500/1000 search=10/20");  // In the order that is stored.
    REQUIRE(tenant.channels.size() == 2);
    CHECK(*tenant.channels[0].provider == unibox::v1::PROVIDER_WHATSAPP);
    CHECK(*tenant.channels[0].route == "1065");
    CHECK_FALSE(tenant.channels[0].display_name);
    CHECK_FALSE(tenant.channels[0].reopen_window_s);
    CHECK_FALSE(tenant.channels[0].secret);
    CHECK(tenant.channels[1].secret->Reveal() == "abc");
    CHECK(*tenant.channels[1].reopen_window_s == 60);
    CHECK(*tenant.channels[1].disabled);
    REQUIRE(tenant.api_keys.size() == 1);
    CHECK(*tenant.api_keys[0].scopes == std::vector<std::string>{"inbox:read"});
    CHECK_FALSE(tenant.api_keys[0].revoked);
}

TEST_CASE("tenants.yaml: a mistake names file, line and field", "[unit][uniboxctl]") {
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    chanels: []\n") ==
        "t.yaml:3: tenants[0].chanels: unknown key; known are: name, display_name, "
        "ingest_rate_per_s, ingest_burst, api_limits, plan, retention_days, disabled, channels, "
        "api_keys, agents, teams, labels, attribute_definitions, canned_replies, "
        "webhook_endpoints"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    channels:\n      - name: c\n        provider: fax\n"
                  "        secret: x\n") ==
        "t.yaml:5: tenants[0].channels[0].provider: unknown provider \"fax\"; known: telegram, "
        "whatsapp, messenger, instagram, twilio, standard"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    ingest_burst: many\n") ==
        "t.yaml:3: tenants[0].ingest_burst: must be a whole number"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    ingest_burst: 0\n    retention_days: 36501\n") ==
        "t.yaml:3: tenants[0].ingest_burst: must be 1 to 10000000\n"
        "t.yaml:4: tenants[0].retention_days: must be 0 to 36500"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    api_limits: tenant=0/5\n") ==
        "t.yaml:3: tenants[0].api_limits: \"tenant=0/5\" must be POLICY=PER_S/BURST, for example "
        "tenant=500/1000, with a policy of key, agent, tenant, read, write, search, admin, each "
        "once, PER_S of 1 to 100000 and BURST of 1 to 1000000"
    );
}

TEST_CASE("tenants.yaml: broken YAML names its line", "[unit][uniboxctl]") {
    CHECK(MistakeOf("tenants:\n  - name: 'a\n").rfind("t.yaml:", 0) == 0);
    CHECK(MistakeOf("tenants: [\n") != "");
    CHECK(MistakeOf("- a\n") == "t.yaml:1: must be a mapping (key: value lines)");
    CHECK(MistakeOf("") == "t.yaml:1: the file is empty");
    CHECK(MistakeOf("tenants:\n  - display_name: x\n") == "t.yaml:2: tenants[0].name: is missing");
}

TEST_CASE("tenants.yaml: names, routes and keys must be unique", "[unit][uniboxctl]") {
    const std::string twice = "is there twice";
    CHECK(MistakeOf("tenants:\n  - name: a\n  - name: a\n").find(twice) != std::string::npos);
    CHECK(MistakeOf("tenants:\n  - name: a\n    name: b\n").find(twice) != std::string::npos);
}

TEST_CASE("tenants.yaml: a file is one document", "[unit][uniboxctl]") {
    const std::string second = "a second document begins here: a file holds one (remove the ---)";
    CHECK(MistakeOf("tenants: [{name: a}]\n---\ntenants: [{name: b}]\n") == "t.yaml:3: " + second);
    CHECK(MistakeOf("tenants: [{name: a}]\n---\n").find(second) != std::string::npos);
    ParseGood("---\ntenants: [{name: a}]\n...\n");
}

TEST_CASE("tenants.yaml: no text holds control characters or broken UTF-8", "[unit][uniboxctl]") {
    const std::string control = "must not contain control characters or line ends";
    const auto with = [](const std::string& field, const std::string& quoted) {
        return MistakeOf("tenants:\n  - name: a\n    " + field + ": " + quoted + "\n");
    };
    CHECK(with("display_name", R"("\e[2J")") == "t.yaml:3: tenants[0].display_name: " + control);
    for (const std::string text : {R"("a\nb")", R"("a\tb")", R"("\x7f")", R"("\x9b")", R"("\L")"}) {
        CHECK(with("display_name", text).find(control) != std::string::npos);
    }
    CHECK(with("display_name", "a\xFF").find("is not UTF-8") != std::string::npos);
    const std::string channel = "tenants:\n  - name: a\n    channels:\n      - name: c\n        ";
    for (const std::string field :
         {"display_name", "route", "app", "secret", "token", "provider"}) {
        CHECK(MistakeOf(channel + field + ": \"a\\eb\"\n").find(control) != std::string::npos);
    }
    CHECK(MistakeOf("\"\\e[2J\": 1\n").starts_with("t.yaml:1: ?: unknown key"));
    ParseGood("tenants: [{name: a, display_name: \"Zo\xC3\xAB \xF0\x9F\x98\x80 \xE2\x80\x8F\"}]");
    CHECK(
        with("display_name", std::string(513, 'x')).find("must have 1 to 512 bytes") !=
        std::string::npos
    );
}

TEST_CASE("tenants.yaml: a key without a value is no wish", "[unit][uniboxctl]") {
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    display_name:\n    disabled: ~\n") ==
        "t.yaml:3: tenants[0].display_name: has no value: leave the key out to keep what is "
        "stored; \"\" is an empty text\n"
        "t.yaml:4: tenants[0].disabled: has no value: leave the key out to keep what is "
        "stored; \"\" is an empty text"
    );
    CHECK(
        MistakeOf("tenants: [{name: a, channels: [{name: c, secret: ''}]}]").find("is empty") !=
        std::string::npos
    );
}

TEST_CASE("tenants.yaml: a final slash of public_base_url is taken away", "[unit][uniboxctl]") {
    const std::string before =
        "tenants:\n  - name: a\n    channels:\n"
        "      - {name: c, provider: twilio, secret: s, public_base_url: '";
    const auto file = ParseGood(before + "https://x.example.com/in//'}\n");
    CHECK(*file.tenants[0].channels[0].public_base_url == "https://x.example.com/in");
    CHECK(MistakeOf(before + "https://'}\n").find("must be http://host") != std::string::npos);
    CHECK(MistakeOf(before + "x.example.com'}\n").find("must be http://host") != std::string::npos);
}

TEST_CASE("tenants.yaml: all mistakes are told at once", "[unit][uniboxctl]") {
    const std::string mistakes =
        MistakeOf("tenants:\n  - name: A!\n    disabled: perhaps\n    x: 1\n");
    CHECK(std::count(mistakes.begin(), mistakes.end(), '\n') == 2);
}

TEST_CASE("tenants.yaml: secrets come from files beside it", "[unit][uniboxctl]") {
    const unibox::test::TempDir folder;
    std::ofstream(folder.path() / "token") << "from-a-file\r\n";
    const std::string text =
        "tenants:\n  - name: a\n    channels:\n"
        "      - {name: c, provider: telegram, secret_file: token}\n";
    Mistakes none("t.yaml");
    const auto file = Parse(text, none, folder.path());
    REQUIRE_OK(none.ToStatus());
    CHECK(file.tenants[0].channels[0].secret->Reveal() == "from-a-file");

    // One mistake, not also that there is no secret.
    Mistakes mistakes("t.yaml");
    Parse(text, mistakes);
    CHECK(mistakes.count() == 1);
    CHECK(mistakes.ToStatus().field() == "tenants[0].channels[0].secret_file");
}

TEST_CASE("tenants.yaml: the first twenty mistakes are shown, in order", "[unit][uniboxctl]") {
    Mistakes mistakes("t.yaml");
    for (int line = 30; line > 0; --line) mistakes.Add(line, "f", "is wrong");
    const std::string text = mistakes.ToStatus().message();
    CHECK(text.starts_with("t.yaml:1: f: is wrong\nt.yaml:2: "));
    CHECK(text.ends_with("t.yaml:20: f: is wrong\nand 10 more"));
}

TEST_CASE("tenants.yaml: no message holds a secret", "[unit][uniboxctl]") {
    const std::string mistakes = MistakeOf(
        "tenants:\n  - name: a\n    api_keys:\n"
        "      - {name: k, scopes: [inbox:read], key: hunter2-hunter2}\n"
    );
    CHECK(mistakes.find("hunter2") == std::string::npos);
}

TEST_CASE("tenants.yaml: the demo has a channel of each provider", "[unit][uniboxctl]") {
    std::ifstream file(UNIBOX_SOURCE_DIR "/scripts/demo/tenants.yaml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    Mistakes mistakes("tenants.yaml");  // The API key's file is named when it is used.
    const auto demo = Parse(text, mistakes);
    REQUIRE(demo.tenants.size() == 1);
    std::set<unibox::v1::Provider> shown;
    for (const auto& channel : demo.tenants[0].channels) shown.insert(*channel.provider);
    for (const auto& row : unibox::domain::kProviders) {
        CAPTURE(row.name);
        CHECK(shown.contains(row.provider));
    }
}
