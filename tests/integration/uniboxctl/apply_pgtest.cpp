// uniboxctl apply: declarative, idempotent, rotates without a loss.
#include "crypto/hash.hpp"
#include "nats/connection.hpp"
#include "store/admin.hpp"
#include "store/directory.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"
#include "wire/subjects.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitBadInput;
using ctl::kExitFailed;
using ctl::kExitOk;

namespace {

constexpr const char* kYaml = R"(
apps:
  - {name: meta, provider: meta, secret: app-secret, verify_token: verify-me}
tenants:
  - name: acme
    channels:
      - {name: wa, provider: whatsapp, route: "1065"}
      - {name: tg, provider: telegram, secret: first-Secret}
      - {name: sms, provider: twilio, secret: auth-token}
    api_keys:
      - {name: helpdesk, scopes: ["inbox:read"]}
)";

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return text;
}

const nlohmann::json& Row(
    const nlohmann::json& rows, const std::string& key, const std::string& value
) {
    for (const auto& row : rows) {
        if (row.at(key) == value) return row;
    }
    FAIL("no row with " << key << " " << value << " in " << rows.dump());
    return rows;
}

// The part of a URL behind its last slash.
std::string TokenOf(const std::string& url) {
    return url.substr(url.rfind('/') + 1);
}

// The channel's live secrets, newest first, opened.
std::vector<std::string> SecretsOf(CtlFixture& fixture, const std::string& token) {
    const auto channel = store::FindChannelByToken(fixture.pool(), crypto::Sha256(token));
    REQUIRE_OK(channel);
    std::vector<std::string> secrets;
    for (const std::string& sealed : channel->sealed_secrets) {
        const auto secret = fixture.box().Open(sealed, "channel:" + channel->channel.ToString());
        REQUIRE_OK(secret);
        secrets.emplace_back(secret->Reveal());
    }
    return secrets;
}

}  // namespace

TEST_CASE("apply: makes everything, and the second time nothing", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto first = fixture.Apply(kYaml, {"--public-base-url", "https://hooks.example.com/in/"});
    INFO(first.log);
    REQUIRE(first.code == kExitOk);
    CHECK(first.json["apps"][0]["webhook_url"] == "https://hooks.example.com/in/v1/hooks/meta");
    const auto& telegram = Row(first.json["channels"], "channel", "tg");
    CHECK(telegram["change"] == "created");
    const std::string url = telegram["webhook_url"];
    CHECK(url.rfind("https://hooks.example.com/in/v1/hooks/telegram/", 0) == 0);
    CHECK(TokenOf(url).size() == 22);
    const std::string twilio = Row(first.json["channels"], "channel", "sms")["webhook_url"];
    CHECK(twilio.ends_with("#rc=5&rp=all"));
    const auto listed = fixture.Run({"channels"});
    REQUIRE(listed.code == kExitOk);
    for (const auto& row : listed.json["channels"]) {
        const std::string applied =
            Row(first.json["channels"], "channel", row["channel"])["webhook_url"];
        const std::string shown = row["webhook_url"];
        CHECK(shown.substr(shown.find("/v1/")) == applied.substr(applied.find("/v1/")));
    }
    CHECK(Row(first.json["channels"], "channel", "wa")["secret"] == "of the app");
    const std::string key = first.json["api_keys"][0]["key"];
    const auto found = store::FindApiKey(fixture.lookups(), crypto::Sha256(key));
    REQUIRE_OK(found);
    CHECK(found->scopes == std::vector<std::string>{"inbox:read"});

    const auto second = fixture.Apply(kYaml, {"--public-base-url", "https://hooks.example.com/in"});
    REQUIRE(second.code == kExitOk);
    CHECK(second.json["apps"][0]["change"] == "unchanged");
    CHECK(second.json["apps"][0]["secret"] == "unchanged");
    CHECK(second.json["tenants"][0]["change"] == "unchanged");
    CHECK(second.json["tenants"][0]["tenant_id"] == first.json["tenants"][0]["tenant_id"]);
    for (const auto& channel : second.json["channels"]) CHECK(channel["change"] == "unchanged");
    CHECK(Row(second.json["channels"], "channel", "tg")["secret"] == "unchanged");
    CHECK(Row(second.json["channels"], "channel", "tg")["webhook_url"] == url);
    CHECK(second.json["api_keys"][0]["change"] == "unchanged");
    CHECK(second.json["api_keys"][0]["key"] == "(shown when it was made)");
    REQUIRE_OK(store::FindApiKey(fixture.lookups(), crypto::Sha256(key)));
}

