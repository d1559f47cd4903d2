// Lanes of commands and of the log over the same conversations, as fast as they can.
#include "command_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

namespace unibox::store {
namespace {

using test::CommandFixture;
using test::kTenant;
using test::TestLane;

constexpr int kConversations = 12;
constexpr int kRounds = 1'000;

std::vector<int> SomeOf(std::mt19937& random) {
    std::vector<int> numbers;
    for (int i = 0; i < kConversations; ++i) {
        if (random() % 3 == 0) numbers.push_back(i);
    }
    std::shuffle(numbers.begin(), numbers.end(), random);
    return numbers;
}

// Some people, of whom one is merged on with what was merged into it.
void NameContacts(std::mt19937& random, domain::BatchPlan* plan) {
    for (const int number : SomeOf(random)) {
        plan->contact_ids[{kTenant, test::MakeId<ContactId>(number)}] = random() % 2 == 0;
    }
}

// What both kinds of transactions do with what they have read.
Status WriteAll(BatchTx& tx, const domain::BatchState& state, domain::Effects effects) {
    for (const auto& [key, thread] : state.threads) effects.threads.push_back({key, thread});
    for (const auto& [key, row] : state.conversations) {
        effects.conversations.push_back(CommandFixture::WriteOf(state, key));
        ++effects.conversations.back().counters.version;
    }
    return tx.Commit(effects, {}).status();
}

Status CommandRound(
    TestLane& lane, const std::vector<domain::ConversationKey>& keys, std::mt19937& random
) {
    domain::BatchPlan plan;
    domain::Effects effects;
    for (const int number : SomeOf(random)) {
        plan.conversations.insert(keys[static_cast<std::size_t>(number)]);
        const domain::RequestKey key{kTenant, "s", std::to_string(random() % 40)};
        if (!plan.request_keys.insert(key).second) continue;
        effects.request_keys.push_back({key, "digest", {}});
    }
    NameContacts(random, &plan);
    UNIBOX_ASSIGN_OR_RETURN(auto tx, lane.Begin());
    UNIBOX_ASSIGN_OR_RETURN(const auto state, lane.Read(tx, plan));
    for (const auto& [key, row] : state.contacts) {
        if (plan.contact_ids.contains({key.tenant, row.id})) {
            effects.contacts.push_back({key, row, true});
            ++effects.contacts.back().row.version;
        }
    }
    return WriteAll(tx, state, std::move(effects));
}

Status LogRound(TestLane& lane, std::mt19937& random, std::int64_t now_ms) {
    domain::BatchPlan plan;
    for (const int number : SomeOf(random)) {
        const domain::ThreadKey key = CommandFixture::ThreadOf(number);
        const std::string contact = "contact" + std::to_string(number);
        plan.threads[key] = {contact, now_ms};
        plan.contacts[{kTenant, key.channel, contact}] = {
            test::MakeId<ContactId>(number), "Contact", {}, now_ms};
    }
    UNIBOX_ASSIGN_OR_RETURN(auto tx, lane.Begin());
    UNIBOX_ASSIGN_OR_RETURN(const auto state, lane.ReadLog(tx, plan));
    domain::Effects effects;
    for (const auto& [key, row] : state.contacts) effects.contacts.push_back({key, row});
    return WriteAll(tx, state, std::move(effects));
}

TEST_CASE("Lock order: commands and batches of the log never lock each other out", "[pg][store]") {
    CommandFixture fixture;
    std::vector<domain::ConversationKey> keys;
    // Ids in another order than the threads: by ids alone the locks would cross.
    for (int i = 0; i < kConversations; ++i) keys.push_back(fixture.Seed(i));
    std::vector<std::unique_ptr<TestLane>> lanes;
    for (int i = 0; i < 4; ++i) {
        lanes.push_back(fixture.Lane("lane" + std::to_string(i)));
        lanes.back()->OwnPartition(i);
    }
    std::vector<Status> outcomes(lanes.size());
    std::atomic<int> rounds = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        threads.emplace_back([&, i] {
            std::mt19937 random(static_cast<std::uint32_t>(i));
            while (outcomes[i].ok() && ++rounds <= kRounds) {
                outcomes[i] = i % 2 == 0 ? CommandRound(*lanes[i], keys, random)
                                         : LogRound(*lanes[i], random, fixture.now_ms);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Status& outcome : outcomes) REQUIRE_OK(outcome);
    CHECK(rounds >= kRounds);
    // Each change of a version was seen by the next one.
    CHECK(
        fixture.Number("SELECT count(*) FROM conversation_counters n JOIN conversations c USING "
                       "(tenant_id, conversation_id) WHERE n.version = c.version") == kConversations
    );
}

// As one that is committed between the locks of threads and those of counters.
TEST_CASE("Lock order: a conversation without a lock of its thread is not there", "[pg][store]") {
    CommandFixture fixture;
    const auto key = fixture.Seed(0);
    REQUIRE_OK(fixture.Owner("DELETE FROM threads"));
    const auto lane = fixture.Lane("a");
    auto tx = lane->Begin().value();
    const auto state = lane->Read(tx, CommandFixture::PlanOf(key));
    REQUIRE_OK(state);
    CHECK(state->threads.empty());
    CHECK(state->conversations.empty());
    CHECK(state->counters.empty());
}

}  // namespace
}  // namespace unibox::store
