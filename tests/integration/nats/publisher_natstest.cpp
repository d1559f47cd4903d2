#include "publisher_fixture.hpp"
#include "support/tcp_gate.hpp"

#include <atomic>
#include <future>
#include <set>

using namespace unibox;
using namespace unibox::test;
using nats::Outgoing;
using nats::Publisher;

namespace {

nats::PublisherSettings SmallWindow(std::size_t messages) {
    nats::PublisherSettings settings;
    settings.window_count_max = messages;
    return settings;
}

}  // namespace

TEST_CASE("Publisher: a message is stored with its headers and acknowledged", "[nats]") {
    PublisherFixture nats;
    Outgoing message = Message(1, std::string("a\0b", 3));
    message.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto ack = nats.PublishAndWait(message);
    REQUIRE_OK(ack);
    CHECK(ack->stream == "LOG");
    CHECK(ack->sequence == 1);
    CHECK_FALSE(ack->duplicate);
    const auto stored = nats.streams.Get("LOG", 1);
    REQUIRE_OK(stored);
    CHECK(stored->payload == std::string("a\0b", 3));
    CHECK(stored->msg_id == "id-1");
    CHECK(stored->traceparent == message.traceparent);
    CHECK(stored->subject == "log.a");
    CHECK(Eventually(10s, [&] { return nats.publisher->in_flight() == 0; }));
    CHECK(nats.publisher->in_flight_bytes() == 0);
}

TEST_CASE("Publisher: the same id is stored once", "[nats]") {
    PublisherFixture nats;
    REQUIRE_OK(nats.PublishAndWait(Message(1)));
    REQUIRE_OK(nats.PublishAndWait(Message(2)));
    const auto again = nats.PublishAndWait(Message(1));
    REQUIRE_OK(again);
    CHECK(again->duplicate);
    CHECK(again->sequence == 1);
}

TEST_CASE("Publisher: an empty payload and no headers are allowed", "[nats]") {
    nats::PublisherSettings settings;
    settings.republish_after = Millis(0);  // Without an id a second copy would be stored.
    PublisherFixture nats(settings);
    Outgoing bare;
    bare.subject = "log.b";
    const auto ack = nats.PublishAndWait(bare);
    REQUIRE_OK(ack);
    const auto again = nats.PublishAndWait(bare);
    REQUIRE_OK(again);
    CHECK(again->sequence == 2);
}

TEST_CASE("Publisher: what cannot be sent is refused", "[nats]") {
    PublisherFixture nats;
    const auto refused = [&](Outgoing message) {
        return nats.PublishAndWait(std::move(message)).status();
    };
    Outgoing wildcard = Message(1);
    wildcard.subject = "log.>";
    CHECK(refused(wildcard).reason() == "BAD_SUBJECT");
    Outgoing injected = Message(1);
    injected.msg_id = "x\r\nNats-Rollup: all";
    CHECK(refused(injected).reason() == "BAD_HEADER");
    const Status large = refused(Message(1, std::string(8 * 1024 * 1024 + 1, 'x')));
    CHECK_THAT(large, HasCode(Code::kInvalidArgument));
    CHECK(large.reason() == "TOO_LARGE");
    // The headers count too: nats.c itself refuses this one.
    CHECK(refused(Message(1, std::string(8 * 1024 * 1024 - 10, 'x'))).reason() == "TOO_LARGE");
    CHECK(nats.publisher->in_flight() <= 1);
    REQUIRE_OK(nats.PublishAndWait(Message(2)));
}

TEST_CASE("Publisher: a full window refuses at once and recovers", "[nats]") {
    PublisherFixture nats(SmallWindow(10));
    nats.server.Pause();
    for (int i = 0; i < 25; ++i)
        nats.publisher->Publish(Message(i), In(60s), nats.outcomes.Done(i));
    REQUIRE(nats.outcomes.WaitFor(15));
    for (int i = 10; i < 25; ++i) {
        REQUIRE(nats.outcomes.Of(i).size() == 1);
        const Status status = nats.outcomes.Of(i)[0].status();
        CHECK_THAT(status, HasCode(Code::kResourceExhausted));
        CHECK(status.reason() == "WINDOW_FULL");
    }
    CHECK(nats.publisher->in_flight() == 10);
    nats.server.Resume();
    REQUIRE(nats.outcomes.WaitFor(25));
    for (int i = 0; i < 10; ++i) REQUIRE_OK(nats.outcomes.Of(i).at(0));
    REQUIRE_OK(nats.PublishAndWait(Message(100)));
}

