#include "async/lookup_cache.hpp"

#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <optional>

namespace unibox::async {
namespace {

using Cache = LookupCache<std::string, std::string>;
using std::chrono::seconds;

// A source whose answers, failures and slowness the test decides.
struct Source {
    Mutex mutex;
    std::map<std::string, std::string> rows UNIBOX_GUARDED_BY(mutex);
    std::string held_prefix UNIBOX_GUARDED_BY(mutex);
    std::atomic<bool> down{false};
    std::atomic<bool> held{false};
    std::atomic<int> load_count{0};

    Result<Cache::Found> Load(const std::vector<std::string>& keys) {
        ++load_count;
        while (held || IsHeld(keys.front())) std::this_thread::yield();
        if (down) return Unavailable("down");
        Cache::Found found;
        const MutexLock lock(mutex);
        for (const std::string& key : keys) {
            const auto row = rows.find(key);
            if (row != rows.end()) {
                found.emplace(key, std::make_shared<const std::string>(row->second));
            }
        }
        return found;
    }
    bool IsHeld(const std::string& key) {
        const MutexLock lock(mutex);
        return !held_prefix.empty() && key.starts_with(held_prefix);
    }
    void HoldPrefix(const std::string& prefix) {
        const MutexLock lock(mutex);
        held_prefix = prefix;
    }
    void Set(const std::string& key, const std::string& value) {
        const MutexLock lock(mutex);
        rows[key] = value;
    }
    void Remove(const std::string& key) {
        const MutexLock lock(mutex);
        rows.erase(key);
    }
};

struct Fixture {
    explicit Fixture(LookupSettings settings = {})
        : cache(
              settings,
              clock,
              LookupLanes{pool, pool, failed},
              [this](const auto& keys) { return source.Load(keys); },
              [this](const std::string& value) { return value == expired_value; },
              [](LookupOutcome) {}
          ) {
        source.Set("a", "1");
    }
    ~Fixture() { pool.Stop(); }

    // The value, "none" or "error".
    std::string Get(const std::string& key) {
        Mutex mutex;
        std::optional<std::string> answer;
        cache.Get({key}, {}, [&](std::vector<Result<Cache::ValuePtr>> results) {
            const auto& result = results.front();
            const MutexLock lock(mutex);
            answer = result.ok()                                 ? **result
                     : result.status().code() == Code::kNotFound ? "none"
                                                                 : "error";
        });
        const bool answered = test::Eventually(seconds(5), [&] {
            const MutexLock lock(mutex);
            return answer.has_value();
        });
        const MutexLock lock(mutex);
        return answered ? *answer : "nothing came";
    }
    bool LoadsReach(int count) {
        return test::Eventually(seconds(5), [&] {
            return source.load_count == count && pool.running_count() == 0 &&
                   pool.waiting_count() == 0;
        });
    }

