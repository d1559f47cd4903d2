// The relay against a real nats-server (and, for leftovers, a real PostgreSQL).
#include "committer_fixture.hpp"
#include "integration/nats/nats_fixture.hpp"
#include "message-writer/relay.hpp"
#include "store/writer/outbox.hpp"
#include "support/tcp_gate.hpp"

#include <random>
#include <set>

namespace unibox::test {
namespace {

using store::OutboxId;
using writer::Relay;

constexpr domain::ShardId kShard(1000);

nats::StreamSpec FeedSpec() {
    nats::StreamSpec spec;
    for (const auto& declared : nats::UniboxStreams({.partition_count = 1})) {
        if (declared.name == "UB_EV") spec = declared;
    }
    spec.bytes_max = 256LL * 1024 * 1024;
    return spec;
}

// A relay on a connection that goes through a gate.
struct RelayFixture {
    explicit RelayFixture(Millis publish_deadline = 1s)
        : gate(server.port()),
          connection(
              ConnectTo(SettingsFor("nats://127.0.0.1:" + std::to_string(gate.port())), metrics)
          ),
          observer(ConnectTo(SettingsFor(server.url()), metrics)),
          streams(*observer) {
        auto created = nats::Publisher::Create(*connection, {}, metrics);
        REQUIRE_OK(created);
        publisher = std::move(created).value();
        relay = std::make_unique<Relay>(
            *publisher,
            writer::kOutboxStreams[0],
            writer::RelaySettings{.publish_deadline = publish_deadline},
            metrics,
            SystemClock()
        );
    }

    // What the stream holds, in its order.
    std::vector<event::v1::FeedEvent> Feed() {
        std::vector<event::v1::FeedEvent> feed;
        const auto info = streams.Info("UB_EV");
        REQUIRE_OK(info);
        for (std::uint64_t sequence = 1; sequence <= info->last_seq; ++sequence) {
            const auto message = streams.Get("UB_EV", sequence);
            REQUIRE_OK(message);
            REQUIRE(feed.emplace_back().ParseFromString(message->payload));
        }
        return feed;
    }
    bool Drained() {
        return Eventually(30s, [&] { return relay->backlog_count() == 0; });
    }

    obs::Metrics metrics;
    NatsServer server;
    TcpGate gate;
    std::unique_ptr<nats::Connection> connection;
    std::unique_ptr<nats::Connection> observer;
    nats::Streams streams;
    std::unique_ptr<nats::Publisher> publisher;
    std::unique_ptr<Relay> relay;
};

// Outbox rows of random conversations, with the versions that they would have.
class Rows {
public:
    explicit Rows(std::uint64_t seed) : random_(seed) {}

    Relay::Rows::value_type Next(int event_count) {
        event::v1::OutboxBatch batch;
        for (int i = 0; i < event_count; ++i) {
            const std::string conversation = "conversation-" + std::to_string(random_() % 20);
            event::v1::FeedEvent event;
            event.set_event_id(Id(++event_count_));
            event.set_tenant_id(7);
            event.set_conversation_id(conversation);
            event.set_version(++versions_[conversation]);
            event.mutable_message_updated()->mutable_message()->set_text(std::string(300, 'x'));
            auto* entry = batch.add_entries();
            entry->set_subject("ub.ev.7.message_updated");
            entry->set_event_id(event.event_id());
            entry->set_ordering_key(conversation);
            entry->set_payload(event.SerializeAsString());
        }
        return {OutboxId{kShard, domain::OutboxTarget::kFeed, ++row_count_}, std::move(batch)};
    }
    int event_count() const { return event_count_; }

private:
    static std::string Id(int number) {
        std::string id(16, 'i');
        const std::string digits = std::to_string(number);
        return id.replace(0, digits.size(), digits);
    }

