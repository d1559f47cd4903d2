// A publisher on a server with the stream LOG. Thread safety: the test's thread.
#pragma once

#include "nats/publisher.hpp"
#include "nats_fixture.hpp"
#include "outcomes.hpp"

#include <future>
#include <memory>
#include <string>

namespace unibox::test {

inline SteadyTime In(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

inline nats::Outgoing Message(int number, std::string payload = "hello") {
    return {
        .subject = "log.a",
        .msg_id = "id-" + std::to_string(number),
        .expected_stream = "LOG",
        .payload = std::move(payload),
        .traceparent = "",
    };
}

struct PublisherFixture : NatsFixture {
    explicit PublisherFixture(
        nats::PublisherSettings settings = {},
        const nats::StreamSpec& spec = LogSpec(),
        NatsServerOptions options = {},
        const Clock& clock = SystemClock()
    )
        : NatsFixture(std::move(options), clock), streams(*connection) {
        REQUIRE_OK(streams.Ensure(spec));
        auto created = nats::Publisher::Create(*connection, settings, metrics);
        REQUIRE_OK(created);
        publisher = std::move(created).value();
    }

    // Publishes message `number` and waits for its outcome.
    Result<nats::PubAck> PublishAndWait(
        nats::Outgoing message, std::chrono::milliseconds time = 5s
    ) {
        std::promise<Result<nats::PubAck>> outcome;
        publisher->Publish(std::move(message), In(time), [&](Result<nats::PubAck> result) {
            outcome.set_value(std::move(result));
        });
        return outcome.get_future().get();
    }

    nats::Streams streams;
    Outcomes outcomes;
    std::unique_ptr<nats::Publisher> publisher;
};

}  // namespace unibox::test
