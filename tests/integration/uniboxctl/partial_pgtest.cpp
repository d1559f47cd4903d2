// uniboxctl apply of a part of what there is, and of what must not be.
#include "crypto/random.hpp"
#include "store/admin/objects.hpp"
#include "store/directory/lookups.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitBadInput;
using ctl::kExitOk;

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
      - {name: sms, provider: twilio, secret: auth-token, display_name: Texts,
         route: AC1, public_base_url: "https://x.example.com", reopen_window_s: 60, disabled: true}
      - {name: wa, provider: whatsapp, route: "1065"}
    api_keys:
      - {name: k, scopes: ["inbox:read", "ingest:write"]}
)";

// All that there is, but for times.
std::string StateOf(CtlFixture& fixture) {
    return fixture.Ask(
        "SELECT string_agg(x, E'\\n' ORDER BY x) FROM ("
        "SELECT concat_ws('|', tenant_id, slug, name, ingest_rate_per_s, ingest_burst, disabled_at "
        "IS NOT NULL) AS x FROM tenants "
        "UNION ALL SELECT concat_ws('|', channel_id, slug, name, provider, route_key, token_hash, "
        "public_base_url, reopen_window_s, settings, disabled_at IS NOT NULL, app_id) FROM "
        "channels "
        "UNION ALL SELECT concat_ws('|', channel_id, secret_id, fingerprint, expires_at) "
        "FROM channel_secrets "
        "UNION ALL SELECT concat_ws('|', key_id, name, key_hash, scopes, revoked_at IS NOT NULL) "
        "FROM api_keys "
        "UNION ALL SELECT concat_ws('|', app_id, slug, provider, verify_token_sealed) "
        "FROM provider_apps "
        "UNION ALL SELECT concat_ws('|', app_id, secret_id, fingerprint, expires_at) "
        "FROM provider_app_secrets "
        "UNION ALL SELECT concat_ws('|', kind, key_hash, tenant, object_id) FROM directory) all_of"
    );
}

}  // namespace

TEST_CASE("apply: a part of the file leaves everything else as it is", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kWhole).code == kExitOk);
    const std::string before = StateOf(fixture);
    for (const std::string& yaml :
         {std::string("tenants: [{name: part}]"),
          std::string("tenants: [{name: part, channels: [{name: sms, provider: twilio, secret: "
                      "auth-token}, {name: wa}], api_keys: [{name: k}]}]"),
          std::string("apps: [{name: meta}]")}) {
        const auto applied = fixture.Apply(yaml);
        INFO(yaml << applied.log);
        CHECK(applied.code == kExitOk);
        CHECK(applied.json["changes"].empty());
        CHECK(StateOf(fixture) == before);
    }
    // What has been for one key more.
    const auto more =
        fixture.Apply("tenants: [{name: part, api_keys: [{name: second, scopes: ['inbox:read']}]}]"
        );
    REQUIRE(more.code == kExitOk);
    const std::string key = more.json["api_keys"][0]["key"];
    CHECK(key.starts_with("ubk_"));
    CHECK(fixture.Ask("SELECT disabled_at IS NOT NULL FROM tenants") == "true");
    CHECK(fixture.Ask("SELECT ingest_rate_per_s FROM tenants") == "5000");
}

TEST_CASE("apply: what was taken away is given back in words alone", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kWhole).code == kExitOk);
    const auto given = fixture.Apply(
        "tenants: [{name: part, disabled: false, channels: [{name: sms, disabled: false, route: "
        "'', "
        "public_base_url: ''}]}]"
    );
    INFO(given.log);
    REQUIRE(given.code == kExitOk);
    REQUIRE(given.json["changes"].size() == 4);
    CHECK(
        given.json["changes"][1] ==
        nlohmann::json{
            {"kind", "channel"},
            {"name", "part/sms"},
            {"field", "route"},
            {"old", "AC1"},
            {"new", ""}}
    );
    CHECK(fixture.Ask("SELECT bool_or(disabled_at IS NOT NULL) FROM tenants") == "false");
    CHECK(fixture.Ask("SELECT bool_or(disabled_at IS NOT NULL) FROM channels") == "false");
    CHECK(fixture.Ask("SELECT count(*) FROM directory WHERE kind = 3") == "1");
}

