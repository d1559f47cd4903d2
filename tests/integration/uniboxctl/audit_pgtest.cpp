// Every verb that changes something is told in the audit, and no secret is.
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "nats/streams.hpp"
#include "pg/transaction.hpp"
#include "store/writer/partitions.hpp"
#include "subjects/subjects.hpp"
#include "support/status_matchers.hpp"
#include "unibox/event/v1/feed.pb.h"
#include "uniboxctl/actor.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <iterator>
#include <set>
#include <sstream>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitBadInput;
using ctl::kExitFailed;
using ctl::kExitOk;

namespace {

// All that stand under "Subcommands:" of a verb's help, down to those that have none.
std::set<std::string> VerbsBelow(CtlFixture& fixture, const std::vector<std::string>& verb) {
    std::vector<std::string> arguments = verb;
    arguments.emplace_back("--help");
    std::istringstream help(fixture.RunForPeople(arguments).out);
    std::set<std::string> verbs;
    bool is_list = false;
    for (std::string line; std::getline(help, line);) {
        if (line == "Subcommands:") {
            is_list = true;
        } else if (is_list && line.starts_with("  ") && line[2] != ' ') {
            std::vector<std::string> path = verb;
            path.push_back(line.substr(2, line.find(' ', 2) - 2));
            verbs.merge(VerbsBelow(fixture, path));
        } else if (line.empty()) {
            is_list = false;
        }
    }
    if (!verbs.empty()) return verbs;
    std::string name;
    for (const std::string& word : verb) name += (name.empty() ? "" : " ") + word;
    return {name};
}

// "old > new" of the rows of a verb, the oldest first.
std::vector<std::string> ChangesOf(CtlFixture& fixture, const std::string& verb) {
    std::vector<std::string> changes;
    const auto rows = fixture.Run({"audit", "list"}).json["audit"];
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        if ((*row)["verb"] != verb) continue;
        changes.push_back(
            std::string((*row)["kind"]) + " " + std::string((*row)["outcome"]) + ": " +
            (*row)["old"].dump() + " > " + (*row)["new"].dump()
        );
    }
    return changes;
}

void StoreRawSms(CtlFixture& fixture) {
    const std::string channel = fixture.Run({"channels"}).json["channels"][0]["channel_id"];
    event::v1::RawWebhook raw;
    raw.set_provider("twilio");
    raw.set_method("GET");
    raw.set_query("AccountSid=AC1&From=%2B1&To=%2B2&Body=hi&MessageSid=SM1");
    raw.set_receive_time_ms(SystemClock().UnixMillis());
    raw.set_tenant_id(*ParseInt64(fixture.Ask("SELECT max(tenant_id) FROM tenants")));
    raw.set_channel_id(Uuid::Parse(channel)->ToBytes());
    fixture.Store(subjects::RawSubject("twilio"), raw.SerializeAsString());
}

std::vector<std::string> Words(const std::string& line) {
    std::istringstream words(line);
    return {std::istream_iterator<std::string>(words), {}};
}

// A conversation that there is not.
constexpr const char* kMiscounted =
    "INSERT INTO conversation_tallies SELECT tenant_id, channel_id, 1, gen_random_uuid(), "
    "gen_random_uuid(), 0, 1, 0, 0, 0 FROM channels";

void MakeDeadLetter(CtlFixture& fixture) {
    const auto connection = fixture.Connect();
    const auto event = nats::Streams(*connection).Get("UB_IN_1_00", 1);
    REQUIRE_OK(event);
    test::PgServer::Shared().Run(
        fixture.database().name(),
        "INSERT INTO dead_letter (generation, partition, stream_seq, event, sqlstate, error) "
        "VALUES (1, 0, 5, decode('" +
            HexEncode(event->payload) + "', 'hex'), '22001', 'too long')"
    );
}

