#include "gateway/authn.hpp"

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "obs/log.hpp"
#include "pg/values.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::HasCode;

namespace {

// A directory of keys that tests change, and count the questions to.
struct Bench {
    explicit Bench(gateway::AuthnSettings settings = {})
        : authenticator(
              settings,
              [this](const std::string& hash, SteadyTime deadline) -> Result<store::ApiKeyInfo> {
                  ++lookups;
                  asked_until = deadline;
                  if (gate.valid()) gate.wait();
                  if (away) return Unavailable("no connection").WithReason("08006");
                  const auto found = keys.find(hash);
                  if (found == keys.end()) return NotFound("no such key");
                  return found->second;
              },
              clock,
              metrics
          ) {}

    // A new key of tenant 7 with scope inbox:read.
    std::string Add(const std::function<void(store::ApiKeyInfo&)>& change = {}) {
        const std::string key(crypto::NewApiKey().Reveal());
        store::ApiKeyInfo info;
        info.tenant = TenantId{7};
        info.scopes = {"inbox:read"};
        info.expires_at_ms = pg::kInfinity.unix_ms;
        if (change) change(info);
        keys[crypto::Sha256(key)] = info;
        return key;
    }
    Result<gateway::Principal> Check(
        const std::string& key, const std::string& scope = "inbox:read"
    ) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        return authenticator.Check("Bearer " + key, scope, deadline);
    }

    test::FakeClock clock;
    obs::Metrics metrics;
    std::map<std::string, store::ApiKeyInfo> keys;
    std::atomic<int> lookups{0};
    std::atomic<bool> away{false};
    SteadyTime asked_until;
    std::shared_future<void> gate;
    gateway::Authenticator authenticator;
};

}  // namespace

TEST_CASE("Authn: a known key gives its tenant and is asked for once", "[unit][gateway]") {
    Bench bench;
    const auto key = bench.Add();
    for (int i = 0; i < 3; ++i) {
        const auto caller = bench.Check(key);
        REQUIRE_OK(caller);
        CHECK(caller->tenant == TenantId{7});
    }
    CHECK(bench.lookups == 1);
    CHECK_THAT(bench.Check(key, "ingest:write").status(), HasCode(Code::kPermissionDenied));
}

TEST_CASE("Authn: whatever is wrong with a key, the refusal is the same", "[unit][gateway]") {
    Bench bench;
    const auto revoked = bench.Add([](auto& info) { info.revoked = true; });
    const auto expired = bench.Add([](auto& info) { info.expired = true; });
    const auto disabled = bench.Add([](auto& info) { info.tenant_disabled = true; });
    const std::string unknown(crypto::NewApiKey().Reveal());
    const Status first = bench.Check(unknown).status();
    CHECK_THAT(first, HasCode(Code::kUnauthenticated));
    for (const std::string& key : {revoked, expired, disabled, std::string("ubk_short")}) {
        const Status status = bench.Check(key).status();
        CHECK(status.ToString() == first.ToString());
        CHECK(status.reason() == first.reason());
    }
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    const auto good = bench.Add();
    for (const std::string& header :
         {std::string(), std::string("Bearer"), "Basic " + good, good}) {
        CHECK(
            bench.authenticator.Check(header, "inbox:read", deadline).status().ToString() ==
            first.ToString()
        );
    }
    REQUIRE_OK(bench.authenticator.Check("bearer  " + good, "inbox:read", deadline));
}

TEST_CASE("Authn: what has not the form of a key is never looked up", "[unit][gateway]") {
    Bench bench;
    for (const std::string& key : {std::string(""), std::string("x"), std::string(5000, 'a')}) {
        CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));
    }
    CHECK(bench.lookups == 0);
}