    test::FakeClock clock;
    Source source;
    std::string expired_value = "never";
    FairPool pool{"test", {2, 2, 100, 100}, clock};
    TokenBuckets failed{100, clock};
    Cache cache;
};

TEST_CASE("Lookup cache: known keys cost no load until they are old", "[unit]") {
    Fixture f;
    CHECK(f.Get("a") == "1");
    f.source.Set("a", "2");
    f.clock.Advance(Millis(29'000));
    CHECK(f.Get("a") == "1");
    CHECK(f.source.load_count == 1);
    // Then the old value is served once more, while the new one is loaded behind it.
    f.clock.Advance(Millis(2'000));
    CHECK(f.Get("a") == "1");
    REQUIRE(f.LoadsReach(2));
    CHECK(f.Get("a") == "2");
    f.source.Set("a", "3");
    f.clock.Advance(Millis(301'000));
    CHECK(f.Get("a") == "3");
}

TEST_CASE("Lookup cache: many who ask for one key cause one load", "[unit]") {
    Fixture f;
    f.source.held = true;
    std::atomic<int> answers{0};
    for (int i = 0; i < 50; ++i) {
        f.cache.Get({"a"}, {}, [&](std::vector<Result<Cache::ValuePtr>> results) {
            if (results.front().ok()) ++answers;
        });
    }
    CHECK(answers == 0);
    f.source.held = false;
    CHECK(test::Eventually(seconds(5), [&] { return answers == 50; }));
    CHECK(f.source.load_count == 1);
}

TEST_CASE("Lookup cache: missing keys are remembered for a while", "[unit]") {
    Fixture f;
    CHECK(f.Get("b") == "none");
    CHECK(f.Get("b") == "none");
    CHECK(f.source.load_count == 1);
    f.source.Set("b", "new");
    CHECK(f.Get("b") == "none");
    f.clock.Advance(Millis(5'000));
    CHECK(f.Get("b") == "new");
}

TEST_CASE("Lookup cache: an outage serves what is known and errors for the rest", "[unit]") {
    Fixture f;
    REQUIRE(f.Get("a") == "1");
    REQUIRE(f.Get("b") == "none");
    f.source.down = true;
    f.clock.Advance(Millis(3'600'000));
    CHECK(f.Get("a") == "1");
    CHECK(f.Get("b") == "error");
    CHECK(f.Get("c") == "error");
    // While it fails, known keys cause one attempt each retry_ms and never wait.
    const int before = f.source.load_count;
    for (int i = 0; i < 20; ++i) CHECK(f.Get("a") == "1");
    CHECK(f.source.load_count == before);
    f.source.down = false;
    f.source.Set("a", "2");
    f.clock.Advance(Millis(1'000));
    CHECK(f.Get("c") == "none");
    f.Get("a");
    CHECK(test::Eventually(seconds(5), [&] { return f.Get("a") == "2"; }));
    f.source.down = true;
    f.clock.Advance(Millis(25LL * 3600 * 1000));
    CHECK(f.Get("a") == "error");
}

TEST_CASE("Lookup cache: while loads fail, unknown keys are told at once", "[unit]") {
    Fixture f;
    f.source.down = true;
    CHECK(f.Get("x") == "error");
    REQUIRE(f.source.load_count == 1);
    for (int i = 0; i < 20; ++i) CHECK(f.Get("y" + std::to_string(i)) == "error");
    CHECK(f.source.load_count == 1);
    f.clock.Advance(Millis(1'000));
    CHECK(f.Get("y1") == "error");  // The one attempt.
    CHECK(f.source.load_count == 2);
    CHECK(f.Get("y2") == "error");
    CHECK(f.source.load_count == 2);
    f.source.down = false;
    f.clock.Advance(Millis(1'000));
    CHECK(f.Get("a") == "1");
    CHECK(f.Get("y3") == "none");
}

TEST_CASE("Lookup cache: one probe at a time, however many keys are due", "[unit]") {
    Fixture f;
    for (int i = 0; i < 50; ++i) f.source.Set("k" + std::to_string(i), "v");
    for (int i = 0; i < 50; ++i) REQUIRE(f.Get("k" + std::to_string(i)) == "v");
    f.source.down = true;
    f.clock.Advance(Millis(400'000));
    CHECK(f.Get("k0") == "v");  // It waited for the load that failed.
    const int before = f.source.load_count;
    f.clock.Advance(Millis(1'000));
    f.source.held = true;
    for (int i = 0; i < 50; ++i) CHECK(f.Get("k" + std::to_string(i)) == "v");
    CHECK(f.Get("unknown") == "error");
    f.clock.Advance(Millis(10'000));  // The probe hangs: no other is begun.
    for (int i = 0; i < 50; ++i) CHECK(f.Get("k" + std::to_string(i)) == "v");
    CHECK(f.Get("unknown") == "error");
    f.source.held = false;
    CHECK(f.LoadsReach(before + 1));
    f.source.down = false;
    f.clock.Advance(Millis(1'000));
    CHECK(f.Get("unknown") == "none");
}

TEST_CASE("Lookup cache: loads that wait behind a failed one do not fail one by one", "[unit]") {
    Fixture f;
    f.source.down = true;
    f.source.held = true;
    std::atomic<int> errors{0};
    for (int i = 0; i < 50; ++i) {
        f.cache
            .Get({"k" + std::to_string(i)}, {}, [&](std::vector<Result<Cache::ValuePtr>> results) {
                if (!results.front().ok()) ++errors;
            });
    }
    REQUIRE(test::Eventually(seconds(5), [&] { return f.source.load_count == 2; }));
    f.source.held = false;  // Both threads of the pool come back with a failure.
    CHECK(test::Eventually(seconds(5), [&] { return errors == 50; }));
    CHECK(f.source.load_count <= 3);
}

TEST_CASE("Lookup cache: Forget makes the next one wait for the new value", "[unit]") {
    Fixture f;
    REQUIRE(f.Get("a") == "1");
    REQUIRE(f.Get("b") == "none");
    f.source.Set("a", "2");
    f.source.Set("b", "2");
    f.cache.Forget();
    CHECK(f.Get("a") == "2");
    CHECK(f.Get("b") == "2");
    f.source.Remove("a");
    f.cache.Forget();
    CHECK(f.Get("a") == "none");
}

TEST_CASE("Lookup cache: a value that ended is asked for again", "[unit]") {
    Fixture f;
    REQUIRE(f.Get("a") == "1");
    f.expired_value = "1";
    f.source.Set("a", "2");
    CHECK(f.Get("a") == "2");
}

TEST_CASE("Lookup cache: bounded, and missing keys do not drive out known ones", "[unit]") {
    LookupSettings settings;
    settings.known_count_max = 3;
    settings.unknown_count_max = 2;
    Fixture f(settings);
    for (int i = 0; i < 10; ++i) f.source.Set("k" + std::to_string(i), "v");
    for (int i = 0; i < 10; ++i) REQUIRE(f.Get("k" + std::to_string(i)) == "v");
    for (int i = 0; i < 10; ++i) REQUIRE(f.Get("missing" + std::to_string(i)) == "none");
    CHECK(f.cache.positive_count() == 3);
    CHECK(f.cache.negative_count() == 2);
    const int before = f.source.load_count;
    CHECK(f.Get("k9") == "v");
    CHECK(f.source.load_count == before);
}

// One thread in each lane, so that the order shows.
struct Lanes {
    explicit Lanes(LookupSettings settings = {}, std::size_t waiting_max = 100)
        : known("known", {1, 100, waiting_max, waiting_max}, clock),
          unknown("unknown", {1, 100, waiting_max, waiting_max}, clock),
          failed(100, clock),
          cache(
              settings,
              clock,
              LookupLanes{known, unknown, failed},
              [this](const auto& keys) { return source.Load(keys); },
              [](const std::string&) { return false; },
              [](LookupOutcome) {}
          ) {
        source.Set("a", "1");
    }
    ~Lanes() {
        source.held = false;
        source.HoldPrefix("");
        known.Stop();
        unknown.Stop();
    }
    void Ask(const std::string& key, const Asker& asker) {
        cache.Get({key}, asker, [this, key](std::vector<Result<Cache::ValuePtr>> results) {
            const MutexLock lock(mutex);
            answered.push_back(key);
            status[key] = results.front().status();
        });
    }
    std::size_t count() {
        const MutexLock lock(mutex);
        return answered.size();
    }
    std::size_t PlaceOf(const std::string& key) {
        const MutexLock lock(mutex);
        const auto at = std::find(answered.begin(), answered.end(), key);
        return static_cast<std::size_t>(at - answered.begin());
    }
    Status StatusOf(const std::string& key) {
        const MutexLock lock(mutex);
        return status[key];
    }
    bool Answers(std::size_t wanted) {
        return test::Eventually(seconds(10), [&] { return count() >= wanted; });
    }

    test::FakeClock clock;
    Source source;
    Mutex mutex;
    std::vector<std::string> answered UNIBOX_GUARDED_BY(mutex);
    std::map<std::string, Status> status UNIBOX_GUARDED_BY(mutex);
    FairPool known;
    FairPool unknown;
    TokenBuckets failed;
    Cache cache;
};

TEST_CASE("Lookup cache: made up keys of one do not stand before another's new one", "[unit]") {
    Lanes f;
    f.source.held = true;
    for (int i = 0; i < 50; ++i) f.Ask("no-" + std::to_string(i), {1, true});
    f.Ask("a", {2, true});
    f.source.held = false;
    REQUIRE(f.Answers(51));
    CHECK(f.PlaceOf("a") <= 2);  // One was at work; then they take turns.
    CHECK_THAT(f.StatusOf("a"), test::IsOk());
}

TEST_CASE("Lookup cache: what was found before does not wait for what nobody knows", "[unit]") {
    Lanes f;
    f.Ask("a", {1, true});
    REQUIRE(f.Answers(1));
    f.cache.Forget();
    f.source.HoldPrefix("no-");
    for (int i = 0; i < 50; ++i) f.Ask("no-" + std::to_string(i), {1, true});
    f.Ask("a", {1, true});
    CHECK(f.Answers(2));  // While the others are held.
    f.source.HoldPrefix("");
}

TEST_CASE(
    "Lookup cache: a full lane refuses its longest asker, and nothing fails by it", "[unit]"
) {
    Lanes f({}, 5);
    f.source.held = true;
    for (int i = 0; i < 20; ++i) f.Ask("no-" + std::to_string(i), {1, true});
    f.Ask("a", {2, true});
    REQUIRE(f.Answers(15));  // Refused at once: 6 are at work or wait.
    CHECK(f.StatusOf("no-19").reason() == "LOOKUPS_OVERLOADED");
    f.source.held = false;
    REQUIRE(f.Answers(21));
    CHECK_THAT(f.StatusOf("a"), test::IsOk());
    f.Ask("new", {3, true});  // Loads do not count as failing.
    REQUIRE(f.Answers(22));
    CHECK_THAT(f.StatusOf("new"), test::HasCode(Code::kNotFound));
}

TEST_CASE("Lookup cache: who asks in vain too often is told so without a look-up", "[unit]") {
    LookupSettings settings;
    settings.failed_per_s = 1;
    settings.failed_burst = 3;
    Lanes f(settings);
    const auto ask = [&](const std::string& key, const Asker& asker) {
        const std::size_t before = f.count();
        f.Ask(key, asker);
        REQUIRE(f.Answers(before + 1));
        return f.StatusOf(key);
    };
    for (int i = 0; i < 3; ++i) {
        CHECK_THAT(ask("no-" + std::to_string(i), {1, true}), test::HasCode(Code::kNotFound));
    }
    const Status limited = ask("no-3", {1, true});
    CHECK(limited.reason() == "LOOKUPS_LIMITED");
    CHECK(limited.retry_after() == Millis(1'000));
    CHECK(f.source.load_count == 3);
    CHECK_THAT(ask("no-3", {2, true}), test::HasCode(Code::kNotFound));   // From elsewhere.
    CHECK_THAT(ask("no-4", {1, false}), test::HasCode(Code::kNotFound));  // With a signature.
    CHECK_THAT(ask("no-0", {1, true}), test::HasCode(Code::kNotFound));   // Known to be none.
    f.clock.Advance(Millis(1'000));
    // What leads somewhere costs nothing.
    f.source.Set("b", "2");
    CHECK_THAT(ask("a", {1, true}), test::IsOk());
    CHECK_THAT(ask("b", {1, true}), test::IsOk());
    CHECK_THAT(ask("no-5", {1, true}), test::HasCode(Code::kNotFound));
    CHECK(ask("no-6", {1, true}).reason() == "LOOKUPS_LIMITED");
}

}  // namespace
}  // namespace unibox::async
