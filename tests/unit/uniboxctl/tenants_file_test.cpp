#include "uniboxctl/tenants_file.hpp"

#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using unibox::Code;
using unibox::ctl::ParseTenantsFile;
using unibox::ctl::ReadTenantsFile;

namespace {

unibox::Result<unibox::ctl::TenantsFile> Parse(const std::string& text) {
    return ParseTenantsFile(text, "t.yaml", "/nowhere");
}

// The mistake that the text has.
std::string MistakeOf(const std::string& text) {
    const auto file = Parse(text);
    REQUIRE(!file.ok());
    CHECK(file.status().code() == Code::kInvalidArgument);
    return file.status().message();
}

constexpr const char* kWhole = R"(apps:
  - {name: m, provider: meta, secret: s, verify_token: v}
tenants:
  - name: acme
    display_name: "Acme: GmbH"
    ingest_burst: 7
    channels:
      - {name: wa, provider: whatsapp, route: "1065"}
      - {name: tg, provider: telegram, secret: abc, reopen_window_s: 60, disabled: true}
    api_keys:
      - {name: k, scopes: [inbox:read]}
)";

}  // namespace

TEST_CASE("tenants.yaml: reads every field and its defaults", "[unit][uniboxctl]") {
    const auto file = Parse(kWhole);
    REQUIRE_OK(file);
    REQUIRE(file->apps.size() == 1);
    CHECK(file->apps[0].verify_token.Reveal() == "v");
    REQUIRE(file->tenants.size() == 1);
    const auto& tenant = file->tenants[0];
    CHECK(tenant.display_name == "Acme: GmbH");
    CHECK(tenant.ingest_rate_per_s == 200);
    CHECK(tenant.ingest_burst == 7);
    REQUIRE(tenant.channels.size() == 2);
    CHECK(tenant.channels[0].provider == unibox::v1::PROVIDER_WHATSAPP);
    CHECK(tenant.channels[0].route == "1065");
    CHECK(tenant.channels[0].display_name == "wa");
    CHECK(tenant.channels[0].reopen_window_s == 604'800);
    CHECK(tenant.channels[1].secret.Reveal() == "abc");
    CHECK(tenant.channels[1].reopen_window_s == 60);
    CHECK(tenant.channels[1].disabled);
    REQUIRE(tenant.api_keys.size() == 1);
    CHECK(tenant.api_keys[0].scopes == std::vector<std::string>{"inbox:read"});
}

TEST_CASE("tenants.yaml: a mistake names file, line and field", "[unit][uniboxctl]") {
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    chanels: []\n") ==
        "t.yaml:3: tenants[0].chanels: unknown key; known are: name, display_name, "
        "ingest_rate_per_s, ingest_burst, disabled, channels, api_keys"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    channels:\n      - name: c\n        provider: fax\n"
                  "        secret: x\n") ==
        "t.yaml:5: tenants[0].channels[0].provider: unknown provider \"fax\"; known: telegram, "
        "whatsapp, messenger, instagram, twilio, standard"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    ingest_burst: many\n") ==
        "t.yaml:3: tenants[0].ingest_burst: must be a whole number from 1 to 10000000"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    channels:\n      - {name: c, provider: telegram}\n"
        ) == "t.yaml:4: tenants[0].channels[0].secret: is missing, and so is secret_file"
    );
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    channels:\n      - {name: c, provider: whatsapp}\n"
        ) ==
        "t.yaml:4: tenants[0].channels[0].route: is missing: the phone number id, page id or "
        "account id"
    );
}

TEST_CASE("tenants.yaml: broken YAML names its line", "[unit][uniboxctl]") {
    CHECK(MistakeOf("tenants:\n  - name: 'a\n").rfind("t.yaml:", 0) == 0);
    CHECK(MistakeOf("tenants: [\n") != "");
    CHECK(MistakeOf("- a\n") == "t.yaml:1: must be a mapping (key: value lines)");
    CHECK(MistakeOf("") == "t.yaml: the file is empty");
}

TEST_CASE("tenants.yaml: names, routes and keys must be unique", "[unit][uniboxctl]") {
    const std::string twice = "is there twice";
    CHECK(MistakeOf("tenants:\n  - name: a\n  - name: a\n").find(twice) != std::string::npos);
    CHECK(MistakeOf("tenants:\n  - name: a\n    name: b\n").find(twice) != std::string::npos);
    CHECK(
        MistakeOf("tenants:\n  - name: a\n    channels:\n"
                  "      - {name: c, provider: whatsapp, route: '1'}\n"
                  "      - {name: d, provider: whatsapp, route: '1'}\n"
        ) == "t.yaml:5: tenants[0].channels[1].route: another channel of this file has it already"
    );
}

TEST_CASE("tenants.yaml: a final slash of public_base_url is taken away", "[unit][uniboxctl]") {
    const std::string before =
        "tenants:\n  - name: a\n    channels:\n"
        "      - {name: c, provider: twilio, secret: s, public_base_url: '";
    const auto file = Parse(before + "https://x.example.com/in//'}\n");
    REQUIRE_OK(file);
    CHECK(file->tenants[0].channels[0].public_base_url == "https://x.example.com/in");
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
    std::ofstream(folder.path() / "t.yaml") << "tenants:\n  - name: a\n    channels:\n"
                                               "      - {name: c, provider: telegram, "
                                               "secret_file: token}\n";
    const auto file = ReadTenantsFile(folder.path() / "t.yaml");
    REQUIRE_OK(file);
    CHECK(file->tenants[0].channels[0].secret.Reveal() == "from-a-file");

    const auto missing = Parse(
        "tenants:\n  - name: a\n    channels:\n"
        "      - {name: c, provider: telegram, secret_file: none}\n"
    );
    REQUIRE(!missing.ok());
    CHECK(missing.status().field() == "tenants[0].channels[0].secret_file");
}

TEST_CASE("tenants.yaml: no message holds a secret", "[unit][uniboxctl]") {
    const std::string mistakes = MistakeOf(
        "tenants:\n  - name: a\n    api_keys:\n"
        "      - {name: k, scopes: [inbox:read], key: hunter2-hunter2}\n"
    );
    CHECK(mistakes.find("hunter2") == std::string::npos);
}
