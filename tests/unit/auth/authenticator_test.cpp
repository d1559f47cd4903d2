#include "auth/authenticator.hpp"

#include "auth/refusal_log.hpp"
#include "base/mutex.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "obs/log.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::HasCode;

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// A key is believed for 30 s, with a directory and without.
auth::Options AsGateway() {
    auth::Options options;
    options.cache.refresh_ms = options.cache.known_ms_max = options.cache.stale_ms_max = 30'000;
    options.cache.retry_ms = 0;
    return options;
}

// A directory of keys that tests change, and count the questions to.
struct Bench {
    explicit Bench(auth::Options options = AsGateway())
        : authenticator(
              options,
              [this](const auto& hashes, SteadyTime) { return Find(hashes); },
              clock,
              metrics
          ) {}

    Result<domain::ApiKeysByHash> Find(const std::vector<std::string>& hashes) {
        ++lookups;
        if (gate.valid()) gate.wait();
        if (away) return Unavailable("no connection").WithReason("08006");
        const MutexLock lock(mutex);
        domain::ApiKeysByHash found;
        for (const auto& hash : hashes) {
            if (keys.contains(hash)) found.emplace(hash, keys[hash]);
        }
        return found;
    }
    void Change(const std::string& key, const std::function<void(domain::ApiKeyInfo&)>& change) {
        const MutexLock lock(mutex);
        change(keys[crypto::Sha256(key)]);
    }

    // A new key of tenant 7 with scope inbox:read.
    std::string Add(const std::function<void(domain::ApiKeyInfo&)>& change = {}) {
        const std::string key(crypto::NewApiKey().Reveal());
        domain::ApiKeyInfo info;
        info.tenant = TenantId{7};
        info.name = "robot";
        info.scopes = {"inbox:read"};
        info.expires_at_ms = kNever;
        if (change) change(info);
        const MutexLock lock(mutex);
        keys[crypto::Sha256(key)] = info;
        return key;
    }
    Result<auth::Principal> Check(const std::string& key, const std::string& scope = "inbox:read") {
        return CheckHeader("Bearer " + key, scope);
    }
    Result<auth::Principal> CheckHeader(
        const std::string& header,
        const std::string& scope = "inbox:read",
        const std::string& peer = "192.0.2.1"
    ) {
        return Ask(header, scope, peer).get();
    }
    std::future<Result<auth::Principal>> Ask(
        const std::string& header,
        const std::string& scope = "inbox:read",
        const std::string& peer = "192.0.2.1"
    ) {
        const auto answer = std::make_shared<std::promise<Result<auth::Principal>>>();
        authenticator.Check({header, peer}, scope, [answer](const auto& caller) {
            answer->set_value(caller);
        });
        return answer->get_future();
    }
    std::string Unknown() { return std::string(crypto::NewApiKey().Reveal()); }

    test::FakeClock clock;
    obs::Metrics metrics;
    Mutex mutex;
    std::map<std::string, domain::ApiKeyInfo> keys;
    std::atomic<int> lookups{0};
    std::atomic<bool> away{false};
    std::shared_future<void> gate;
    auth::Authenticator authenticator;
};

}  // namespace

TEST_CASE("Authenticator: a known key gives its tenant and is asked for once", "[unit][auth]") {
    Bench bench;
    const auto key = bench.Add();
    for (int i = 0; i < 3; ++i) {
        const auto caller = bench.Check(key);
        REQUIRE_OK(caller);
        CHECK(caller->tenant == TenantId{7});
        CHECK(caller->key_name == "robot");
    }
    CHECK(bench.lookups == 1);
    CHECK_THAT(bench.Check(key, "ingest:write").status(), HasCode(Code::kPermissionDenied));
}