TEST_CASE("apply: a dry run tells the same and writes nothing", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const std::string yaml =
        "tenants: [{name: part, ingest_burst: 1, channels: [{name: sms, secret: other}], "
        "api_keys: [{name: new, scopes: ['inbox:read']}]}, {name: more}]";
    REQUIRE(fixture.Apply(kWhole, {"--dry-run"}).code == kExitOk);
    CHECK(StateOf(fixture).empty());
    REQUIRE(fixture.Apply(kWhole).code == kExitOk);
    const std::string before = StateOf(fixture);
    const auto dry = fixture.Apply(yaml, {"--dry-run"});
    INFO(dry.log);
    REQUIRE(dry.code == kExitOk);
    CHECK(dry.json["dry_run"] == true);
    CHECK(StateOf(fixture) == before);
    const auto wet = fixture.Apply(yaml);
    CHECK(wet.json["changes"].size() == 2);
    CHECK(wet.json["changes"] == dry.json["changes"]);
    CHECK(StateOf(fixture) != before);
    CHECK(
        fixture.Apply("tenants: [{name: x, channels: [{name: y}]}]", {"--dry-run"}).code ==
        kExitBadInput
    );
}

TEST_CASE("apply: one mistake of any kind and nothing is written", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kWhole).code == kExitOk);
    REQUIRE(
        fixture.Apply("tenants: [{name: part, api_keys: [{name: gone, scopes: ['inbox:read']}]}]")
            .code == kExitOk
    );
    REQUIRE(
        fixture.Apply("tenants: [{name: part, api_keys: [{name: gone, revoked: true}]}]").code ==
        kExitOk
    );
    const std::string before = StateOf(fixture);
    const std::string good = "tenants:\n  - {name: good}\n  - name: part\n    ";
    const std::string key(crypto::NewApiKey().Reveal());
    for (const auto& [text, told] : std::vector<std::pair<std::string, std::string>>{
             {"channels: [{name: sms, provider: telegram}]",
              "channels[0].provider: the channel is"},
             {"channels: [{name: new, provider: whatsapp, route: '1065'}]", "channels[0].route: "},
             {"channels: [{name: wa, app: nobody}]", "channels[0].app: there is no app nobody"},
             {"api_keys: [{name: k, key: " + key + "}]", "api_keys[0].key: another key has this"},
             {"api_keys: [{name: gone, revoked: false}]", "api_keys[0].revoked: it was revoked"},
             {"display_name: \"a\xFF\"", "display_name: is not UTF-8"},
             {"channels: [{name: new}]", "channels[0].provider: is missing"}}) {
        const auto refused = fixture.Apply(good + text);
        INFO(text << refused.log);
        CHECK(refused.code == kExitBadInput);
        CHECK(refused.log.find("tenants.yaml:4: tenants[1]." + told) != std::string::npos);
        CHECK(StateOf(fixture) == before);
    }
    const auto twin =
        fixture.Apply("apps: [{name: meta2, provider: meta, secret: app-secret, verify_token: v}]");
    CHECK(twin.code == kExitBadInput);
    CHECK(twin.log.find("the app meta2 has the same secret as meta") != std::string::npos);
    CHECK(StateOf(fixture) == before);
}

TEST_CASE("apply: without a database the file's own mistakes are told", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto away = [&](const std::string& yaml) {
        return fixture.Apply(yaml, {"--set", "postgres.url=postgresql://127.0.0.1:1/none"});
    };
    CHECK(away("tenants: [{name: a, x: 1}]").code == kExitBadInput);
    CHECK(away("tenants: [{name: a}]").code == ctl::kExitUnavailable);
}