// Each verb that changes something, run so that it does.
std::vector<std::pair<std::string, std::function<void(CtlFixture&)>>> ChangingVerbs() {
    const auto run = [](std::vector<std::string> arguments) {
        return [arguments](CtlFixture& fixture) {
            const auto outcome = fixture.Run(arguments);
            INFO(outcome.log);
            CHECK(outcome.code == kExitOk);
        };
    };
    const auto sql = [](CtlFixture& fixture, const std::string& text) {
        test::PgServer::Shared().Run(fixture.database().name(), text);
    };
    const std::vector<std::string> partition{"--partition", "0"};
    return {
        {"streams ensure",
         run({"streams", "ensure", "--partitions", "1", "--in-bytes-max", "33554432"})},
        {"apply",
         [](CtlFixture& fixture) {
             CHECK(
                 fixture
                     .Apply("tenants: [{name: a, channels: [{name: sms, provider: twilio, "
                            "secret: auth-token}]}]")
                     .code == kExitOk
             );
         }},
        {"counts repair",
         [=](CtlFixture& fixture) {
             sql(fixture, kMiscounted);
             run({"counts", "repair", "--tenant", "a"})(fixture);
         }},
        {"export",  // Takes secrets out.
         [run](CtlFixture& fixture) {
             const std::string folder = (fixture.folder() / "taken").string();
             run({"export", "--secrets-folder", folder})(fixture);
         }},
        {"issuers put",
         run(Words("issuers put --tenant a --name sso --issuer https://login/ --audience unibox "
                   "--algorithms EdDSA --jwks-url https://login/keys"))},
        {"issuers remove", run({"issuers", "remove", "--tenant", "a", "--name", "sso"})},
        {"partitions skip",
         [=](CtlFixture& fixture) {
             REQUIRE_OK(store::EnsurePartition(fixture.pool(), {1, 0}, 1'700'000'000'000));
             run({"partitions", "skip", "--partition", "0", "--to", "3", "--force", "--by", "jane"}
             )(fixture);
         }},
        {"partitions resume",
         [=](CtlFixture& fixture) {
             sql(fixture, "UPDATE ingest_partition SET stopped_reason = 'poison'");
             run({"partitions", "resume", "--partition", "0"})(fixture);
         }},
        {"partitions reset", run({"partitions", "reset", "--partition", "0"})},
        {"restored", run({"restored"})},
        {"raw replay",
         [=](CtlFixture& fixture) {
             StoreRawSms(fixture);
             run({"raw", "replay", "1"})(fixture);
         }},
        {"dead-letters replay",
         [=](CtlFixture& fixture) {
             MakeDeadLetter(fixture);
             run({"dead-letters", "replay", "--all"})(fixture);
         }},
        {"streams seal", [=](CtlFixture& fixture) {
             run({"streams", "ensure", "--generation", "2", "--partitions", "2"})(fixture);
             run({"streams", "seal", "--generation", "1"})(fixture);
         }}};
}

}  // namespace

