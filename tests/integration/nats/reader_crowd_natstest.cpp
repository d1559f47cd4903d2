// Many readers at once.
#include "nats/log_reader.hpp"
#include "nats/publisher.hpp"
#include "nats_fixture.hpp"
#include "outcomes.hpp"

#include <barrier>
#include <future>

using namespace unibox;
using namespace unibox::test;
using nats::LogMessage;
using nats::LogReader;

namespace {

constexpr std::size_t kMany = 1'000'000;
constexpr std::size_t kManyBytes = 1'000'000'000;

}  // namespace

// Each opens its reader at the same moment on a new connection, as the lanes of a writer do.
TEST_CASE("LogReader: readers opened at once each read their own stream", "[nats]") {
    NatsFixture nats;
    nats::Streams streams(*nats.connection);
    const std::vector<std::string> names{"LOGA", "LOGB"};
    for (const std::string& name : names) {
        nats::StreamSpec spec = LogSpec();
        spec.name = name;
        spec.subjects = {name + ".>"};
        REQUIRE_OK(streams.Ensure(spec));
        for (int i = 0; i < 10; ++i) REQUIRE_OK(nats.connection->Request(name + ".x", "", 10s));
    }
    for (int round = 0; round < 60; ++round) {
        const auto connection = ConnectTo(SettingsFor(nats.server.url()), nats.metrics);
        REQUIRE(Eventually(5s, [&] { return connection->connected(); }));
        std::barrier start(2);
        const auto read = [&](const std::string& name) {
            start.arrive_and_wait();
            auto reader = LogReader::Open(*connection, name, 1, {}, nats.metrics);
            if (!reader.ok()) return reader.status().ToString();
            std::string subjects;
            while ((*reader)->next_sequence() <= 10) {
                const auto batch = (*reader)->Fetch(kMany, kManyBytes, 5000ms);
                if (!batch.ok()) return batch.status().ToString();
                if (batch->empty()) return std::string("nothing came");
                for (const LogMessage& message : *batch) subjects = message.subject;
                if (subjects != name + ".x") return subjects;
            }
            return std::string();
        };
        auto other = std::async(std::launch::async, read, names[1]);
        CHECK(read(names[0]) == "");
        CHECK(other.get() == "");
    }
}

// 32 readers of one connection against a server with the usual max_pending.
TEST_CASE("LogReader: many readers do not outrun the connection", "[nats]") {
    constexpr int kReaders = 32;
    constexpr int kMessages = 120;
    NatsFixture nats({.extra_config = "max_pending: 64MB\n"});
    nats::Streams streams(*nats.connection);
    auto publisher = nats::Publisher::Create(*nats.connection, {}, nats.metrics);
    REQUIRE_OK(publisher);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    Outcomes outcomes;
    for (int i = 0; i < kMessages; ++i) {
        nats::Outgoing message;
        message.subject = "log.x";
        message.payload = std::string(100'000, 'x');
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        (*publisher)->Publish(std::move(message), deadline, outcomes.Done(i));
        REQUIRE(outcomes.WaitFor(static_cast<std::size_t>(i) + 1, 30s));
    }
    const auto connection = ConnectTo(SettingsFor(nats.server.url()), nats.metrics);
    nats::LogReaderSettings settings;
    settings.credit_bytes = 1024 * 1024;
    std::vector<std::unique_ptr<LogReader>> readers;
    for (int i = 0; i < kReaders; ++i) {
        auto reader = LogReader::Open(*connection, "LOG", 1, settings, nats.metrics);
        REQUIRE_OK(reader);
        readers.push_back(std::move(*reader));
    }
    CHECK(Eventually(60s, [&] {
        bool done = true;
        for (const auto& reader : readers) {
            const auto batch = reader->Fetch(kMany, 1'000'000, 0ms);
            done = done && batch.ok() && reader->next_sequence() > kMessages;
        }
        return done;
    }));
    const obs::Labels reconnects{{"cause", "reconnect"}};
    CHECK(nats.metrics.GetCounter("unibox_nats_reader_resets_total", "", reconnects).Get() == 0);
}
