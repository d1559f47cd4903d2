#include "nats/connection.hpp"
#include "nats_fixture.hpp"
#include "support/fake_clock.hpp"
#include "support/tcp_gate.hpp"

#include <atomic>
#include <mutex>

using namespace unibox;
using namespace unibox::test;

namespace {

// Collects what a subscription gets.
struct Inbox {
    nats::Connection::Handler Handler() {
        return [this](std::string_view, std::string_view payload) {
            const std::lock_guard lock(mutex);
            payloads.emplace_back(payload);
        };
    }
    std::size_t size() {
        const std::lock_guard lock(mutex);
        return payloads.size();
    }
    std::mutex mutex;
    std::vector<std::string> payloads;
};

}  // namespace

TEST_CASE("Connection: publishes to subscribers and flushes", "[nats]") {
    NatsFixture nats;
    CHECK(nats.connection->connected());
    CHECK(nats.connection->payload_bytes_max() == 8 * 1024 * 1024);
    Inbox inbox;
    REQUIRE_OK(nats.connection->Subscribe("ctl.*", inbox.Handler()));
    REQUIRE_OK(nats.connection->Flush(10s));
    for (int i = 0; i < 1000; ++i) REQUIRE_OK(nats.connection->Publish("ctl.x", std::to_string(i)));
    REQUIRE(Eventually(20s, [&] { return inbox.size() == 1000; }));
    for (int i = 0; i < 1000; ++i)
        REQUIRE(inbox.payloads[static_cast<std::size_t>(i)] == std::to_string(i));
}

TEST_CASE("Connection: a request nobody answers fails at once", "[nats]") {
    NatsFixture nats;
    const auto reply = nats.connection->Request("nobody", "?", 5s);
    CHECK_THAT(reply.status(), HasCode(Code::kUnavailable));
    CHECK(reply.status().reason() == "NO_RESPONDERS");
}

TEST_CASE("Connection: a message over max_payload is refused", "[nats]") {
    NatsFixture nats({.max_payload_bytes = 1000});
    const Status status = nats.connection->Publish("x", std::string(1001, 'x'));
    CHECK_THAT(status, HasCode(Code::kInvalidArgument));
    CHECK(status.reason() == "TOO_LARGE");
}

TEST_CASE("Connection: comes up when the server does", "[nats]") {
    NatsServer server;
    server.Kill9();
    obs::Metrics metrics;
    const auto connection = ConnectTo(SettingsFor(server.url()), metrics);
    CHECK_FALSE(connection->connected());
    CHECK_THAT(connection->Publish("x", "y"), HasCode(Code::kUnavailable));
    CHECK_THAT(connection->Request("x", "y", 1s).status(), HasCode(Code::kUnavailable));
    Inbox inbox;
    REQUIRE_OK(connection->Subscribe("later", inbox.Handler()));
    server.Start();
    REQUIRE(Eventually(20s, [&] { return connection->connected(); }));
    REQUIRE_OK(connection->Publish("later", "hello"));
    REQUIRE(Eventually(20s, [&] { return inbox.size() == 1; }));
}

TEST_CASE("Connection: subscriptions outlive kill -9 of the server", "[nats]") {
    NatsFixture nats;
    Inbox inbox;
    REQUIRE_OK(nats.connection->Subscribe("ctl", inbox.Handler()));
    for (int round = 1; round <= 3; ++round) {
        nats.server.Kill9();
        REQUIRE(Eventually(20s, [&] { return !nats.connection->connected(); }));
        nats.server.Start();
        REQUIRE(Eventually(20s, [&] { return nats.connection->connected(); }));
        REQUIRE_OK(nats.connection->Publish("ctl", "again"));
        REQUIRE(Eventually(20s, [&] { return inbox.size() == static_cast<std::size_t>(round); }));
    }
}

