#include "message-writer/relay.hpp"

#include "base/mutex.hpp"
#include "support/eventually.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace unibox::writer {
namespace {

using namespace std::chrono_literals;
using store::OutboxId;

constexpr domain::ShardId kShard(1003);
constexpr domain::ShardId kOther(1004);
const std::string kEpoch(16, 'e');

// Keeps what it is given until the test says what became of it.
class HeldPublisher final : public nats::Publisher {
public:
    void Publish(nats::Outgoing message, SteadyTime, Done done) override {
        const MutexLock lock(mutex_);
        sent_ids_.push_back(message.msg_id);
        const std::string id = message.msg_id;
        held_.emplace(id, Held{std::move(message), std::move(done)});
    }
    void PublishAll(std::vector<nats::Outgoing>, SteadyTime, AllDone) override {}
    std::size_t in_flight() const override {
        const MutexLock lock(mutex_);
        return held_.size();
    }
    std::size_t in_flight_bytes() const override { return 0; }

    // The ids on their way, in the order of sending.
    std::vector<std::string> held_ids() const {
        const MutexLock lock(mutex_);
        std::vector<std::string> ids;
        for (const std::string& id : sent_ids_) {
            if (held_.contains(id)) ids.push_back(id);
        }
        return ids;
    }
    nats::Outgoing message(const std::string& id) const {
        const MutexLock lock(mutex_);
        return held_.find(id)->second.message;
    }
    void Complete(const std::string& id, Result<nats::PubAck> result = nats::PubAck{}) {
        Done done;
        {
            const MutexLock lock(mutex_);
            const auto at = held_.find(id);
            REQUIRE(at != held_.end());
            done = std::move(at->second.done);
            held_.erase(at);
        }
        done(std::move(result));
    }
    std::size_t sent_count() const {
        const MutexLock lock(mutex_);
        return sent_ids_.size();
    }

private:
    struct Held {
        nats::Outgoing message;
        Done done;
    };
    mutable Mutex mutex_;
    std::vector<std::string> sent_ids_;
    std::map<std::string, Held> held_;
};

struct Fixture {
    explicit Fixture(RelaySettings settings = {.retry_wait = 1ms})
        : relay(publisher, kOutboxStreams[0], settings, metrics, SystemClock()) {}

