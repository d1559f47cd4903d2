// What the tests of libs/nats share. Thread safety: the test's thread.
#pragma once

#include "nats/connection.hpp"
#include "nats/streams.hpp"
#include "obs/metrics.hpp"
#include "support/eventually.hpp"
#include "support/nats_server.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

namespace unibox::test {

using namespace std::chrono_literals;

inline nats::Settings SettingsFor(const std::string& url) {
    nats::Settings settings;
    settings.url = url;
    settings.reconnect_wait_ms = 20;
    settings.request_timeout_ms = 5'000;  // Time is not the subject.
    return settings;
}

inline std::unique_ptr<nats::Connection> ConnectTo(
    const nats::Settings& settings, obs::Metrics& metrics, const Clock& clock = SystemClock()
) {
    auto connection = nats::Connection::Connect(settings, metrics, clock);
    REQUIRE_OK(connection);
    return std::move(connection).value();
}

struct NatsFixture {
    // `clock` must outlive the fixture.
    explicit NatsFixture(NatsServerOptions options = {}, const Clock& clock = SystemClock())
        : server(std::move(options)),
          connection(ConnectTo(SettingsFor(server.url()), metrics, clock)) {
        REQUIRE(Eventually(20s, [&] { return connection->connected(); }));
    }

    obs::Metrics metrics;
    NatsServer server;
    std::unique_ptr<nats::Connection> connection;
};

// A stream "LOG" on "log.>" as an ingest partition has it.
inline nats::StreamSpec LogSpec() {
    nats::StreamSpec spec;
    spec.name = "LOG";
    spec.subjects = {"log.>"};
    return spec;
}

}  // namespace unibox::test
