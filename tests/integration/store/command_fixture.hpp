// Transactions of the writer, put together by hand: a lane of commands with its slot, one of the
// log with its partition, conversations to work on. Thread safety: the fixture one thread, each
// lane one thread.
#pragma once

#include "domain/batch_effects.hpp"
#include "domain/batch_plan.hpp"
#include "store/schema/periods.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/partitions.hpp"
#include "store/writer/slots.hpp"
#include "store_fixture.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace unibox::test {

constexpr TenantId kTenant{1};

// The n-th id of a kind; never all zeros.
template <typename Id>
Id MakeId(int number) {
    Id id;
    id.value.bytes[6] = 0x70;
    id.value.bytes[8] = 0x80;
    id.value.bytes[14] = static_cast<std::uint8_t>((number + 1) >> 8);
    id.value.bytes[15] = static_cast<std::uint8_t>(number + 1);
    return id;
}

// One connection, and what it writes under.
class TestLane {
public:
    TestLane(StoreFixture& store, const std::string& owner, std::int64_t idle_in_tx_timeout_ms);

    Result<store::BatchTx> Begin() const { return store::BatchTx::Begin(*session, Millis(60'000)); }
    // A transaction of commands that has read.
    Result<domain::BatchState> Read(store::BatchTx& tx, const domain::BatchPlan& plan);
    // One of the log: its partition moves on by one.
    Result<domain::BatchState> ReadLog(store::BatchTx& tx, const domain::BatchPlan& plan);
    void OwnPartition(int partition);

    store::OwnedSlot slot;
    std::unique_ptr<pg::Session> session;
    store::LeafSurvey leaves;

private:
    StoreFixture& store_;
    std::string owner_;
    obs::Metrics metrics_;
    std::optional<store::OwnedPartition> partition_;
};

class CommandFixture : public StoreFixture {
public:
    explicit CommandFixture(PgServer& server = PgServer::Shared());

    std::unique_ptr<TestLane> Lane(
        const std::string& owner, std::int64_t idle_in_tx_timeout_ms = 60'000
    );
    // An open conversation with one message of the customer: thread "thread<number>".
    domain::ConversationKey Seed(int number);
    domain::ConversationWrite Whole(const domain::ConversationKey& key);

    static ChannelId channel() { return MakeId<ChannelId>(1); }
    static domain::ThreadKey ThreadOf(int number) {
        return {kTenant, channel(), "thread" + std::to_string(number)};
    }
    static domain::BatchPlan PlanOf(const domain::ConversationKey& key);
    // What a transaction read of it, as a write that changes nothing.
    static domain::ConversationWrite WriteOf(
        const domain::BatchState& state, const domain::ConversationKey& key
    );
    // Reads, lets `change` change it, and commits.
    Result<store::CommittedBatch> Change(
        TestLane& lane,
        const domain::ConversationKey& key,
        const std::function<void(domain::ConversationWrite&)>& change
    );

    std::int64_t now_ms = SystemClock().UnixMillis();
};

}  // namespace unibox::test