TEST_CASE("audit: every verb that changes something is told", "[pg][uniboxctl]") {
    CtlFixture fixture;
    // migrate has its own test below; selftest writes with what apply's tables tell by themselves.
    std::set<std::string> changing{"migrate", "selftest"};
    for (const auto& [verb, run] : ChangingVerbs()) {
        CAPTURE(verb);
        changing.insert(verb);
        run(fixture);
        const auto rows = fixture.Run({"audit", "list", "--limit", "1"}).json["audit"];
        REQUIRE(rows.size() == 1);
        CHECK(rows[0]["verb"] == verb);
        CHECK(rows[0]["outcome"] == "done");
        CHECK(rows[0]["db_user"] == "ub_admin");
        CHECK(rows[0]["actor"] == (verb == "partitions skip" ? "jane" : ctl::UserAndHost()));
    }
    const std::set<std::string> reading{
        "audit list",
        "channels",
        "counts check",
        "dead-letters list",
        "dead-letters show",
        "issuers list",
        "key generate",
        "keys",
        "partitions breaks",
        "partitions gaps",
        "partitions list",
        "raw list",
        "raw show",
        "streams list",
        "tenants",
        "webhook send"};
    std::set<std::string> known = changing;
    known.insert(reading.begin(), reading.end());
    // A new verb is told in the audit, and stands above, or changes nothing.
    CHECK(VerbsBelow(fixture, {}) == known);
    CHECK(
        ChangesOf(fixture, "streams seal") ==
        std::vector<std::string>{
            "streams begun: null > null",
            R"(streams done: {"UB_IN_1_00":{"age_max_ms":604800000,"bytes_max":33554432,)"
            R"("dedup_window_ms":120000,"replicas":1,"sealed":false}} > )"
            R"({"UB_IN_1_00":{"age_max_ms":604800000,"bytes_max":33554432,)"
            R"("dedup_window_ms":120000,"replicas":1,"sealed":true}})"}
    );
    CHECK(
        ChangesOf(fixture, "raw replay") ==
        std::vector<std::string>{
            "raw_webhook begun: null > null",
            R"(raw_webhook done: null > {"stored":1})",
            R"(raw_webhook done: null > {"stored":1})"}
    );
    const auto resumed = ChangesOf(fixture, "partitions resume");
    REQUIRE(resumed.size() == 1);
    CHECK(resumed[0].find(R"("stopped_reason":"poison"} > )") == std::string::npos);
    CHECK(resumed[0].find(R"("stopped_reason":"poison")") != std::string::npos);
}

TEST_CASE("audit: a migration is told by the one that has an audit", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto empty = test::PgServer::Shared().CreateEmptyDatabase();
    const std::string url = "postgres.url=" + empty.url("postgres");
    REQUIRE(fixture.Run({"--set", url, "migrate"}).code == kExitOk);
    const auto rows = fixture.Run({"--set", url, "audit", "list"}).json["audit"];
    REQUIRE(!rows.empty());
    for (const auto& row : rows) {
        CHECK(row["verb"] == "migrate");
        CHECK(row["kind"] == "schema");
    }
    CHECK(rows.back()["new"]["name"] == "0019_admin_audit");
}

TEST_CASE("audit: what failed outside of PostgreSQL says so", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Run({"streams", "ensure", "--partitions", "1"}).code == kExitOk);
    for (int i = 0; i < 8; ++i) {
        fixture.Store(subjects::InSubject(1, 0, TenantId{1}), std::string(512 * 1024, 'x'));
    }
    CHECK(fixture.Run({"streams", "ensure", "--in-bytes-max", "1048576"}).code == kExitFailed);
    const auto row = fixture.Run({"audit", "list", "--limit", "1"}).json["audit"][0];
    CHECK(std::string(row["outcome"]).starts_with("failed: "));
    CHECK(std::string(row["outcome"]).find("UB_IN_1_00 holds 4") != std::string::npos);
}