TEST_CASE("apply: a rotated secret leaves the one before live", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto first = fixture.Apply(kYaml);
    REQUIRE(first.code == kExitOk);
    const std::string token = TokenOf(Row(first.json["channels"], "channel", "tg")["webhook_url"]);
    CHECK(SecretsOf(fixture, token) == std::vector<std::string>{"first-Secret"});

    const std::string rotated = Replaced(kYaml, "first-Secret", "second-Secret");
    const auto second = fixture.Apply(rotated);
    REQUIRE(second.code == kExitOk);
    CHECK(Row(second.json["channels"], "channel", "tg")["secret"] != "unchanged");
    CHECK(SecretsOf(fixture, token) == std::vector<std::string>{"second-Secret", "first-Secret"});
    const auto info = store::FindChannelByToken(fixture.pool(), crypto::Sha256(token));
    REQUIRE_OK(info);
    const std::int64_t left_ms = info->secrets_valid_until_ms - SystemClock().UnixMillis();
    CHECK(left_ms > 23LL * 3600 * 1000);
    CHECK(left_ms <= 24LL * 3600 * 1000);

    REQUIRE(
        fixture.Apply(Replaced(kYaml, "first-Secret", "third-Secret"), {"--overlap-hours", "0"})
            .code == kExitOk
    );
    CHECK(SecretsOf(fixture, token).front() == "third-Secret");
}

TEST_CASE("apply: tells the services what changed, and only then", "[pg][uniboxctl]") {
    CtlFixture fixture;
    nats::Settings settings;
    settings.url = fixture.nats().url();
    auto connection = nats::Connection::Connect(settings, fixture.metrics());
    REQUIRE_OK(connection);
    std::atomic<int> told{0};
    REQUIRE_OK((*connection)->Subscribe(wire::kChannelsChanged, [&](auto, auto) { ++told; }));
    REQUIRE_OK((*connection)->Flush(Millis(2000)));
    REQUIRE(fixture.Apply(kYaml).code == kExitOk);
    CHECK(test::Eventually(Millis(5000), [&] { return told == 1; }));
    REQUIRE(fixture.Apply(kYaml).code == kExitOk);
    REQUIRE(fixture.Apply(Replaced(kYaml, "\"1065\"", "\"1066\"")).code == kExitOk);
    CHECK(test::Eventually(Millis(5000), [&] { return told == 2; }));
}

TEST_CASE("apply: works while NATS is away", "[pg][uniboxctl]") {
    CtlFixture fixture;
    fixture.nats().Stop();
    const auto applied = fixture.Apply(kYaml);
    CHECK(applied.code == kExitOk);
    CHECK(applied.log.find("could not be told") != std::string::npos);
}

TEST_CASE("apply: a mistake writes nothing", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto wrong = fixture.Apply(Replaced(kYaml, "telegram", "telegrm"));
    CHECK(wrong.code == kExitBadInput);
    CHECK(wrong.log.find("tenants.yaml:8: tenants[0].channels[1].provider") != std::string::npos);
    CHECK(store::FindTenant(fixture.pool(), "acme").status().code() == Code::kNotFound);
}

TEST_CASE("apply: a route belongs to one tenant", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kYaml).code == kExitOk);
    const auto other = fixture.Apply(
        "tenants: [{name: rival, channels: [{name: x, provider: whatsapp, route: '1065'}]}]"
    );
    CHECK(other.code == kExitFailed);
    CHECK(other.log.find("tenant rival: channel x") != std::string::npos);
}

TEST_CASE("apply: disabled channels and revoked keys", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto first = fixture.Apply(kYaml);
    REQUIRE(first.code == kExitOk);
    std::string yaml =
        Replaced(kYaml, "secret: first-Secret", "secret: first-Secret, disabled: true");
    yaml = Replaced(yaml, "[\"inbox:read\"]", "[\"inbox:read\"], revoked: true");
    REQUIRE(fixture.Apply(yaml).code == kExitOk);
    const std::string token = TokenOf(Row(first.json["channels"], "channel", "tg")["webhook_url"]);
    const auto channel = store::FindChannelByToken(fixture.pool(), crypto::Sha256(token));
    REQUIRE_OK(channel);
    CHECK(channel->disabled);
    const std::string key = first.json["api_keys"][0]["key"];
    const auto found = store::FindApiKey(fixture.lookups(), crypto::Sha256(key));
    REQUIRE_OK(found);
    CHECK(found->revoked);
}