TEST_CASE("Publisher: the window is limited in bytes too", "[nats]") {
    nats::PublisherSettings settings;
    settings.window_bytes_max = 1'000'000;
    PublisherFixture nats(settings);
    nats.server.Pause();
    for (int i = 0; i < 12; ++i) {
        nats.publisher->Publish(
            Message(i, std::string(100'000, 'x')), In(60s), nats.outcomes.Done(i)
        );
    }
    REQUIRE(nats.outcomes.WaitFor(3));
    CHECK(nats.outcomes.Of(9).at(0).status().reason() == "WINDOW_FULL");
    CHECK(nats.publisher->in_flight_bytes() <= 1'000'000);
    nats.server.Resume();
    REQUIRE(nats.outcomes.WaitFor(12));
    CHECK(nats.outcomes.Of(8).at(0).ok());
}

TEST_CASE("Publisher: a full stream is UNAVAILABLE STREAM_FULL", "[nats]") {
    nats::StreamSpec spec = LogSpec();
    spec.bytes_max = 20'000;
    PublisherFixture nats({}, spec);
    Result<nats::PubAck> last;
    for (int i = 0; i < 50; ++i) {
        last = nats.PublishAndWait(Message(i, std::string(1000, 'x')));
        if (!last.ok()) break;
    }
    CHECK_THAT(last.status(), HasCode(Code::kUnavailable));
    CHECK(last.status().reason() == "STREAM_FULL");
}

TEST_CASE("Publisher: a message over the stream's limit is too_large", "[nats]") {
    nats::StreamSpec spec = LogSpec();
    spec.message_bytes_max = 500;
    PublisherFixture nats({}, spec);
    const auto refused = nats.PublishAndWait(Message(1, std::string(1000, 'x')));
    CHECK_THAT(refused.status(), HasCode(Code::kInvalidArgument));
    CHECK(refused.status().reason() == "TOO_LARGE");
}

TEST_CASE("Publisher: a message that is too large fails alone in its group", "[nats]") {
    NatsServerOptions small;
    small.max_payload_bytes = 64 * 1024;
    PublisherFixture nats({}, LogSpec(), small);
    std::vector<Outgoing> group = {Message(1), Message(2, std::string(65'537, 'x')), Message(3)};
    group.push_back(Message(4));
    group.back().subject = "log.*";
    std::promise<std::vector<Result<nats::PubAck>>> told;
    nats.publisher->PublishAll(group, In(5s), [&](std::vector<Result<nats::PubAck>> results) {
        told.set_value(std::move(results));
    });
    const auto results = told.get_future().get();
    REQUIRE(results.size() == 4);
    REQUIRE_OK(results[0]);
    CHECK(results[1].status().reason() == "TOO_LARGE");
    REQUIRE_OK(results[2]);
    CHECK(results[3].status().reason() == "BAD_SUBJECT");
    CHECK(nats.streams.Info("LOG")->messages == 2);
    CHECK(nats.publisher->in_flight() == 0);
    CHECK(nats.publisher->in_flight_bytes() == 0);
}

TEST_CASE("Publisher: a subject of another stream is refused", "[nats]") {
    PublisherFixture nats;
    Outgoing message = Message(1);
    message.expected_stream = "OTHER";
    const auto refused = nats.PublishAndWait(message);
    CHECK_THAT(refused.status(), HasCode(Code::kFailedPrecondition));
    CHECK(refused.status().reason() == "WRONG_STREAM");
}

TEST_CASE("Publisher: a lost answer is asked for again", "[nats]") {
    NatsServer server;
    TcpGate gate(server.port());
    obs::Metrics metrics;
    const auto connection =
        ConnectTo(SettingsFor("nats://127.0.0.1:" + std::to_string(gate.port())), metrics);
    nats::Streams streams(*connection);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    nats::PublisherSettings settings;
    settings.republish_after = Millis(100);
    auto publisher = Publisher::Create(*connection, settings, metrics);
    REQUIRE_OK(publisher);
    Outcomes outcomes;
    gate.SetMode(TcpGate::Mode::kDropReplies);
    (*publisher)->Publish(Message(1), In(10s), outcomes.Done(1));
    auto& resent = metrics.GetCounter("unibox_nats_resent_total", "");
    REQUIRE(Eventually(5s, [&] { return resent.Get() >= 1; }));
    CHECK(outcomes.count() == 0);
    const auto direct = ConnectTo(SettingsFor(server.url()), metrics);
    REQUIRE(Eventually(20s, [&] {
        const auto info = nats::Streams(*direct).Info("LOG");
        return info.ok() && info->messages == 1;
    }));
    gate.CloseAll();
    gate.SetMode(TcpGate::Mode::kPass);
    REQUIRE(outcomes.WaitFor(1));
    REQUIRE_OK(outcomes.Of(1).at(0));
    CHECK(outcomes.Of(1).at(0)->duplicate);
    CHECK(outcomes.Of(1).at(0)->sequence == 1);
}

TEST_CASE("Publisher: a blocking `done` does not stall the network", "[nats]") {
    PublisherFixture nats;
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    std::promise<void> entered;
    nats.publisher->Publish(Message(0), In(60s), [&](Result<nats::PubAck>) {
        entered.set_value();
        released.wait();
    });
    entered.get_future().wait();
    for (int i = 1; i <= 500; ++i)
        nats.publisher->Publish(Message(i), In(60s), nats.outcomes.Done(i));
    // Requests are answered and messages are stored while no completion can run.
    REQUIRE(Eventually(20s, [&] {
        const auto info = nats.streams.Info("LOG");
        return info.ok() && info->messages == 501;
    }));
    CHECK(nats.outcomes.count() == 0);
    CHECK(nats.publisher->in_flight() == 500);
    release.set_value();
    REQUIRE(nats.outcomes.WaitFor(500));
}

TEST_CASE("Publisher: `done` may publish", "[nats]") {
    PublisherFixture nats;
    std::atomic<int> left{100};
    std::function<void(Result<nats::PubAck>)> next = [&](const Result<nats::PubAck>& result) {
        if (!result.ok() || --left == 0) return;
        nats.publisher->Publish(Message(left), In(5s), next);
    };
    nats.publisher->Publish(Message(100), In(5s), next);
    REQUIRE(Eventually(10s, [&] { return left == 0; }));
    CHECK(nats.streams.Info("LOG")->messages == 100);
}

TEST_CASE("Publisher: PublishAll reports all messages of a request together", "[nats]") {
    nats::StreamSpec spec = LogSpec();
    spec.message_bytes_max = 500;
    PublisherFixture nats(SmallWindow(8), spec);
    std::promise<std::vector<Result<nats::PubAck>>> outcome;
    const auto set = [](auto& promise) {
        return [&promise](std::vector<Result<nats::PubAck>> all) {
            promise.set_value(std::move(all));
        };
    };
    nats.publisher->PublishAll(
        {Message(1), Message(2, std::string(1000, 'x')), Message(3), Message(1)},
        In(5s),
        set(outcome)
    );
    const auto all = outcome.get_future().get();
    REQUIRE(all.size() == 4);
    CHECK(all[0]->sequence == 1);
    CHECK(all[1].status().reason() == "TOO_LARGE");
    CHECK(all[2]->sequence == 2);
    CHECK(all[3]->sequence == 1);
    CHECK(all[3]->duplicate);

    std::promise<std::vector<Result<nats::PubAck>>> none;
    nats.publisher->PublishAll({}, In(5s), set(none));
    CHECK(none.get_future().get().empty());
}

// The answer can come before the thread that sends the message has returned from sending it.
TEST_CASE("Publisher: who was told has made room, whoever is still sending", "[nats]") {
    constexpr int kMessages = 20'000;
    PublisherFixture nats(SmallWindow(1));
    std::atomic<bool> room{true};
    std::atomic<int> sent{0};
    const auto publish = [&] {
        while (sent < kMessages) {
            if (!room.exchange(false)) {
                std::this_thread::yield();
                continue;
            }
            const int number = sent++;
            nats.publisher->Publish(
                Message(number),
                In(60s),
                [&room, told = nats.outcomes.Done(number)](auto result) {
                    told(std::move(result));
                    room = true;
                }
            );
        }
    };
    std::thread other(publish);
    publish();
    other.join();
    REQUIRE(nats.outcomes.WaitFor(static_cast<std::size_t>(sent), 60s));
    for (const auto& [number, results] : nats.outcomes.All()) {
        REQUIRE(results.size() == 1);
        REQUIRE_OK(results[0]);
    }
}

TEST_CASE("Publisher: PublishAll is all or nothing in a narrow window", "[nats]") {
    PublisherFixture nats(SmallWindow(3));
    std::promise<std::vector<Result<nats::PubAck>>> outcome;
    nats.publisher->PublishAll(
        {Message(1), Message(2), Message(3), Message(4)},
        In(5s),
        [&](std::vector<Result<nats::PubAck>> all) { outcome.set_value(std::move(all)); }
    );
    const auto all = outcome.get_future().get();
    REQUIRE(all.size() == 4);
    for (const auto& one : all) CHECK(one.status().reason() == "WINDOW_FULL");
    CHECK(nats.streams.Info("LOG")->messages == 0);
    CHECK(nats.publisher->in_flight() == 0);
}

TEST_CASE("Publisher: its end tells everyone exactly once", "[nats]") {
    PublisherFixture nats;
    nats.server.Pause();
    for (int i = 0; i < 100; ++i)
        nats.publisher->Publish(Message(i), In(60s), nats.outcomes.Done(i));
    nats.publisher.reset();
    CHECK(nats.outcomes.count() == 100);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(nats.outcomes.Of(i).size() == 1);
        CHECK(nats.outcomes.Of(i)[0].status().reason() == "SHUTTING_DOWN");
    }
    nats.server.Resume();
}

TEST_CASE("Publisher: kill -9 of the server loses and doubles nothing", "[nats]") {
    constexpr int kMessages = 20'000;
    PublisherFixture nats;
    std::thread killer([&] {
        for (int round = 1; round <= 3; ++round) {
            const auto wanted = static_cast<std::size_t>(round * kMessages / 4);
            static_cast<void>(nats.outcomes.WaitFor(wanted, 30s));
            nats.server.Restart();
        }
    });
    int sent = 0;
    while (sent < kMessages) {
        if (nats.publisher->in_flight() >= 4096) {
            std::this_thread::yield();
            continue;
        }
        nats.publisher->Publish(
            Message(sent, "payload " + std::to_string(sent)), In(60s), nats.outcomes.Done(sent)
        );
        ++sent;
    }
    const bool all_told = nats.outcomes.WaitFor(kMessages, 60s);
    killer.join();
    REQUIRE(all_told);
    std::set<std::uint64_t> sequences;
    for (const auto& [number, results] : nats.outcomes.All()) {
        REQUIRE(results.size() == 1);
        REQUIRE_OK(results[0]);
        sequences.insert(results[0]->sequence);
    }
    CHECK(sequences.size() == kMessages);
    CHECK(*sequences.begin() == 1);
    CHECK(*sequences.rbegin() == kMessages);
    const auto info = nats.streams.Info("LOG");
    REQUIRE_OK(info);
    CHECK(info->messages == kMessages);
    CHECK(nats.metrics.GetCounter("unibox_nats_resent_total", "").Get() > 0);
}

TEST_CASE("Publisher: without resend a message goes to one session or none", "[nats]") {
    nats::PublisherSettings once;
    once.resend = false;
    PublisherFixture nats(once);
    nats.server.Pause();
    for (int i = 0; i < 10; ++i)
        nats.publisher->Publish(Message(i), In(60s), nats.outcomes.Done(i));
    nats.server.Kill9();
    REQUIRE(Eventually(20s, [&] { return !nats.connection->connected(); }));
    nats.server.Start();
    REQUIRE(nats.outcomes.WaitFor(10, 30s));
    for (int i = 0; i < 10; ++i) {
        CHECK(nats.outcomes.Of(i).at(0).status().reason() == "NOT_SENT_AGAIN");
    }
    CHECK(nats.streams.Info("LOG")->messages == 0);
    CHECK(nats.PublishAndWait(Message(1)).ok());
    // A refusal that would be retried: the stream may be another when it is there again.
    REQUIRE_OK(nats.streams.Delete("LOG"));
    CHECK(nats.PublishAndWait(Message(2), 60s).status().reason() == "NOT_SENT_AGAIN");
}
