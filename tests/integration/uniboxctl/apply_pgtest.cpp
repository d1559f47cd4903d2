// uniboxctl apply: declarative, idempotent, rotates without a loss.
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "nats/connection.hpp"
#include "store/admin/objects.hpp"
#include "store/directory/lookups.hpp"
#include "subjects/subjects.hpp"
#include "support/api_keys.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitBadInput;
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
    const auto found = test::FindApiKey(fixture.lookups(), crypto::Sha256(key));
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
    REQUIRE_OK(test::FindApiKey(fixture.lookups(), crypto::Sha256(key)));
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
    REQUIRE_OK((*connection)->Subscribe(subjects::kChannelsChanged, [&](auto, auto) { ++told; }));
    REQUIRE_OK((*connection)->Flush(Millis(30'000)));
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

TEST_CASE("apply: a file that cannot be read is wrong input", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto missing = fixture.Run({"apply", "-f", "/nonexistent"});
    CHECK(missing.code == kExitBadInput);
    CHECK(missing.log.find("/nonexistent") != std::string::npos);
}

TEST_CASE("apply: a route belongs to one tenant, and the error says to which", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kYaml).code == kExitOk);
    const auto other = fixture.Apply(
        "tenants: [{name: rival, channels: [{name: x, provider: whatsapp, route: '1065'}]}]"
    );
    CHECK(other.code == kExitBadInput);
    CHECK(
        other.log.find(
            "tenants.yaml:1: tenants[0].channels[0].route: the route 1065 belongs to the "
            "channel acme/wa"
        ) != std::string::npos
    );
    // Nothing of the file was written.
    CHECK(store::FindTenant(fixture.pool(), "rival").status().code() == Code::kNotFound);
}

TEST_CASE("apply: a channel is bound to the app that signs for it", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kYaml).code == kExitOk);
    const auto app_of = [&](const std::string& channel) {
        const auto listed = fixture.Run({"channels"});
        return std::string(Row(listed.json["channels"], "channel", channel)["app"]);
    };
    CHECK(app_of("wa") == "meta");  // The only one there is.
    CHECK(app_of("tg") == "");
    const std::string second =
        "apps: [{name: rival, provider: meta, secret: other-secret, verify_token: v}]\n"
        "tenants: [{name: two, channels: [{name: x, provider: whatsapp, route: '99'APP}]}]";
    const auto unclear = fixture.Apply(Replaced(second, "APP", ""));
    CHECK(unclear.code == kExitBadInput);
    CHECK(
        unclear.log.find("channels[0].app: say which app serves it, one of meta, rival") !=
        std::string::npos
    );
    const auto unknown = fixture.Apply(Replaced(second, "APP", ", app: nobody"));
    CHECK(unknown.code == kExitBadInput);
    CHECK(unknown.log.find("there is no app nobody") != std::string::npos);
    REQUIRE(fixture.Apply(Replaced(second, "APP", ", app: rival")).code == kExitOk);
    CHECK(app_of("x") == "rival");
    CHECK(app_of("wa") == "meta");
    // Left out, it stays; named, it moves.
    REQUIRE(fixture.Apply(Replaced(second, "APP", "")).code == kExitOk);
    CHECK(app_of("x") == "rival");
    REQUIRE(fixture.Apply(Replaced(second, "APP", ", app: meta")).code == kExitOk);
    CHECK(app_of("x") == "meta");
    const auto elsewhere = fixture.Apply(
        "tenants: [{name: t, channels: [{name: b, provider: telegram, secret: s, app: meta}]}]"
    );
    CHECK(elsewhere.code == kExitBadInput);
    CHECK(elsewhere.log.find("no app serves channels of telegram") != std::string::npos);
}

// "one/a=1 two/b=2": the routes in force.
std::string RoutesOf(CtlFixture& fixture) {
    std::string routes;
    const auto listed = fixture.Run({"channels"});
    for (const auto& channel : listed.json["channels"]) {
        const std::string route = channel["route"];
        const auto found =
            store::FindChannelsByRoute(fixture.lookups(), v1::PROVIDER_WHATSAPP, {route});
        const std::string id = channel["channel_id"];
        const bool in_force =
            found.ok() && found->size() == 1 && found->front().channel.channel.ToString() == id;
        routes += (routes.empty() ? "" : " ") + channel["tenant"].get<std::string>() + "/" +
                  channel["channel"].get<std::string>() + "=" + (in_force ? route : "none");
    }
    return routes;
}

