// Key sets in time: rotated, asked for made up keys, away, wrong, too old.
#include "auth/jwks_cache.hpp"

#include "base/mutex.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/jwt_signer.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using auth::Algorithm;
using test::HasCode;
using test::JwtSigner;

namespace {

auth::Token TokenOfKey(const std::string& key_id) {
    auth::Token token;
    token.algorithm = Algorithm::kEdDsa;
    token.key_id = key_id;
    return token;
}

// An issuer that tests change; `gate` holds its answers back.
struct Bench {
    explicit Bench(auth::JwksSettings settings = {})
        : cache(
              settings, [this](const std::string& url) { return Fetch(url); }, clock, metrics
          ) {}

    Result<std::string> Fetch(const std::string& url) {
        ++fetches;
        if (gate.valid()) gate.wait();
        if (away) return Unavailable("no connection");
        const MutexLock lock(mutex);
        last_url = url;
        return body;
    }
    void Publish(const std::vector<std::string>& key_ids) {
        std::vector<std::string> jwks;
        for (const auto& id : key_ids) jwks.push_back(JwtSigner(Algorithm::kEdDsa, id).Jwk());
        Answer(test::JwksOf(jwks));
    }
    void Answer(const std::string& text) {
        const MutexLock lock(mutex);
        body = text;
    }
    std::future<Result<auth::KeySetPtr>> Ask(
        const std::string& key_id, const std::string& url = "https://a/keys"
    ) {
        const auto answer = std::make_shared<std::promise<Result<auth::KeySetPtr>>>();
        cache.Get(url, 7, TokenOfKey(key_id), [answer](const auto& keys) {
            answer->set_value(keys);
        });
        return answer->get_future();
    }
    // Whether the key is found.
    bool Has(const std::string& key_id) {
        const auto keys = Ask(key_id).get();
        return keys.ok() && !auth::CandidatesOf(**keys, TokenOfKey(key_id)).empty();
    }
    bool FetchedTimes(int count) {
        return test::Eventually(10s, [&] { return fetches == count; });
    }

    test::FakeClock clock;
    obs::Metrics metrics;
    Mutex mutex;
    std::string body;
    std::string last_url;
    std::atomic<int> fetches{0};
    std::atomic<bool> away{false};
    std::shared_future<void> gate;
    auth::JwksCache cache;
};

}  // namespace

