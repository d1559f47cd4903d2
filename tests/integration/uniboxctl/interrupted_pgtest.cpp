// uniboxctl apply that is killed, that meets another one, and the keys that it makes.
#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "pg/transaction.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using ctl::CtlFixture;
using ctl::kExitBadInput;
using ctl::kExitFailed;
using ctl::kExitOk;

namespace {

constexpr Millis kLong{120'000};
constexpr int kTenantCount = 400;

// Tenants with a channel and a key each; a prefix for each file.
std::filesystem::path WriteFile(CtlFixture& fixture, const std::string& prefix) {
    const auto path = fixture.folder() / (prefix + ".yaml");
    std::ofstream file(path);
    file << "tenants:\n";
    for (int i = 0; i < kTenantCount; ++i) {
        file << "  - name: " << prefix << "-" << i << "\n"
             << "    channels: [{name: tg, provider: telegram, secret: abc}]\n"
             << "    api_keys: [{name: k, scopes: ['inbox:read']}]\n";
    }
    return path;
}

// The hashes of the keys in a text.
std::set<std::string> HashesIn(const std::string& text) {
    constexpr std::size_t kKeyLength = 47;
    std::set<std::string> hashes;
    for (std::size_t at = text.find("ubk_"); at != text.npos; at = text.find("ubk_", at + 1)) {
        hashes.insert(crypto::Sha256(text.substr(at, kKeyLength)));
    }
    return hashes;
}

std::set<std::string> StoredHashes(CtlFixture& fixture) {
    std::istringstream lines(
        fixture.Ask("SELECT string_agg(encode(key_hash, 'hex'), ' ') FROM api_keys")
    );
    std::set<std::string> hashes;
    for (std::string hash; lines >> hash;) hashes.insert(*HexDecode(hash));
    return hashes;
}

// Whoever holds it keeps every apply waiting.
constexpr const char* kHoldLock = "SELECT pg_advisory_lock(1970170210, 13)";

}  // namespace

TEST_CASE("apply: killed at any moment, every stored key was printed", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto started = std::chrono::steady_clock::now();
    auto whole = fixture.Start({"apply", "-f", WriteFile(fixture, "first").string()});
    REQUIRE(whole->WaitForExit(kLong) == kExitOk);
    const auto length =
        std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - started);
    std::set<std::string> printed = HashesIn(whole->output());
    REQUIRE(printed.size() == kTenantCount);
    CHECK(printed == StoredHashes(fixture));

    std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<std::int64_t> moment(0, length.count());
    for (int i = 0; i < 8; ++i) {
        const std::string prefix = "killed" + std::to_string(i);
        auto process = fixture.Start({"apply", "-f", WriteFile(fixture, prefix).string()});
        static_cast<void>(process->WaitForExit(Millis(moment(random))));
        process->Signal(i % 2 == 0 ? SIGKILL : SIGTERM);
        REQUIRE(process->WaitForExit(kLong).has_value());
        printed.merge(HashesIn(process->output()));
        // The server ends what the client left.
        REQUIRE(test::Eventually(kLong, [&] {
            return fixture.Ask(
                       "SELECT count(*) FROM pg_stat_activity WHERE usename = 'ub_admin' "
                       "AND datname = current_database()"
                   ) == "0";
        }));
        const std::string made =
            fixture.Ask("SELECT count(*) FROM tenants WHERE slug LIKE '" + prefix + "-%'");
        CHECK((made == "0" || made == std::to_string(kTenantCount)));
        for (const std::string& hash : StoredHashes(fixture)) REQUIRE(printed.contains(hash));
    }
}