TEST_CASE("audit: no secret, and nothing that could be compared with one", "[pg][uniboxctl]") {
    CtlFixture fixture;
    std::vector<std::string> secrets;
    std::string keys;
    for (const std::string round : {"one", "two"}) {
        for (const std::string what : {"app", "verify", "channel", "token"}) {
            secrets.push_back(what + "-secret-of-round-" + round);
        }
        secrets.emplace_back(crypto::NewApiKey().Reveal());
        const auto at = [&](std::size_t i) { return secrets[secrets.size() - 5 + i]; };
        const auto applied = fixture.Apply(
            "apps: [{name: app, provider: meta, secret: " + at(0) + ", verify_token: " + at(1) +
            "}]\ntenants: [{name: a, channels: [{name: tg, provider: telegram, secret: " + at(2) +
            ", token: " + at(3) + "}], api_keys: [{name: k" + round + ", key: " + at(4) +
            ", scopes: ['inbox:read']}, {name: made" + round + ", scopes: ['inbox:read']}]}]"
        );
        INFO(applied.log);
        REQUIRE(applied.code == kExitOk);
        for (const auto& key : applied.json["api_keys"]) {
            const std::string shown = key["key"];
            if (shown.starts_with("ubk_")) secrets.push_back(shown);
        }
    }
    REQUIRE(secrets.size() == 12);
    const std::string audit = fixture.Ask("SELECT string_agg(a::text, ' ') FROM admin_audit a");
    CHECK(audit.find("(changed)") != std::string::npos);
    const std::string list = fixture.Run({"audit", "list"}).out;
    for (const std::string& secret : secrets) {
        for (const std::string& text : {audit, list}) {
            CAPTURE(secret);
            CHECK(text.find(secret) == std::string::npos);
            CHECK(text.find(secret.substr(4)) == std::string::npos);
            CHECK(text.find(Base64Encode(secret)) == std::string::npos);
            CHECK(text.find(HexEncode(secret)) == std::string::npos);
            CHECK(text.find(HexEncode(crypto::Sha256(secret))) == std::string::npos);
            CHECK(text.find(HexEncode(fixture.box().Fingerprint(Secret(secret)))) == text.npos);
        }
    }
    // Whatever else the tables hold of them.
    for (const std::string column :
         {"sealed FROM channel_secrets",
          "sealed FROM provider_app_secrets",
          "verify_token_sealed FROM provider_apps",
          "key_hash FROM api_keys",
          "token_hash FROM channels"}) {
        const std::string stored = fixture.Ask(
            "SELECT string_agg(encode(x, 'hex'), ' ') FROM (SELECT " +
            std::string(column).insert(column.find(' '), " AS x") + ") s"
        );
        std::istringstream values(stored);
        int count = 0;
        for (std::string value; values >> value; ++count) {
            CAPTURE(column);
            CHECK(audit.find(value) == std::string::npos);
        }
        CHECK(count > 0);
    }
}

TEST_CASE("audit: one command, one tenant, one day", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const std::string both =
        "tenants: [{name: a, api_keys: [{name: k, scopes: ['inbox:read']}]}, "
        "{name: b}]";
    REQUIRE(fixture.Apply(both, {"--by", "Jane Doe"}).code == kExitOk);
    REQUIRE(fixture.Apply(both).code == kExitOk);  // Nothing to change, nothing to tell.
    const auto all = fixture.Run({"audit", "list", "--since", "1h"}).json["audit"];
    std::set<std::string> requests;
    std::set<std::string> kinds;
    for (const auto& row : all) {
        if (row["kind"] == "schema") continue;
        requests.insert(row["request_id"]);
        kinds.insert(std::string(row["kind"]) + " " + std::string(row["name"]));
        CHECK(row["actor"] == "Jane Doe");
        CHECK(row["verb"] == "apply");
    }
    CHECK(requests.size() == 1);
    CHECK(kinds == std::set<std::string>{"tenant a", "tenant b", "api_key k"});
    const auto of_a = fixture.Run({"audit", "list", "--tenant", "a"}).json["audit"];
    CHECK(of_a.size() == 2);
    CHECK(of_a[0]["tenant_id"].is_number());
    CHECK(fixture.Run({"audit", "list", "--since", "2100-01-01"}).json["audit"].empty());
    CHECK(fixture.Run({"audit", "list", "--tenant", "nobody"}).code == kExitFailed);
    CHECK(fixture.Run({"audit", "list", "--since", "yesterday"}).code == kExitBadInput);
    CHECK(fixture.Run({"tenants", "--by", "a\x1b"}).code == kExitBadInput);
    const auto people = fixture.RunForPeople({"audit", "list", "--tenant", "b"});
    CHECK(people.out.find("Jane Doe  apply") != std::string::npos);
    const auto unnamed = fixture.Run({"partitions", "skip", "--partition", "0"});
    CHECK(unnamed.code == kExitBadInput);
    CHECK(unnamed.log.find("--by NAME") != std::string::npos);
}