TEST_CASE("JwksCache: one fetch for all who wait, none while the set is young", "[unit][auth]") {
    Bench bench;
    bench.Publish({"k1"});
    std::promise<void> open;
    bench.gate = open.get_future().share();
    std::vector<std::future<Result<auth::KeySetPtr>>> answers;
    for (int i = 0; i < 50; ++i) answers.push_back(bench.Ask("k1"));
    open.set_value();
    for (auto& answer : answers) REQUIRE_OK(answer.get());
    CHECK(bench.fetches == 1);
    bench.clock.Advance(Millis(599'999));
    CHECK(bench.Has("k1"));
    CHECK(bench.fetches == 1);
}

TEST_CASE("JwksCache: a new key is found as soon as a token names it", "[unit][auth]") {
    Bench bench;
    bench.Publish({"k1"});
    CHECK(bench.Has("k1"));
    bench.Publish({"k1", "k2"});
    bench.clock.Advance(Millis(10'000));
    CHECK(bench.Has("k2"));
    CHECK(bench.fetches == 2);
    // And the old one goes with the next set.
    bench.Publish({"k2"});
    bench.clock.Advance(Millis(600'000));
    CHECK(bench.Has("k2"));  // Answered from the set before; the new one comes behind it.
    CHECK(bench.FetchedTimes(3));
    CHECK(test::Eventually(10s, [&] { return !bench.Has("k1"); }));
}

TEST_CASE("JwksCache: made up keys cannot drive the fetches", "[unit][auth]") {
    Bench bench;
    bench.Publish({"k1"});
    CHECK(bench.Has("k1"));
    for (int i = 0; i < 1'000; ++i) CHECK_FALSE(bench.Has("made-up-" + std::to_string(i)));
    CHECK(bench.fetches == 1);
    for (int i = 0; i < 5; ++i) {
        bench.clock.Advance(Millis(10'000));
        for (int j = 0; j < 100; ++j) CHECK_FALSE(bench.Has("made-up-" + std::to_string(j)));
    }
    CHECK(bench.fetches == 6);
    CHECK(bench.Has("k1"));
}

TEST_CASE("JwksCache: while the issuer is away its keys work, up to the limit", "[unit][auth]") {
    auth::JwksSettings settings;
    settings.stale_ms_max = 3'600'000;
    Bench bench(settings);
    bench.Publish({"k1"});
    CHECK(bench.Has("k1"));
    bench.away = true;
    for (int minutes = 0; minutes < 59; ++minutes) {
        bench.clock.Advance(Millis(60'000));
        CHECK(bench.Has("k1"));
    }
    bench.clock.Advance(Millis(60'000));
    const auto late = bench.Ask("k1").get();
    CHECK_THAT(late.status(), HasCode(Code::kUnavailable));
    CHECK(late.status().reason() == auth::kIssuerUnavailable);
    // It is not asked more often than it may be, and works again by itself.
    const int before = bench.fetches;
    for (int i = 0; i < 10; ++i) CHECK_FALSE(bench.Has("k1"));
    CHECK(bench.fetches == before);
    bench.away = false;
    bench.clock.Advance(Millis(5'000));
    CHECK(bench.Has("k1"));
}

TEST_CASE("JwksCache: nonsense changes nothing, an empty set revokes all", "[unit][auth]") {
    Bench bench;
    bench.Publish({"k1"});
    CHECK(bench.Has("k1"));
    bench.Answer("<html>");
    bench.clock.Advance(Millis(600'000));
    CHECK(bench.Has("k1"));
    CHECK(bench.FetchedTimes(2));
    CHECK(bench.Has("k1"));
    bench.Answer(R"({"keys":[]})");
    bench.clock.Advance(Millis(5'000));
    CHECK(bench.Has("k1"));  // The retry runs behind this answer.
    CHECK(test::Eventually(10s, [&] { return !bench.Has("k1"); }));
}

TEST_CASE("JwksCache: an issuer that hangs is waited for by a bounded crowd", "[unit][auth]") {
    auth::JwksSettings settings;
    settings.waiting_count_max = 3;
    Bench bench(settings);
    bench.Publish({"k1"});
    std::promise<void> open;
    bench.gate = open.get_future().share();
    std::vector<std::future<Result<auth::KeySetPtr>>> answers;
    for (int i = 0; i < 3; ++i) answers.push_back(bench.Ask("k1"));
    const auto refused = bench.Ask("k1").get();
    CHECK_THAT(refused.status(), HasCode(Code::kResourceExhausted));
    // Another issuer has its own threads to be asked by.
    auto other = bench.Ask("k1", "https://b/keys");
    CHECK(bench.FetchedTimes(2));
    open.set_value();
    for (auto& answer : answers) REQUIRE_OK(answer.get());
    REQUIRE_OK(other.get());
}

TEST_CASE("JwksCache: of more URLs than it may keep, the newest stay", "[unit][auth]") {
    auth::JwksSettings settings;
    settings.url_count_max = 2;
    Bench bench(settings);
    bench.Publish({"k1"});
    for (const char* url : {"https://a/keys", "https://b/keys", "https://c/keys"}) {
        REQUIRE_OK(bench.Ask("k1", url).get());
    }
    CHECK(bench.fetches == 3);
    REQUIRE_OK(bench.Ask("k1", "https://c/keys").get());
    REQUIRE_OK(bench.Ask("k1", "https://b/keys").get());
    CHECK(bench.fetches == 3);
    REQUIRE_OK(bench.Ask("k1", "https://a/keys").get());
    CHECK(bench.fetches == 4);
    CHECK(bench.last_url == "https://a/keys");
}

TEST_CASE("JwksCache: after a stop everybody has an answer", "[unit][auth]") {
    Bench bench;
    bench.Publish({"k1"});
    bench.cache.Stop();
    CHECK_THAT(bench.Ask("k1").get().status(), HasCode(Code::kUnavailable));
    CHECK(bench.fetches == 0);
}
