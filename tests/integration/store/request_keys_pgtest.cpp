// Request keys: a repeated call waits for the first one and gets its answer.
#include "command_fixture.hpp"
#include "pg/sqlstate.hpp"
#include "store/writer/failure.hpp"
#include "store/writer/upkeep.hpp"
#include "support/eventually.hpp"

#include <thread>

namespace unibox::store {
namespace {

using test::CommandFixture;
using test::Eventually;
using test::kTenant;
using test::TestLane;

const domain::RequestKey kKey{kTenant, "key:1", "call 1"};

domain::BatchPlan PlanOf(const std::set<domain::RequestKey>& keys) {
    domain::BatchPlan plan;
    plan.request_keys = keys;
    return plan;
}

domain::RequestKeyWrite AnswerOf(const domain::RequestKey& key, const std::string& message) {
    domain::RequestKeyWrite write;
    write.key = key;
    write.digest = std::string(32, 'd');
    write.answer.set_response("response");
    write.answer.set_message(message);
    return write;
}

// Holds the key, and answers it, in a transaction of its own.
void Answer(TestLane& lane, const domain::RequestKey& key, const std::string& message) {
    auto tx = lane.Begin().value();
    REQUIRE_OK(lane.Read(tx, PlanOf({key})));
    domain::Effects effects;
    effects.request_keys.push_back(AnswerOf(key, message));
    REQUIRE_OK(tx.Commit(effects, {}));
}

// What is kept of the key; "" = nothing.
std::string Kept(TestLane& lane, const domain::RequestKey& key) {
    auto tx = lane.Begin().value();
    const auto state = lane.Read(tx, PlanOf({key}));
    REQUIRE_OK(state);
    REQUIRE(state->kept_requests.size() <= 1);
    if (state->kept_requests.empty()) return "";
    CHECK(state->kept_requests.begin()->first == key);
    return state->kept_requests.begin()->second.answer.message();
}

// Another lane's transaction with the same key, which another thread has begun.
class Waiter {
public:
    Waiter(CommandFixture& fixture, TestLane& lane) : fixture_(fixture) {
        thread_ = std::thread([this, &lane] {
            auto tx = lane.Begin().value();
            state_ = lane.Read(tx, PlanOf({kKey}));
        });
    }
    ~Waiter() {
        if (thread_.joinable()) thread_.join();
    }
    bool Waits() {
        return Eventually(std::chrono::seconds(30), [&] {
            return fixture_.Number(
                       "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                       "current_database() AND wait_event_type = 'Lock'"
                   ) == 1;
        });
    }
    const Result<domain::BatchState>& Read() {
        thread_.join();
        return state_;
    }

private:
    CommandFixture& fixture_;
    Result<domain::BatchState> state_ = Status(Code::kUnknown, "not read yet");
    std::thread thread_;
};

TEST_CASE("Request keys: of two transactions at once the second sees the answer", "[pg][store]") {
    CommandFixture fixture;
    const auto first = fixture.Lane("first");
    const auto second = fixture.Lane("second");
    auto tx = first->Begin().value();
    const auto state = first->Read(tx, PlanOf({kKey}));
    REQUIRE_OK(state);
    CHECK(state->kept_requests.empty());
    Waiter waiter(fixture, *second);
    REQUIRE(waiter.Waits());
    SECTION("that was committed") {
        domain::Effects effects;
        effects.request_keys.push_back(AnswerOf(kKey, "the first answer"));
        REQUIRE_OK(tx.Commit(effects, {}));
        const auto& seen = waiter.Read();
        REQUIRE_OK(seen);
        REQUIRE(seen->kept_requests.size() == 1);
        const domain::KeptRequest& kept = seen->kept_requests.at(kKey);
        CHECK(kept.digest == std::string(32, 'd'));
        CHECK(kept.answer.message() == "the first answer");
        CHECK(kept.answer.response() == "response");
    }
    SECTION("unless the first one left none") {
        REQUIRE_OK(tx.Commit({}, {}));
        const auto& seen = waiter.Read();
        REQUIRE_OK(seen);
        CHECK(seen->kept_requests.empty());
    }
    SECTION("unless the first one was rolled back") {
        { const auto gone = std::move(tx); }
        const auto& seen = waiter.Read();
        REQUIRE_OK(seen);
        CHECK(seen->kept_requests.empty());
    }
}

TEST_CASE("Request keys: two repetitions of an answered call wait for each other", "[pg][store]") {
    CommandFixture fixture;
    const auto first = fixture.Lane("first");
    const auto second = fixture.Lane("second");
    Answer(*first, kKey, "answer");
    auto tx = first->Begin().value();
    REQUIRE_OK(first->Read(tx, PlanOf({kKey})));
    Waiter waiter(fixture, *second);
    REQUIRE(waiter.Waits());
    REQUIRE_OK(tx.Commit({}, {}));
    const auto& seen = waiter.Read();
    REQUIRE_OK(seen);
    CHECK(seen->kept_requests.at(kKey).answer.message() == "answer");
}

TEST_CASE("Request keys: a frozen holder loses its key with its transaction", "[pg][store]") {
    CommandFixture fixture;
    const auto frozen = fixture.Lane("frozen", 300);
    const auto second = fixture.Lane("second");
    auto tx = frozen->Begin().value();
    REQUIRE_OK(frozen->Read(tx, PlanOf({kKey})));
    Waiter waiter(fixture, *second);  // Nobody says anything for 300 ms.
    const auto& seen = waiter.Read();
    REQUIRE_OK(seen);
    CHECK(seen->kept_requests.empty());
    domain::Effects effects;
    effects.request_keys.push_back(AnswerOf(kKey, "too late"));
    const auto late = tx.Commit(effects, {});
    REQUIRE_FALSE(late.ok());
    CHECK(late.status().reason() == "25P03");
    CHECK(Kept(*second, kKey) == "");
}

TEST_CASE("Request keys: each is of one tenant and scope, and as it was given", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    Answer(*lane, kKey, "mine");
    for (const domain::RequestKey& other :
         {domain::RequestKey{TenantId{2}, "key:1", "call 1"},
          domain::RequestKey{kTenant, "key:2", "call 1"},
          domain::RequestKey{kTenant, "key:1", "CALL 1"},
          domain::RequestKey{kTenant, "key:1", "call 1 "}}) {
        CAPTURE(other.scope, other.key);
        CHECK(Kept(*lane, other) == "");
    }
    CHECK(Kept(*lane, kKey) == "mine");
}

TEST_CASE("Request keys: after a day one is a new one", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    Answer(*lane, kKey, "yesterday's");
    const auto age = [&](const std::string& by) {
        REQUIRE_OK(fixture.Owner("UPDATE request_keys SET created_at = created_at - " + by));
    };
    age("interval '23 hours 59 minutes'");
    CHECK(Kept(*lane, kKey) == "yesterday's");
    age("interval '2 minutes'");
    CHECK(Kept(*lane, kKey) == "");
    Answer(*lane, kKey, "today's");
    CHECK(Kept(*lane, kKey) == "today's");
    CHECK(fixture.Number("SELECT count(*) FROM request_keys") == 1);
    CHECK(
        fixture.Number("SELECT count(*) FROM request_keys WHERE created_at > now() - interval '1 m'"
        ) == 1
    );
}

TEST_CASE("Request keys: old ones are dropped in pieces, never waited for", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO request_keys (tenant, scope, key, digest, answer, created_at) SELECT 1, 's', "
        "n::text, 'd', '', now() - interval '25 hours' FROM generate_series(1, 25) n"
    ));
    Answer(*lane, kKey, "young");
    auto tx = lane->Begin().value();
    REQUIRE_OK(lane->Read(tx, PlanOf({{kTenant, "s", "1"}, {kTenant, "s", "2"}})));
    CHECK(DropOldRequestKeys(fixture.writer(), 10).value() == 10);
    CHECK(DropOldRequestKeys(fixture.writer(), 100).value() == 13);
    CHECK(DropOldRequestKeys(fixture.writer(), 100).value() == 0);
    REQUIRE_OK(tx.Commit({}, {}));
    CHECK(DropOldRequestKeys(fixture.writer(), 100).value() == 0);  // In use again.
    CHECK(Kept(*lane, kKey) == "young");
}

TEST_CASE("Request keys: answers are read up to a limit, or told to be too many", "[pg][store]") {
    CommandFixture fixture;
    const auto lane = fixture.Lane("a");
    std::set<domain::RequestKey> keys;
    const std::string half(4'500'000, 'x');
    for (const char* name : {"1", "2", "3"}) {
        const domain::RequestKey key{kTenant, "s", name};
        Answer(*lane, key, half + half);
        keys.insert(key);
    }
    {
        auto tx = lane->Begin().value();
        const auto refused = lane->Read(tx, PlanOf(keys));
        CHECK(ClassifyFailure(refused.status()) == Failure::kTooMuch);
    }
    for (const domain::RequestKey& key : keys) CHECK(Kept(*lane, key).size() == 9'000'000);
}

}  // namespace
}  // namespace unibox::store