TEST_CASE("Authn: entries age; a revoked key works no longer than 30 s", "[unit][gateway]") {
    Bench bench;
    const auto key = bench.Add();
    REQUIRE_OK(bench.Check(key));
    bench.keys[crypto::Sha256(key)].revoked = true;
    bench.clock.Advance(Millis(29'999));
    REQUIRE_OK(bench.Check(key));
    bench.clock.Advance(Millis(1));
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));

    const std::string later(crypto::NewApiKey().Reveal());
    CHECK_FALSE(bench.Check(later).ok());
    const int lookups = bench.lookups;
    CHECK_FALSE(bench.Check(later).ok());
    CHECK(bench.lookups == lookups);
    auto info = bench.keys[crypto::Sha256(key)];
    info.revoked = false;
    bench.keys[crypto::Sha256(later)] = info;
    bench.clock.Advance(Millis(5'000));
    REQUIRE_OK(bench.Check(later));
}

TEST_CASE("Authn: a key that expires while cached is refused at once", "[unit][gateway]") {
    Bench bench;
    const auto expires_at = bench.clock.UnixMillis() + 1'000;
    const auto key = bench.Add([&](auto& info) { info.expires_at_ms = expires_at; });
    REQUIRE_OK(bench.Check(key));
    bench.clock.Advance(Millis(1'000));
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));
    CHECK(bench.lookups == 1);
}

TEST_CASE("Authn: while the directory is away, cached keys work until too old", "[unit][gateway]") {
    Bench bench;
    const auto key = bench.Add();
    const auto other = bench.Add();
    REQUIRE_OK(bench.Check(key));
    bench.away = true;
    REQUIRE_OK(bench.Check(key));
    CHECK_THAT(bench.Check(other).status(), HasCode(Code::kUnavailable));
    bench.clock.Advance(Millis(30'000));
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnavailable));
    bench.away = false;  // A failure is not kept.
    REQUIRE_OK(bench.Check(key));
    REQUIRE_OK(bench.Check(other));
}

TEST_CASE("Authn: an outage of the directory is in the log, once a second", "[unit][gateway]") {
    std::vector<std::string> lines;
    const obs::LogCaptureForTest capture([&](std::string_view line) { lines.emplace_back(line); });
    Bench bench;
    bench.away = true;
    const auto key = bench.Add();
    for (int i = 0; i < 5; ++i) {
        const Status status = bench.Check(key).status();
        CHECK_THAT(status, HasCode(Code::kUnavailable));
        CHECK(status.reason() == "DIRECTORY_UNAVAILABLE");
        CHECK(status.message().find("no connection") == std::string::npos);
    }
    CHECK(bench.lookups == 5);
    REQUIRE(lines.size() == 1);
    for (const char* part : {"\"level\":\"warn\"", "no connection", "\"sqlstate\":\"08006\""}) {
        CHECK(lines[0].find(part) != std::string::npos);
    }
    bench.clock.Advance(Millis(1'000));
    CHECK_FALSE(bench.Check(key).ok());
    CHECK(lines.size() == 2);
    CHECK_FALSE(bench.Check(std::string(crypto::NewApiKey().Reveal())).ok());
    CHECK(lines.size() == 2);
    // A key that does not exist is no outage.
    bench.away = false;
    bench.clock.Advance(Millis(1'000));
    CHECK_FALSE(bench.Check(std::string(crypto::NewApiKey().Reveal())).ok());
    CHECK(lines.size() == 2);
}

TEST_CASE("Authn: a lookup knows the deadline of its call", "[unit][gateway]") {
    Bench bench;
    const auto deadline = std::chrono::steady_clock::now() + 7s;
    REQUIRE_OK(bench.authenticator.Check("Bearer " + bench.Add(), "inbox:read", deadline));
    CHECK(bench.asked_until == deadline);
}

TEST_CASE("Authn: many calls with one key make one lookup", "[unit][gateway]") {
    Bench bench;
    const auto key = bench.Add();
    std::promise<void> open;
    bench.gate = open.get_future().share();
    std::atomic<int> good{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] { good += bench.Check(key).ok() ? 1 : 0; });
    }
    CHECK(test::Eventually(5s, [&] { return bench.lookups == 1; }));
    // One who cannot wait gets no answer, and does not make another lookup.
    const auto soon = std::chrono::steady_clock::now() + 1ms;
    CHECK_THAT(
        bench.authenticator.Check("Bearer " + key, "inbox:read", soon).status(),
        HasCode(Code::kDeadlineExceeded)
    );
    open.set_value();
    for (auto& caller : callers) caller.join();
    CHECK(good == 8);
    CHECK(bench.lookups == 1);
}

TEST_CASE(
    "Authn: the caches are bounded; unknown keys cannot push out known ones", "[unit][gateway]"
) {
    gateway::AuthnSettings settings;
    settings.known_count_max = 2;
    settings.unknown_count_max = 3;
    Bench bench(settings);
    const auto first = bench.Add();
    const auto second = bench.Add();
    REQUIRE_OK(bench.Check(first));
    REQUIRE_OK(bench.Check(second));
    for (int i = 0; i < 10; ++i)
        CHECK_FALSE(bench.Check(std::string(crypto::NewApiKey().Reveal())).ok());
    const int lookups = bench.lookups;
    REQUIRE_OK(bench.Check(first));
    REQUIRE_OK(bench.Check(second));
    CHECK(bench.lookups == lookups);
    REQUIRE_OK(bench.Check(bench.Add()));  // Pushes out the first.
    REQUIRE_OK(bench.Check(first));
    CHECK(bench.lookups == lookups + 2);
}