TEST_CASE("Connection: wrong credentials are tried again until the server knows them", "[nats]") {
    NatsServer server({.user = "ub", .password = "old"});
    obs::Metrics metrics;
    nats::Settings settings = SettingsFor("nats://127.0.0.1:" + std::to_string(server.port()));
    settings.user = "ub";
    settings.password = Secret("new");
    FakeClock clock;
    const auto connection = ConnectTo(settings, metrics, clock);
    CHECK_FALSE(connection->connected());
    auto& rebuilds = metrics.GetCounter("unibox_nats_rebuilds_total", "", {{"name", "unibox"}});
    REQUIRE(Eventually(30s, [&] { return rebuilds.Get() >= 1; }));
    // Ever more slowly, for a server with many such clients has other work: 250 + 500 + 1,000 ms.
    const SteadyTime first = clock.Steady();
    REQUIRE(Eventually(30s, [&] {
        clock.Advance(25ms);
        return rebuilds.Get() >= 4;
    }));
    CHECK(clock.Steady() - first >= 1'750ms);
    server.Kill9();
    server.SetOptions({.user = "ub", .password = "new"});
    server.Start();
    REQUIRE(Eventually(30s, [&] {
        clock.Advance(100ms);
        return connection->connected();
    }));
}

// nats.c 3.4.1 gives a connection up after two equal authentication errors in a row.
TEST_CASE("Connection: is rebuilt after authentication errors", "[nats]") {
    const NatsServerOptions right{.user = "ub", .password = "right"};
    const NatsServerOptions wrong{.user = "ub", .password = "other"};
    NatsFixture nats(right);
    Inbox inbox;
    REQUIRE_OK(nats.connection->Subscribe("ctl", inbox.Handler()));
    nats.server.Kill9();
    nats.server.SetOptions(wrong);
    nats.server.Start();
    auto& closed = nats.metrics.GetCounter("unibox_nats_rebuilds_total", "", {{"name", "unibox"}});
    REQUIRE(Eventually(30s, [&] { return closed.Get() >= 1; }));
    nats.server.Kill9();
    nats.server.SetOptions(right);
    nats.server.Start();
    REQUIRE(Eventually(30s, [&] { return nats.connection->connected(); }));
    REQUIRE_OK(nats.connection->Publish("ctl", "again"));
    REQUIRE(Eventually(20s, [&] { return inbox.size() == 1; }));
}

TEST_CASE("Connection: a black hole is noticed by the ping", "[nats]") {
    NatsServer server;
    TcpGate gate(server.port());
    obs::Metrics metrics;
    nats::Settings settings = SettingsFor("nats://127.0.0.1:" + std::to_string(gate.port()));
    settings.ping_interval_ms = 100;
    Inbox inbox;  // Outlives the connection, on which more than one message may come.
    const auto connection = ConnectTo(settings, metrics);
    REQUIRE_OK(connection->Subscribe("ctl", inbox.Handler()));
    gate.SetMode(TcpGate::Mode::kDrop);
    REQUIRE(Eventually(20s, [&] { return !connection->connected(); }));
    gate.SetMode(TcpGate::Mode::kPass);
    gate.CloseAll();
    // A ping that a slow machine answers late may break the connection once more.
    REQUIRE(Eventually(30s, [&] {
        static_cast<void>(connection->Publish("ctl", "again"));
        return inbox.size() >= 1;
    }));
}

TEST_CASE("Connection: a peer that stops reading never blocks Publish", "[nats]") {
    NatsServer server;
    TcpGate gate(server.port());
    obs::Metrics metrics;
    nats::Settings settings = SettingsFor("nats://127.0.0.1:" + std::to_string(gate.port()));
    settings.write_buffer_bytes_max = 4 * 1024 * 1024;
    const auto connection = ConnectTo(settings, metrics);
    gate.SetMode(TcpGate::Mode::kStall);
    const std::string payload(100'000, 'x');
    const auto start = std::chrono::steady_clock::now();
    Status status;
    int accepted = 0;
    for (; accepted < 1000 && status.ok(); ++accepted) status = connection->Publish("x", payload);
    CHECK(std::chrono::steady_clock::now() - start < 20s);
    CHECK_THAT(status, HasCode(Code::kResourceExhausted));
    CHECK(accepted >= 40);
}