TEST_CASE("apply: several at once are done one after the other", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const std::string path = WriteFile(fixture, "same").string();
    std::vector<std::unique_ptr<test::Process>> processes;
    for (int i = 0; i < 3; ++i) processes.push_back(fixture.Start({"apply", "-f", path}));
    int made = 0;
    for (auto& process : processes) {
        CHECK(process->WaitForExit(kLong) == kExitOk);
        INFO(process->output().substr(0, 1000));
        made += HashesIn(process->output()).empty() ? 0 : 1;
    }
    CHECK(made == 1);
    CHECK(fixture.Ask("SELECT count(*) FROM tenants") == std::to_string(kTenantCount));
}

TEST_CASE("apply: waits for another one, and ends in order when told to", "[pg][uniboxctl]") {
    CtlFixture fixture;
    auto pool = pg::Pool::Create(fixture.database().settings(), fixture.metrics());
    REQUIRE_OK(pool);
    auto holder = pg::SystemTx::Begin(**pool, pg::Access::kReadOnly);
    REQUIRE_OK(holder);
    REQUIRE_OK(holder->ExecuteUnprepared(kHoldLock));
    REQUIRE_OK(holder->Commit());  // The session keeps it.
    const std::string path = WriteFile(fixture, "late").string();
    const auto impatient = fixture.Run({"apply", "-f", path, "--wait-s", "0"});
    CHECK(impatient.code == kExitFailed);
    CHECK(impatient.log.find("APPLY_RUNNING") != std::string::npos);
    CHECK(impatient.out.empty());

    auto process = fixture.Start({"apply", "-f", path});
    REQUIRE(process->WaitForLine("another apply is running", kLong));
    process->Signal(SIGTERM);
    CHECK(process->WaitForExit(kLong) == kExitFailed);
    CHECK(process->output().find("ended by a signal") != std::string::npos);
    CHECK(fixture.Ask("SELECT count(*) FROM tenants") == "0");
}

TEST_CASE("apply: new keys go into a file of the owner's, line by line", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const auto path = fixture.folder() / "keys.jsonl";
    const auto apply = [&](const std::string& name) {
        return fixture.Apply(
            "tenants: [{name: " + name + ", api_keys: [{name: k, scopes: ['inbox:read']}]}]",
            {"--keys-file", path.string()}
        );
    };
    const auto first = apply("one");
    INFO(first.log);
    REQUIRE(first.code == kExitOk);
    CHECK(HashesIn(first.out).empty());
    CHECK(first.json["api_keys"][0]["key"] == "(in " + path.string() + ")");
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    REQUIRE(apply("one").code == kExitOk);  // Makes none.
    REQUIRE(apply("two").code == kExitOk);
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    CHECK(HashesIn(text.str()) == StoredHashes(fixture));
    std::string line;
    REQUIRE(std::getline(text, line));
    const auto key = nlohmann::json::parse(line);
    CHECK(key["tenant"] == "one");
    CHECK(key["name"] == "k");
    CHECK(key["scopes"] == nlohmann::json{"inbox:read"});

    REQUIRE(chmod(path.c_str(), 0644) == 0);
    const auto refused = apply("three");
    CHECK(refused.code == kExitBadInput);
    CHECK(refused.log.find("must be a file of mode 0600") != std::string::npos);
    CHECK(fixture.Ask("SELECT count(*) FROM tenants") == "2");
}

TEST_CASE("apply: what cannot be printed is not stored", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const std::string path = WriteFile(fixture, "unseen").string();
    std::ofstream full("/dev/full");
    std::ostringstream log;
    std::vector<std::string> arguments{"--output", "json"};
    for (const std::string& setting :
         {"postgres.url=" + fixture.database().url("ub_admin"),
          "nats.url=" + fixture.nats().url(),
          "secrets.key_file=" + (fixture.folder() / "seal.key").string()}) {
        arguments.insert(arguments.end(), {"--set", setting});
    }
    arguments.insert(arguments.end(), {"apply", "-f", path});
    CHECK(ctl::RunProgram(arguments, full, log) == kExitFailed);
    CHECK(log.str().find("could not be printed: nothing was stored") != std::string::npos);
    CHECK(fixture.Ask("SELECT count(*) FROM tenants") == "0");
}
