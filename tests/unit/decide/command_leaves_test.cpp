// Which commands wait for a leaf that is detached, and which do not.
#include "command_fixture.hpp"
#include "decide/plan.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr std::int64_t kNow = kNoon + 40 * kDay;

struct Fixture : CommandFixture {
    Fixture() { inbox.now_ms = kNow; }

    // The leaf that the command waits for; "" if it was decided.
    std::string Awaited(
        const domain::DetachedLeaves& detached, const writer::v1::Command& command
    ) {
        const std::vector<domain::BatchItem> batch = {{kCommandShard, command}};
        auto state = inbox.Read(decide::Plan(batch));
        state.detached = detached;
        const auto effects = decide::Decide(batch, std::move(state));
        CHECK(effects.input_count == (effects.awaited_leaf.empty() ? 1 : 0));
        CHECK(effects.answers.size() == effects.input_count);
        return effects.awaited_leaf;
    }
};

domain::DetachedLeaves Messages(std::int64_t first_ms, std::int64_t past_ms) {
    return {{{"messages", first_ms, past_ms}}, {}, {}};
}

domain::DetachedLeaves Conversations(std::int64_t first_ms, std::int64_t past_ms) {
    return {{}, {{"conversations", first_ms, past_ms}}, {}};
}

}  // namespace

TEST_CASE("Leaves: a message that is not found may lie in one of its time", "[unit][decide]") {
    Fixture f;
    REQUIRE(f.Do(f.A().Text("ours").At(kNoon)) == "");
    const auto position = f.inbox.messages.rbegin()->first;
    const auto then = Messages(kNoon - kDay, kNoon + kDay);
    const auto since = Messages(kNow - kDay, kNow - kSecond * 90);
    const auto before = Messages(kNoon - 9 * kDay, kNoon - kDay);
    CHECK(f.Awaited(then, f.A().Edit(2, "x")) == "");  // it is there
    const auto row = f.inbox.messages.at(position);
    f.inbox.messages.erase(position);
    CHECK(f.Awaited(then, f.A().Edit(2, "x")) == "messages");
    CHECK(f.Awaited(then, f.A().Delete(2)) == "messages");
    CHECK(f.Awaited(then, f.A().Note("x").ReplyTo(2)) == "messages");
    CHECK(f.Awaited(since, f.A().Edit(2, "x")) == "messages");
    CHECK(f.Awaited(before, f.A().Edit(2, "x")) == "");  // it has none of that time
    CHECK(f.Awaited(then, f.A().Edit(3, "x")) == "");    // nor so many
    CHECK(f.Awaited(then, f.A().Labels({"x"})) == "");
}

TEST_CASE("Leaves: a message is written into the one of now", "[unit][decide]") {
    Fixture f;
    for (const auto& now :
         {Messages(kNow - kDay, kNow + kDay),
          Messages(kNow + 300 * kSecond, kNow + kDay),  // a watermark may push it ahead
          Messages(kNow - kDay, kNow - 59 * kSecond)}) {
        CHECK(f.Awaited(now, f.A().Text("x")) == "messages");
        CHECK(f.Awaited(now, f.A().Status(v1::CONVERSATION_STATUS_PENDING, "note")) == "messages");
        CHECK(f.Awaited(now, f.A().Status(v1::CONVERSATION_STATUS_PENDING)) == "");
        CHECK(f.Awaited(now, f.A().Read()) == "");
    }
}

TEST_CASE("Leaves: a conversation lies in one, and may go to another", "[unit][decide]") {
    Fixture f;
    const auto live = Conversations(domain::kInfinity, domain::kInfinity);
    const auto now = Conversations(kNow - kDay, kNow + kDay);
    CHECK(f.Awaited(live, f.A().Read()) == "");  // it is there
    CHECK(f.Awaited(now, f.A().Status(v1::CONVERSATION_STATUS_CLOSED)) == "conversations");
    CHECK(f.Awaited(now, f.A().Status(v1::CONVERSATION_STATUS_PENDING)) == "");
    REQUIRE(f.Do(f.A().Status(v1::CONVERSATION_STATUS_CLOSED)) == "");
    CHECK(f.Awaited(live, f.A().Status(v1::CONVERSATION_STATUS_OPEN)) == "conversations");
    CHECK(f.Awaited(live, f.A().Read()) == "");
    f.inbox.conversations.erase(f.key);
    CHECK(f.Awaited(now, f.A().Read()) == "conversations");
    CHECK(f.Awaited(live, f.A().Read()) == "");  // gone: it was closed
}

TEST_CASE("Leaves: a repeated call waits for none", "[unit][decide]") {
    Fixture f;
    const auto command = f.A().Text("x").Key("k");
    REQUIRE(f.Do(command) == "");
    CHECK(f.Awaited(Messages(kNow - kDay, kNow + kDay), command) == "");
}

}  // namespace unibox::test