    std::mt19937_64 random_;
    std::map<std::string, std::int64_t> versions_;
    int event_count_ = 0;
    std::int64_t row_count_ = 0;
};

// "" or why a consumer would not see 1, 2, 3 … of every conversation, each once.
std::string WrongOrder(const std::vector<event::v1::FeedEvent>& feed) {
    std::map<std::string, std::int64_t> versions;
    std::set<std::string> ids;
    for (const auto& event : feed) {
        if (!ids.insert(event.event_id()).second) return "event twice: " + event.event_id();
        if (event.version() == 0) continue;
        auto& version = versions[event.conversation_id()];
        if (event.version() != ++version) {
            return event.conversation_id() + ": " + std::to_string(event.version()) + " where " +
                   std::to_string(version) + " was due";
        }
    }
    return "";
}

}  // namespace

TEST_CASE("Relay: versions are in stream order whatever happens on the way", "[nats][writer]") {
    RelayFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    constexpr std::uint64_t kSeed = 7;
    INFO("seed " << kSeed);
    Rows rows(kSeed);
    for (int round = 0; round < 12; ++round) {
        // In every fourth round the stream stores, and nobody hears of it.
        if (round % 4 == 2) f.gate.SetMode(TcpGate::Mode::kDropReplies);
        for (int i = 0; i < 10; ++i) REQUIRE(f.relay->Publish({rows.Next(20)}));
        switch (round % 4) {
            case 0:
                f.gate.CloseAll();
                break;
            case 1:
                f.server.Restart();
                break;
            case 2:
                CHECK(Eventually(30s, [&] { return f.publisher->in_flight() > 0; }));
                f.gate.CloseAll();
                f.gate.SetMode(TcpGate::Mode::kPass);
                break;
            default:
                break;
        }
    }
    REQUIRE(f.Drained());
    CHECK(f.relay->TakeAcknowledged(kShard).size() == 120);
    const auto feed = f.Feed();
    CHECK(feed.size() == static_cast<std::size_t>(rows.event_count()));
    CHECK(WrongOrder(feed) == "");
}

TEST_CASE("Relay: waits for a stream that is not there yet", "[nats][writer]") {
    RelayFixture f(300ms);
    Rows rows(1);
    f.relay->Publish({rows.Next(30)});
    auto& retries = f.metrics.GetCounter("unibox_writer_feed_retries_total", "");
    REQUIRE(Eventually(10s, [&] { return retries.Get() > 0; }));
    CHECK(f.relay->TakeAcknowledged(kShard).empty());
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    REQUIRE(f.Drained());
    CHECK(f.relay->TakeAcknowledged(kShard).size() == 1);
    CHECK(f.Feed().size() == 30);
    CHECK(WrongOrder(f.Feed()) == "");
}

TEST_CASE("Relay: an event that the server finds too large is passed over", "[nats][writer]") {
    RelayFixture f;
    auto spec = FeedSpec();
    spec.message_bytes_max = 200;  // the events of these rows are larger
    REQUIRE_OK(f.streams.Ensure(spec));
    Rows rows(1);
    f.relay->Publish({rows.Next(5)});
    REQUIRE(f.Drained());
    CHECK(f.relay->TakeAcknowledged(kShard).size() == 1);
    CHECK(f.metrics.GetCounter("unibox_writer_feed_dropped_total", "").Get() == 5);
    CHECK(f.Feed().empty());
}

TEST_CASE("Relay: two writers that publish the same rows store them once", "[nats][writer]") {
    RelayFixture f;
    REQUIRE_OK(f.streams.Ensure(FeedSpec()));
    auto second_publisher = nats::Publisher::Create(*f.observer, {}, f.metrics);
    REQUIRE_OK(second_publisher);
    Relay second(
        **second_publisher,
        writer::kOutboxStreams[0],
        {.publish_deadline = 1s},
        f.metrics,
        SystemClock()
    );
    Rows rows(3);
    for (int i = 0; i < 20; ++i) {
        const auto row = rows.Next(20);
        f.relay->Publish({row});
        second.Publish({row});
    }
    REQUIRE(f.Drained());
    REQUIRE(Eventually(30s, [&] { return second.backlog_count() == 0; }));
    CHECK(f.Feed().size() == 400);
    CHECK(WrongOrder(f.Feed()) == "");
}

}  // namespace unibox::test