TEST_CASE("apply: routes move and are exchanged, in any order of the file", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto routes = [&](const std::string& a, const std::string& b, const std::string& c) {
        const auto channel = [](const std::string& name, const std::string& route) {
            return "{name: " + name + ", provider: whatsapp, route: '" + route + "'}";
        };
        return fixture.Apply(
            "tenants:\n  - {name: one, channels: [" + channel("a", a) + ", " + channel("b", b) +
            "]}\n  - {name: two, channels: [" + channel("c", c) + "]}\n"
        );
    };
    REQUIRE(routes("1", "2", "3").code == kExitOk);
    const auto swapped = routes("2", "1", "3");
    INFO(swapped.log);
    REQUIRE(swapped.code == kExitOk);
    CHECK(RoutesOf(fixture) == "one/a=2 one/b=1 two/c=3");
    CHECK(Row(swapped.json["channels"], "channel", "a")["change"] == "updated");
    CHECK(Row(swapped.json["channels"], "channel", "c")["change"] == "unchanged");
    REQUIRE(routes("3", "1", "2").code == kExitOk);  // Between tenants, the new owner first…
    CHECK(RoutesOf(fixture) == "one/a=3 one/b=1 two/c=2");
    REQUIRE(routes("9", "1", "3").code == kExitOk);  // … and last.
    CHECK(RoutesOf(fixture) == "one/a=9 one/b=1 two/c=3");
    REQUIRE(routes("3", "1", "9").code == kExitOk);
    const auto last = routes("3", "1", "9");
    for (const auto& row : last.json["channels"]) CHECK(row["change"] == "unchanged");
    // To a channel that is new.
    const auto moved = fixture.Apply(
        "tenants: [{name: new, channels: [{name: n, provider: whatsapp, route: '3'}]}, "
        "{name: one, channels: [{name: a, provider: whatsapp, route: '4'}]}]"
    );
    REQUIRE(moved.code == kExitOk);
    CHECK(Row(moved.json["channels"], "channel", "n")["change"] == "created");
    CHECK(RoutesOf(fixture) == "one/a=4 one/b=1 two/c=9 new/n=3");
}

TEST_CASE("apply: a final slash of public_base_url is no part of any URL", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const std::string yaml =
        "tenants: [{name: acme, channels: [{name: sms, provider: twilio, secret: auth-token, "
        "public_base_url: 'https://sms.example.com/in/'}]}]";
    const auto applied = fixture.Apply(yaml);
    INFO(applied.log);
    REQUIRE(applied.code == kExitOk);
    const std::string url = applied.json["channels"][0]["webhook_url"];
    CHECK(url.rfind("https://sms.example.com/in/v1/hooks/twilio/", 0) == 0);
    CHECK(fixture.Run({"channels"}).json["channels"][0]["webhook_url"] == url);
    const auto tenant = store::FindTenant(fixture.pool(), "acme");
    REQUIRE_OK(tenant);
    const auto channel = store::FindChannelBySlug(fixture.pool(), tenant->tenant, "sms");
    REQUIRE_OK(channel);
    CHECK(channel->spec.public_base_url == "https://sms.example.com/in");
    CHECK(fixture.Apply(kYaml, {"--public-base-url", "hooks.example.com"}).code == kExitBadInput);
}

TEST_CASE("apply: a name has one key, and a key one name", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto with_key = [&](const std::string& tenant, const Secret& key) {
        return fixture.Apply(
            "tenants: [{name: " + tenant + ", api_keys: [{name: k, scopes: ['inbox:read'], key: " +
            std::string(key.Reveal()) + "}]}]"
        );
    };
    const Secret first = crypto::NewApiKey();
    REQUIRE(with_key("acme", first).code == kExitOk);
    CHECK(with_key("acme", first).json["api_keys"][0]["change"] == "unchanged");
    const auto other = with_key("acme", crypto::NewApiKey());
    CHECK(other.code == kExitBadInput);
    CHECK(other.log.find("another key has this name: use a new name") != std::string::npos);
    const auto stolen = with_key("rival", first);
    CHECK(stolen.code == kExitBadInput);
    CHECK(stolen.log.find("in use under another name or by another tenant") != std::string::npos);
    CHECK(store::FindTenant(fixture.pool(), "rival").status().code() == Code::kNotFound);
    CHECK(stolen.log.find("duplicate key") == std::string::npos);
}

TEST_CASE("apply: revoking tells what it did", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kYaml).code == kExitOk);
    const std::string yaml = Replaced(kYaml, "[\"inbox:read\"]", "[\"inbox:read\"], revoked: true");
    CHECK(fixture.Apply(yaml).json["api_keys"][0]["change"] == "revoked");
    CHECK(fixture.Apply(yaml).json["api_keys"][0]["change"] == "unchanged");
    const auto absent = fixture.Apply(Replaced(yaml, "helpdesk", "helpdsk"));
    CHECK(absent.code == kExitBadInput);
    CHECK(
        absent.log.find("api_keys[0].revoked: there is no API key of this name") !=
        std::string::npos
    );
}

TEST_CASE("apply: a new key is shown also when its fate is unknown", "[pg][uniboxctl]") {
    CtlFixture fixture;
    // The connection is lost while the transaction commits.
    test::PgServer::Shared().Run(
        fixture.database().name(),
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
        "CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON api_keys DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION lose()"
    );
    const auto lost = fixture.Apply(kYaml);
    CHECK(lost.code == ctl::kExitUnavailable);
    CHECK(lost.log.find("OUTCOME_UNKNOWN") != std::string::npos);
    CHECK(lost.log.find("Apply the file again") != std::string::npos);
    CHECK(lost.json["api_keys"][0]["key"].get<std::string>().rfind("ubk_", 0) == 0);
    CHECK(fixture.Ask("SELECT count(*) FROM tenants") == "0");
    test::PgServer::Shared().Run(fixture.database().name(), "DROP TRIGGER lose ON api_keys");

    const auto made =
        fixture.RunForPeople({"apply", "-f", (fixture.folder() / "tenants.yaml").string()});
    INFO(made.log);
    REQUIRE(made.code == kExitOk);
    const std::string key = made.out.substr(made.out.find("ubk_"), 47);
    REQUIRE_OK(test::FindApiKey(fixture.lookups(), crypto::Sha256(key)));
    CHECK(made.out.find("WEBHOOK URL") != std::string::npos);
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
    const auto found = test::FindApiKey(fixture.lookups(), crypto::Sha256(key));
    REQUIRE_OK(found);
    CHECK(found->revoked);
}