TEST_CASE("Authenticator: whatever is wrong with a key, the refusal is the same", "[unit][auth]") {
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
    const auto good = bench.Add();
    for (const std::string& header :
         {std::string(), std::string("Bearer"), "Basic " + good, good}) {
        CHECK(bench.CheckHeader(header).status().ToString() == first.ToString());
    }
    REQUIRE_OK(bench.CheckHeader("bearer  " + good));
}

TEST_CASE("Authenticator: what has not the form of a key is never looked up", "[unit][auth]") {
    Bench bench;
    for (const std::string& key : {std::string(""), std::string("x"), std::string(5000, 'a')}) {
        CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));
    }
    CHECK(bench.lookups == 0);
}

TEST_CASE("Authenticator: entries age; a revoked key works no longer than 30 s", "[unit][auth]") {
    Bench bench;
    const auto key = bench.Add();
    REQUIRE_OK(bench.Check(key));
    bench.Change(key, [](auto& info) { info.revoked = true; });
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

TEST_CASE("Authenticator: a key that expires while cached is refused at once", "[unit][auth]") {
    Bench bench;
    const auto expires_at = bench.clock.UnixMillis() + 1'000;
    const auto key = bench.Add([&](auto& info) { info.expires_at_ms = expires_at; });
    REQUIRE_OK(bench.Check(key));
    bench.clock.Advance(Millis(1'000));
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));
    CHECK(bench.lookups == 1);
}

TEST_CASE(
    "Authenticator: while the directory is away, cached keys work until too old", "[unit][auth]"
) {
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

TEST_CASE(
    "Authenticator: an outage of the directory is in the log, once a second", "[unit][auth]"
) {
    std::vector<std::string> lines;
    const obs::LogCaptureForTest capture([&](std::string_view line) {
        if (line.find("credentials cannot") != std::string_view::npos) lines.emplace_back(line);
    });
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
    for (const char* part : {"\"level\":\"warn\"", "no connection", "\"reason\":\"08006\""}) {
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

TEST_CASE("Authenticator: many calls with one key make one lookup", "[unit][auth]") {
    Bench bench;
    const auto key = bench.Add();
    std::promise<void> open;
    bench.gate = open.get_future().share();
    std::vector<std::future<Result<auth::Principal>>> answers;
    for (int i = 0; i < 8; ++i) {
        answers.push_back(bench.Ask("Bearer " + key));
    }
    CHECK(test::Eventually(5s, [&] { return bench.lookups == 1; }));
    open.set_value();
    for (auto& answer : answers) REQUIRE_OK(answer.get());
    CHECK(bench.lookups == 1);
}

TEST_CASE("Authenticator: what is cached is answered at once while lookups hang", "[unit][auth]") {
    auth::Options options = AsGateway();
    options.cache.failed_per_s = 0;
    Bench bench(options);
    const auto key = bench.Add();
    const auto other = bench.Add();
    REQUIRE_OK(bench.Check(key));
    REQUIRE_OK(bench.Check(other));
    bench.clock.Advance(Millis(20'000));
    bench.Change(other, [](auto&) {});
    REQUIRE_OK(bench.Check(key));
    std::promise<void> open;
    bench.gate = open.get_future().share();
    std::vector<std::future<Result<auth::Principal>>> made_up;
    for (int i = 0; i < 50; ++i) {
        made_up.push_back(bench.Ask("Bearer " + bench.Unknown()));
    }
    CHECK(test::Eventually(5s, [&] { return bench.lookups == 4; }));  // As many as threads.
    REQUIRE_OK(bench.Check(key));
    // A key that was found before has threads of its own.
    bench.clock.Advance(Millis(10'000));
    auto renewed = bench.Ask("Bearer " + other);
    CHECK(test::Eventually(5s, [&] { return bench.lookups == 5; }));
    open.set_value();
    REQUIRE_OK(renewed.get());
    for (auto& answer : made_up) {
        CHECK_THAT(answer.get().status(), HasCode(Code::kUnauthenticated));
    }
}

TEST_CASE(
    "Authenticator: a network whose keys lead nowhere is limited, others are not", "[unit][auth]"
) {
    auth::Options options = AsGateway();
    options.cache.failed_per_s = 2;
    options.cache.failed_burst = 5;
    Bench bench(options);
    const std::string here = "198.51.100.7";
    const std::string neighbour = "198.51.100.8";
    const auto good = bench.Add();
    REQUIRE_OK(bench.Check(good));
    for (int i = 0; i < 5; ++i) {
        CHECK_THAT(
            bench.CheckHeader("Bearer " + bench.Unknown(), "inbox:read", here).status(),
            HasCode(Code::kUnauthenticated)
        );
    }
    const int lookups = bench.lookups;
    const Status limited =
        bench.CheckHeader("Bearer " + bench.Unknown(), "inbox:read", neighbour).status();
    CHECK_THAT(limited, HasCode(Code::kResourceExhausted));
    CHECK(limited.reason() == "LOOKUPS_LIMITED");
    CHECK(limited.retry_after() == Millis(500));
    CHECK(bench.lookups == lookups);
    // Other networks, and keys that are known, are not touched by it, not even when too old.
    CHECK_THAT(
        bench.CheckHeader("Bearer " + bench.Unknown(), "inbox:read", "198.51.101.7").status(),
        HasCode(Code::kUnauthenticated)
    );
    REQUIRE_OK(bench.CheckHeader("Bearer " + good, "inbox:read", here));
    bench.clock.Advance(Millis(500));
    CHECK_THAT(
        bench.CheckHeader("Bearer " + bench.Unknown(), "inbox:read", here).status(),
        HasCode(Code::kUnauthenticated)
    );
    bench.clock.Advance(Millis(30'000));
    for (int i = 0; i < 5; ++i) {
        bench.CheckHeader("Bearer " + bench.Unknown(), "inbox:read", here).status().ok();
    }
    REQUIRE_OK(bench.CheckHeader("Bearer " + good, "inbox:read", here));
}

TEST_CASE("Authenticator: keys that exist, and outages, cost a network nothing", "[unit][auth]") {
    auth::Options options = AsGateway();
    options.cache.failed_per_s = 1;
    options.cache.failed_burst = 2;
    Bench bench(options);
    for (int i = 0; i < 20; ++i) REQUIRE_OK(bench.Check(bench.Add()));
    bench.away = true;
    for (int i = 0; i < 5; ++i) {
        CHECK_THAT(bench.Check(bench.Add()).status(), HasCode(Code::kUnavailable));
    }
    bench.away = false;
    REQUIRE_OK(bench.Check(bench.Add()));
}

TEST_CASE(
    "Authenticator: Forget refuses what was revoked and finds what was made", "[unit][auth]"
) {
    Bench bench;
    const auto key = bench.Add();
    const auto kept = bench.Add();
    const auto gone = bench.Add();
    const auto later = bench.Unknown();
    for (const auto& one : {key, kept, gone}) REQUIRE_OK(bench.Check(one));
    CHECK_FALSE(bench.Check(later).ok());
    bench.Change(key, [](auto& info) { info.revoked = true; });
    bench.Change(later, [](auto& info) {
        info.tenant = TenantId{8};
        info.name = "robot";
        info.scopes = {"inbox:read"};
        info.expires_at_ms = kNever;
    });
    {
        const MutexLock lock(bench.mutex);
        bench.keys.erase(crypto::Sha256(gone));
    }
    REQUIRE_OK(bench.Check(key));
    CHECK_FALSE(bench.Check(later).ok());
    bench.authenticator.Forget();
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));
    CHECK_THAT(bench.Check(gone).status(), HasCode(Code::kUnauthenticated));
    REQUIRE_OK(bench.Check(kept));
    REQUIRE_OK(bench.Check(later));
    CHECK(bench.lookups == 8);  // Each once more.
}

TEST_CASE(
    "Authenticator: Forget while the directory is away leaves the old bound", "[unit][auth]"
) {
    Bench bench;
    const auto key = bench.Add();
    REQUIRE_OK(bench.Check(key));
    bench.away = true;
    bench.authenticator.Forget();
    REQUIRE_OK(bench.Check(key));  // It waited for the question that failed.
    REQUIRE_OK(bench.Check(key));
    bench.clock.Advance(Millis(30'000));
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnavailable));
    bench.Change(key, [](auto& info) { info.revoked = true; });
    bench.away = false;
    // A question of before may still be under way.
    CHECK(test::Eventually(5s, [&] {
        return bench.Check(key).status().code() == Code::kUnauthenticated;
    }));
}

TEST_CASE(
    "Authenticator: where keys may be stale, an outage of hours is none for them", "[unit][auth]"
) {
    Bench bench(auth::Options{});
    const auto key = bench.Add();
    REQUIRE_OK(bench.Check(key));
    bench.away = true;
    bench.clock.Advance(Millis(3'600'000));
    REQUIRE_OK(bench.Check(key));
    CHECK_THAT(bench.Check(bench.Add()).status(), HasCode(Code::kUnavailable));
}

TEST_CASE("Authenticator: an answer from before a change is not kept", "[unit][auth]") {
    Bench bench;
    const auto key = bench.Add();
    std::promise<void> open;
    bench.gate = open.get_future().share();
    auto early = bench.Ask("Bearer " + key);
    CHECK(test::Eventually(5s, [&] { return bench.lookups == 1; }));
    bench.authenticator.Forget();
    open.set_value();
    REQUIRE_OK(early.get());
    bench.Change(key, [](auto& info) { info.revoked = true; });
    CHECK_THAT(bench.Check(key).status(), HasCode(Code::kUnauthenticated));
}

TEST_CASE(
    "Authenticator: refused credentials are in the log, not more than they may", "[unit][auth]"
) {
    std::vector<std::string> lines;
    const obs::LogCaptureForTest capture([&](std::string_view line) { lines.emplace_back(line); });
    Bench bench;
    const auto revoked = bench.Add([](auto& info) { info.revoked = true; });
    CHECK_FALSE(bench.CheckHeader("Bearer " + revoked, "inbox:read", "192.0.2.77").ok());
    REQUIRE(lines.size() == 1);
    for (const std::string& part :
         {std::string("\"level\":\"warn\""),
          std::string("credentials refused"),
          std::string("\"reason\":\"revoked\""),
          std::string("192.0.2.0/24"),
          "\"key_prefix\":\"" + revoked.substr(0, 8) + "\""}) {
        INFO(lines[0]);
        CHECK(lines[0].find(part) != std::string::npos);
    }
    CHECK(lines[0].find(revoked.substr(0, 9)) == std::string::npos);

    // What is no key of ours may be somebody's secret.
    CHECK_FALSE(bench.CheckHeader("Basic c2VjcmV0OnNlY3JldA==").ok());
    CHECK(lines.back().find("malformed") != std::string::npos);
    CHECK(lines.back().find("c2Vj") == std::string::npos);

    const std::size_t before = lines.size();
    const auto unknown = bench.Unknown();
    for (int i = 0; i < 100; ++i) CHECK_FALSE(bench.Check(unknown).ok());
    CHECK(lines.size() - before == auth::RefusalLog::kLinesBurst);
    bench.clock.Advance(Millis(1'000));
    CHECK_FALSE(bench.Check(unknown).ok());
    CHECK(lines.back().find("\"more\":95") != std::string::npos);
}

TEST_CASE(
    "Authenticator: the caches are bounded; unknown keys cannot push out known ones", "[unit][auth]"
) {
    auth::Options options = AsGateway();
    options.cache.known_count_max = 2;
    options.cache.unknown_count_max = 3;
    Bench bench(options);
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