    obs::Metrics metrics;
    HeldPublisher publisher;
    Relay relay;
};

constexpr auto kFeed = domain::OutboxTarget::kFeed;

// A gate that is open, with this epoch.
class OpenGate final : public FeedGate {
public:
    explicit OpenGate(std::string epoch) : epoch_(std::move(epoch)) {}
    std::optional<Ticket> Open() override { return Ticket{1, epoch_, SteadyTime::max()}; }
    void Acknowledged(std::uint64_t, const nats::PubAck&, const std::string&) override {}
    void Doubt(std::uint64_t) override {}
    bool IsSafe(std::uint64_t, std::uint64_t) override { return true; }

private:
    std::string epoch_;
};

// An event id (two characters, so that "a1" is 6131 in hex) of a conversation ("" = none).
struct Item {
    std::string id;
    std::string conversation;
};

std::string Hex(const std::string& id) {
    std::string hex;
    for (const char c : id) hex += "0123456789abcdef"[c >> 4], hex += "0123456789abcdef"[c & 15];
    return hex;
}
std::vector<std::string> Hex(const std::vector<std::string>& ids) {
    std::vector<std::string> hex;
    for (const std::string& id : ids) hex.push_back(Hex(id));
    return hex;
}

Relay::Rows::value_type Row(
    std::int64_t id, const std::vector<Item>& items, domain::ShardId shard = kShard
) {
    event::v1::OutboxBatch batch;
    batch.set_feed_epoch(kEpoch);
    for (const Item& item : items) {
        event::v1::FeedEvent event;
        event.set_event_id(item.id);
        event.set_tenant_id(7);
        event.set_conversation_id(item.conversation);
        event.set_traceparent("trace");
        event.set_feed_epoch(kEpoch);
        auto* entry = batch.add_entries();
        entry->set_subject("ub.ev.7.message_created");
        entry->set_event_id(item.id);
        entry->set_ordering_key(item.conversation);
        entry->set_payload(event.SerializeAsString());
    }
    return {OutboxId{shard, kFeed, id}, std::move(batch)};
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("Relay: publishes with the event id as message id", "[unit][writer]") {
    Fixture f;
    CHECK(f.relay.Publish({Row(1, {{"a1", "A"}})}));
    REQUIRE(f.publisher.held_ids() == Hex(Ids{"a1"}));
    const nats::Outgoing message = f.publisher.message(Hex("a1"));
    CHECK(message.subject == "ub.ev.7.message_created");
    CHECK(message.expected_stream == "UB_EV");
    event::v1::FeedEvent event;
    CHECK(event.ParseFromString(message.payload));
    CHECK(event.event_id() == "a1");
}

TEST_CASE("Relay: an event goes out under the epoch that stands now", "[unit][writer]") {
    obs::Metrics metrics;
    for (const std::string& epoch : {kEpoch, std::string(16, 'n')}) {
        HeldPublisher publisher;
        OpenGate gate(epoch);
        Relay relay(publisher, kOutboxStreams[0], {}, metrics, SystemClock(), &gate);
        const auto row = Row(1, {{"a1", "A"}});
        relay.Publish({row});
        const std::string payload = publisher.message(Hex("a1")).payload;
        CHECK((payload == row.second.entries(0).payload()) == (epoch == kEpoch));
        event::v1::FeedEvent event;
        REQUIRE(event.ParseFromString(payload));
        CHECK(event.feed_epoch() == epoch);
        CHECK(event.event_id() == "a1");
        CHECK(event.conversation_id() == "A");
        publisher.Complete(Hex("a1"));
    }
}

TEST_CASE("Relay: a row is acknowledged when all of its events are", "[unit][writer]") {
    Fixture f;
    f.relay.Publish({Row(1, {{"a1", "A"}, {"b1", "B"}}), Row(2, {{"c1", ""}})});
    CHECK(f.relay.backlog_count() == 3);
    f.publisher.Complete(Hex("a1"));
    f.publisher.Complete(Hex("c1"));
    CHECK(f.relay.TakeAcknowledged(kShard) == std::vector<OutboxId>{{kShard, kFeed, 2}});
    CHECK(f.relay.Knows({kShard, kFeed, 1}));
    CHECK_FALSE(f.relay.Knows({kShard, kFeed, 2}));
    f.publisher.Complete(Hex("b1"));
    CHECK(f.relay.Knows({kShard, kFeed, 1}));
    CHECK(f.relay.TakeAcknowledged(kOther).empty());
    CHECK(f.relay.TakeAcknowledged(kShard) == std::vector<OutboxId>{{kShard, kFeed, 1}});
    CHECK(f.relay.TakeAcknowledged(kShard).empty());
    CHECK(f.relay.backlog_count() == 0);
}

TEST_CASE("Relay: the events of one conversation go one after the other", "[unit][writer]") {
    Fixture f;
    f.relay.Publish({Row(1, {{"a1", "A"}, {"a2", "A"}, {"b1", "B"}, {"t1", ""}, {"t2", ""}})});
    f.relay.Publish({Row(2, {{"a3", "A"}})});
    CHECK(f.publisher.held_ids() == Hex(Ids{"a1", "b1", "t1", "t2"}));
    f.publisher.Complete(Hex("b1"));
    CHECK(f.publisher.held_ids() == Hex(Ids{"a1", "t1", "t2"}));
    f.publisher.Complete(Hex("a1"));
    CHECK(f.publisher.held_ids() == Hex(Ids{"t1", "t2", "a2"}));
    f.publisher.Complete(Hex("a2"));
    CHECK(f.publisher.held_ids() == Hex(Ids{"t1", "t2", "a3"}));
}

TEST_CASE(
    "Relay: what failed is tried again before anything of its conversation", "[unit][writer]"
) {
    Fixture f;
    f.relay.Publish({Row(1, {{"a1", "A"}, {"a2", "A"}})});
    f.publisher.Complete(Hex("a1"), DeadlineExceeded("unanswered"));
    CHECK(test::Eventually(5s, [&] { return f.publisher.sent_count() == 2; }));
    CHECK(f.publisher.held_ids() == Hex(Ids{"a1", "a1"}));
    f.publisher.Complete(Hex("a1"), Unavailable("no stream"));
    CHECK(test::Eventually(5s, [&] { return f.publisher.sent_count() == 3; }));
    f.publisher.Complete(Hex("a1"));
    CHECK(f.publisher.in_flight() == 1);
    f.publisher.Complete(Hex("a2"));
    CHECK(f.relay.TakeAcknowledged(kShard).size() == 1);
}

TEST_CASE("Relay: an event that can never be published does not block", "[unit][writer]") {
    Fixture f;
    f.relay.Publish({Row(1, {{"a1", "A"}, {"a2", "A"}})});
    f.publisher.Complete(Hex("a1"), InvalidArgument("too large"));
    f.publisher.Complete(Hex("a2"));
    CHECK(f.relay.TakeAcknowledged(kShard).size() == 1);
    CHECK(f.metrics.GetCounter("unibox_writer_feed_dropped_total", "").Get() == 1);
}

TEST_CASE("Relay: a row that it knows is not sent twice", "[unit][writer]") {
    Fixture f;
    f.relay.Publish({Row(1, {{"a1", "A"}})});
    CHECK(f.relay.Publish({Row(1, {{"a1", "A"}})}));
    f.publisher.Complete(Hex("a1"));
    CHECK(f.relay.Publish({Row(1, {{"a1", "A"}})}));
    CHECK(f.publisher.sent_count() == 1);
}

TEST_CASE("Relay: a forgotten shard is neither sent nor told", "[unit][writer]") {
    Fixture f({.retry_wait = 1ms, .in_flight_msgs_max = 1});
    f.relay.Publish({Row(1, {{"a1", "A"}, {"b1", "B"}})});
    f.relay.Publish({Row(2, {{"x1", "X"}}, kOther)});
    f.relay.Forget(kShard);
    CHECK(f.relay.backlog_count() == 1);
    CHECK_FALSE(f.relay.Knows({kShard, kFeed, 1}));
    f.publisher.Complete(Hex("a1"));  // was under way
    CHECK(f.relay.TakeAcknowledged(kShard).empty());
    CHECK(f.publisher.held_ids() == Hex(Ids{"x1"}));
    // Taken over again: from the beginning.
    f.relay.Publish({Row(1, {{"a1", "A"}, {"b1", "B"}})});
    f.publisher.Complete(Hex("x1"));
    f.publisher.Complete(Hex("a1"));
    f.publisher.Complete(Hex("b1"));
    CHECK(f.relay.TakeAcknowledged(kShard).size() == 1);
    CHECK(f.relay.backlog_count() == 0);
}

TEST_CASE("Relay: the publisher's window is bounded", "[unit][writer]") {
    Fixture f({.in_flight_msgs_max = 2});
    f.relay.Publish({Row(1, {{"a1", "A"}, {"b1", "B"}, {"c1", "C"}})});
    CHECK(f.publisher.in_flight() == 2);
    f.publisher.Complete(Hex("b1"));
    CHECK(f.publisher.held_ids() == Hex(Ids{"a1", "c1"}));
}

TEST_CASE("Relay: a full backlog refuses a row and what comes after it", "[unit][writer]") {
    Fixture f({.backlog_bytes_max = 1});  // one row at a time
    CHECK(f.relay.Publish({Row(1, {{"a1", "A"}})}));
    CHECK_FALSE(f.relay.Publish({Row(2, {{"a2", "A"}})}));
    f.publisher.Complete(Hex("a1"));
    // There is room again, but row 2 must come first.
    CHECK_FALSE(f.relay.Publish({Row(3, {{"a3", "A"}})}));
    CHECK(f.publisher.sent_count() == 1);
    CHECK(f.relay.Publish({Row(9, {{"x1", "X"}}, kOther)}));  // another shard is not held up
    f.publisher.Complete(Hex("x1"));
    CHECK_FALSE(f.relay.Publish({Row(2, {{"a2", "A"}}), Row(3, {{"a3", "A"}})}));
    CHECK(f.publisher.held_ids() == Hex(Ids{"a2"}));
    f.publisher.Complete(Hex("a2"));
    CHECK(f.relay.Publish({Row(3, {{"a3", "A"}})}));
    CHECK(f.publisher.held_ids() == Hex(Ids{"a3"}));
}

TEST_CASE("Relay: completions after its death do nothing", "[unit][writer]") {
    obs::Metrics metrics;
    HeldPublisher publisher;
    auto relay = std::make_unique<Relay>(
        publisher, kOutboxStreams[0], RelaySettings{}, metrics, SystemClock()
    );
    relay->Publish({Row(1, {{"a1", "A"}, {"a2", "A"}})});
    relay.reset();
    publisher.Complete(Hex("a1"));
    CHECK(publisher.sent_count() == 1);
}

}  // namespace unibox::writer
