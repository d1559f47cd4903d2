#include "nats/log_reader.hpp"
#include "nats/publisher.hpp"
#include "nats_fixture.hpp"
#include "outcomes.hpp"
#include "support/tcp_gate.hpp"
#include "support/temp_dir.hpp"

#include <atomic>

using namespace unibox;
using namespace unibox::test;
using nats::LogMessage;
using nats::LogReader;

namespace {

constexpr std::size_t kMany = 1'000'000;
constexpr std::size_t kManyBytes = 1'000'000'000;

struct ReaderFixture : NatsFixture {
    explicit ReaderFixture(const nats::StreamSpec& spec = LogSpec()) : streams(*connection) {
        REQUIRE_OK(streams.Ensure(spec));
        nats::PublisherSettings settings;
        settings.window_count_max = nats::kPublishWindowCountMax;
        settings.window_bytes_max = 256 * 1024 * 1024;
        settings.republish_after = Millis(0);  // A copy could come after the dedup window.
        auto created = nats::Publisher::Create(*connection, settings, metrics);
        REQUIRE_OK(created);
        publisher = std::move(created).value();
    }

    void Store(int count, std::size_t bytes = 0) {
        Outcomes outcomes;
        for (int i = 0; i < count; ++i) {
            nats::Outgoing message;
            message.subject = "log.x";
            message.payload = "message " + std::to_string(++stored) + std::string(bytes, 'x');
            message.msg_id = std::to_string(stored);
            const auto deadline = std::chrono::steady_clock::now() + 60s;
            publisher->Publish(std::move(message), deadline, outcomes.Done(i));
        }
        REQUIRE(outcomes.WaitFor(static_cast<std::size_t>(count), 60s));
        for (int i = 0; i < count; ++i) REQUIRE_OK(outcomes.Of(i).at(0));
    }
    std::unique_ptr<LogReader> Open(
        std::uint64_t start = 1, const nats::LogReaderSettings& settings = {}
    ) {
        auto reader = LogReader::Open(*connection, "LOG", start, settings, metrics);
        REQUIRE_OK(reader);
        return std::move(reader).value();
    }
    // The server's store as it is now; and back to it, which ends the server's life in between.
    void StopAndCopy() {
        server.Stop();
        server.CopyStore(copies.path() / "store");
        Start();
    }
    void BackToCopy() {
        server.Stop();
        server.RestoreStore(copies.path() / "store");
        Start();
    }
    void Start() {
        REQUIRE(Eventually(30s, [&] { return !connection->connected(); }));
        server.Start();
        REQUIRE(Eventually(30s, [&] { return connection->connected(); }));
    }
    double Resets(const std::string& cause) {
        return metrics.GetCounter("unibox_nats_reader_resets_total", "", {{"cause", cause}}).Get();
    }
    // The error of the first Fetch that fails within 30 s; what came before is thrown away.
    static Status FirstError(LogReader& reader) {
        Status status;
        static_cast<void>(Eventually(30s, [&] {
            const auto batch = reader.Fetch(kMany, kManyBytes, 50ms);
            status = batch.ok() ? Status() : batch.status();
            return !batch.ok();
        }));
        return status;
    }

    nats::Streams streams;
    std::unique_ptr<nats::Publisher> publisher;
    TempDir copies;
    int stored = 0;
};

// Fetches until `last` was read; every sequence from `first` on must come once, in order.
void ReadUpTo(LogReader& reader, std::uint64_t first, std::uint64_t last) {
    std::uint64_t expected = first;
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (expected <= last && std::chrono::steady_clock::now() < deadline) {
        const auto left = static_cast<std::size_t>(last + 1 - expected);
        const auto batch = reader.Fetch(std::min<std::size_t>(left, 1000), kManyBytes, 200ms);
        if (!batch.ok() && batch.status().code() == Code::kUnavailable) continue;
        REQUIRE_OK(batch);
        for (const LogMessage& message : *batch) {
            if (message.sequence != expected) REQUIRE(message.sequence == expected);
            if (!message.payload.starts_with("message " + std::to_string(expected))) {
                REQUIRE(message.payload == "message " + std::to_string(expected));
            }
            ++expected;
        }
    }
    REQUIRE(expected == last + 1);
    REQUIRE(reader.next_sequence() == last + 1);
}

nats::LogReaderSettings QuickHeartbeat() {
    nats::LogReaderSettings settings;
    settings.heartbeat = Millis(100);
    return settings;
}

}  // namespace

TEST_CASE("LogReader: reads a backlog in order and complete", "[nats]") {
    ReaderFixture nats;
    nats.Store(50'000);
    nats::LogReaderSettings patient;  // A slow machine is not silence.
    patient.heartbeat = Millis(10'000);
    const auto reader = nats.Open(1, patient);
    ReadUpTo(*reader, 1, 50'000);
    CHECK(reader->pending() == 0);
    CHECK(nats.Open(49'999)->next_sequence() == 49'999);
    // Nothing had to be repaired on the way.
    CHECK(nats.metrics.Render().find("unibox_nats_reader_resets_total") == std::string::npos);
}

TEST_CASE("LogReader: a small credit reads the same", "[nats]") {
    ReaderFixture nats;
    nats.Store(5000);
    nats::LogReaderSettings settings;
    settings.credit_msgs = GENERATE(1, 2, 7, 100);
    ReadUpTo(*nats.Open(4000, settings), 4000, 5000);
}

TEST_CASE("LogReader: messages carry subject, time and id", "[nats]") {
    ReaderFixture nats;
    Outcomes outcomes;
    nats.publisher->Publish(
        {.subject = "log.subject",
         .msg_id = "id-7",
         .expected_stream = "LOG",
         .payload = std::string("\0\xff", 2),
         .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
        std::chrono::steady_clock::now() + 5s,
        outcomes.Done(1)
    );
    REQUIRE(outcomes.WaitFor(1));
    const auto batch = nats.Open()->Fetch(10, kManyBytes, 5s);
    REQUIRE_OK(batch);
    REQUIRE(batch->size() == 1);
    const LogMessage& message = batch->front();
    CHECK(message.subject == "log.subject");
    CHECK(message.msg_id == "id-7");
    CHECK(message.payload == std::string("\0\xff", 2));
    CHECK(message.traceparent.starts_with("00-4bf92f"));
    const auto now = std::chrono::system_clock::now().time_since_epoch() / 1ms;
    CHECK(std::abs(now - message.stored_unix_ms) < 60'000);
}

TEST_CASE("LogReader: Fetch keeps its limits and always gives one message", "[nats]") {
    ReaderFixture nats;
    nats.Store(10, 1000);
    const auto reader = nats.Open();
    const auto drain = [&](std::size_t count, std::size_t bytes) {
        const auto batch = reader->Fetch(count, bytes, 5s);
        REQUIRE_OK(batch);
        return batch->size();
    };
    CHECK(drain(1, kManyBytes) == 1);
    CHECK(drain(kMany, 1) == 1);
    CHECK(drain(kMany, 0) == 1);
    REQUIRE(Eventually(5s, [&] { return reader->pending() <= 7; }));
    // All of the rest has arrived after a moment: then exactly what fits into the limits is given.
    std::size_t got = 0;
    while (got < 7) {
        const std::size_t now = drain(3, 2100);
        CHECK(now <= 2);
        got += now;
    }
    CHECK(reader->Fetch(10, kManyBytes, 0ms)->empty());
}

TEST_CASE("LogReader: at the end of the log Fetch waits for what comes", "[nats]") {
    ReaderFixture nats;
    nats.Store(3);
    std::atomic<int> arrivals{0};
    nats::LogReaderSettings settings;
    settings.heartbeat = Millis(1'000);
    settings.on_arrival = [&] { ++arrivals; };
    const auto reader = nats.Open(4, settings);
    const auto start = std::chrono::steady_clock::now();
    CHECK(reader->Fetch(10, kManyBytes, 3s)->empty());
    CHECK(std::chrono::steady_clock::now() - start >= 3s);
    const int before = arrivals;
    nats.Store(1);
    REQUIRE(Eventually(5s, [&] { return arrivals > before; }));
    const auto batch = reader->Fetch(10, kManyBytes, 5s);
    REQUIRE_OK(batch);
    REQUIRE(batch->size() == 1);
    CHECK(batch->front().sequence == 4);
    CHECK(nats.Resets("silence") == 0);
}

TEST_CASE("LogReader: messages larger than the credit still come", "[nats]") {
    ReaderFixture nats;
    nats.Store(4, 3'000'000);
    nats::LogReaderSettings settings;
    settings.credit_bytes = 1000;
    ReadUpTo(*nats.Open(1, settings), 1, 4);
}

TEST_CASE("LogReader: many readers share a connection", "[nats]") {
    ReaderFixture nats;
    nats.Store(2000);
    std::vector<std::unique_ptr<LogReader>> readers;
    for (std::uint64_t i = 1; i <= 32; ++i) readers.push_back(nats.Open(i));
    for (std::uint64_t i = 1; i <= 32; ++i) ReadUpTo(*readers[i - 1], i, 2000);
    // Given back, their inboxes are used again, with whatever still arrives on them.
    readers.clear();
    for (int round = 0; round < 20; ++round) {
        const auto reader = nats.Open();
        REQUIRE_OK(reader->Fetch(10, kManyBytes, 5s));
    }
    ReadUpTo(*nats.Open(), 1, 2000);
    REQUIRE(Eventually(90s, [&] { return nats.streams.Info("LOG")->consumers == 0; }));
}

TEST_CASE("LogReader: a start beyond the end is a stream that lost its end", "[nats]") {
    ReaderFixture nats;
    nats.Store(5);
    CHECK(nats.Open(6)->Fetch(1, 1, 0ms)->empty());
    const auto beyond = LogReader::Open(*nats.connection, "LOG", 7, {}, nats.metrics);
    CHECK_THAT(beyond.status(), HasCode(Code::kFailedPrecondition));
    CHECK(beyond.status().reason() == "STREAM_RECREATED");
}

TEST_CASE("LogReader: what cannot be opened is refused", "[nats]") {
    ReaderFixture nats;
    const auto open = [&](std::string_view stream, std::uint64_t start) {
        return LogReader::Open(*nats.connection, stream, start, {}, nats.metrics).status();
    };
    CHECK_THAT(open("NONE", 1), HasCode(Code::kNotFound));
    CHECK_THAT(open("LOG", 0), HasCode(Code::kInvalidArgument));
    CHECK_THAT(open("a.b", 1), HasCode(Code::kInvalidArgument));
    nats::LogReaderSettings odd;
    odd.heartbeat = Millis(20'000);
    CHECK_THAT(
        LogReader::Open(*nats.connection, "LOG", 1, odd, nats.metrics).status(),
        HasCode(Code::kInvalidArgument)
    );
}

TEST_CASE("LogReader: outlives kill -9 of the server in the middle of a backlog", "[nats]") {
    ReaderFixture nats;
    nats.Store(20'000);
    const auto reader = nats.Open(1, QuickHeartbeat());
    ReadUpTo(*reader, 1, 5000);
    for (std::uint64_t round = 1; round <= 3; ++round) {
        nats.server.Restart();
        ReadUpTo(*reader, 2001 + round * 3000, 5000 + round * 3000);
    }
    nats.Store(1000);
    ReadUpTo(*reader, 14'001, 21'000);
}

TEST_CASE("LogReader: a server that is away is reported, and found again", "[nats]") {
    ReaderFixture nats;
    nats.Store(10);
    const auto reader = nats.Open(1, QuickHeartbeat());
    ReadUpTo(*reader, 1, 10);
    nats.server.Kill9();
    CHECK_THAT(nats.FirstError(*reader), HasCode(Code::kUnavailable));
    nats.server.Start();
    REQUIRE(Eventually(10s, [&] { return nats.connection->connected(); }));
    nats.Store(10);
    ReadUpTo(*reader, 11, 20);
}

TEST_CASE("LogReader: a purge below the position goes unnoticed", "[nats]") {
    ReaderFixture nats;
    nats.Store(100);
    const auto reader = nats.Open();
    ReadUpTo(*reader, 1, 100);
    REQUIRE_OK(nats.streams.PurgeUpTo("LOG", 101));
    nats.Store(100);
    ReadUpTo(*reader, 101, 200);
    REQUIRE_OK(nats.streams.PurgeUpTo("LOG", 201));
    CHECK(nats.Open(201)->Fetch(1, 1, 0ms)->empty());
}

TEST_CASE("LogReader: messages that are gone unread are a counted gap", "[nats]") {
    ReaderFixture nats;
    nats.Store(100);
    REQUIRE_OK(nats.streams.PurgeUpTo("LOG", 51));
    const auto reader = nats.Open(21);
    for (int i = 0; i < 2; ++i) {
        const auto lost = reader->Fetch(10, kManyBytes, 5s);
        CHECK_THAT(lost.status(), HasCode(Code::kDataLoss));
        CHECK(lost.status().reason() == "GAP");
    }
    CHECK(reader->next_sequence() == 21);
    CHECK(reader->first_available() == 51);
    CHECK_THAT(reader->SkipTo(20), HasCode(Code::kInvalidArgument));
    REQUIRE_OK(reader->SkipTo(reader->first_available()));
    ReadUpTo(*reader, 51, 100);
}

TEST_CASE("LogReader: a purge above the position is seen while reading", "[nats]") {
    ReaderFixture nats;
    nats.Store(100);
    nats::LogReaderSettings settings;
    settings.credit_msgs = 4;
    const auto reader = nats.Open(1, settings);
    ReadUpTo(*reader, 1, 10);
    REQUIRE_OK(nats.streams.PurgeUpTo("LOG", 61));
    std::uint64_t expected = 11;  // What was on the way still comes.
    Status status;
    REQUIRE(Eventually(10s, [&] {
        const auto batch = reader->Fetch(100, kManyBytes, 50ms);
        status = batch.status();
        for (const auto& message : batch.ok() ? *batch : std::vector<LogMessage>()) {
            if (message.sequence == expected) ++expected;
        }
        return !batch.ok();
    }));
    CHECK(status.reason() == "GAP");
    CHECK(expected <= 20);
    CHECK(reader->next_sequence() == expected);
    CHECK(reader->first_available() == 61);
    REQUIRE_OK(reader->SkipTo(61));
    ReadUpTo(*reader, 61, 100);
}

TEST_CASE(
    "LogReader: messages that expired unread are a gap, also with an empty stream", "[nats]"
) {
    nats::StreamSpec spec = LogSpec();
    spec.age_max_ms = 500;
    spec.dedup_window_ms = 500;
    ReaderFixture nats(spec);
    nats.Store(10);
    REQUIRE(Eventually(20s, [&] { return nats.streams.Info("LOG")->messages == 0; }));
    const auto reader = nats.Open(4);
    CHECK(reader->Fetch(10, kManyBytes, 5s).status().reason() == "GAP");
    CHECK(reader->first_available() == 11);
    REQUIRE_OK(reader->SkipTo(11));
    REQUIRE_OK(nats.streams.Ensure(LogSpec()));  // What comes now may not expire unread.
    nats.Store(1);
    ReadUpTo(*reader, 11, 11);
}

TEST_CASE("LogReader: a deleted message is a gap of one", "[nats]") {
    ReaderFixture nats;
    nats.Store(10);
    REQUIRE_OK(nats.connection->Request("$JS.API.STREAM.MSG.DELETE.LOG", R"({"seq":5})", 10s));
    const auto reader = nats.Open();
    ReadUpTo(*reader, 1, 4);
    CHECK(nats.FirstError(*reader).reason() == "GAP");
    CHECK(reader->next_sequence() == 5);
    CHECK(reader->first_available() == 6);
    REQUIRE_OK(reader->SkipTo(6));
    ReadUpTo(*reader, 6, 10);
}

TEST_CASE("LogReader: a stream that was deleted and recreated ends it", "[nats]") {
    ReaderFixture nats;
    nats.Store(10);
    const auto reader = nats.Open(1, QuickHeartbeat());
    ReadUpTo(*reader, 1, 10);
    const auto created = nats.streams.Info("LOG")->created_unix_us;
    REQUIRE_OK(nats.streams.Delete("LOG"));
    CHECK_THAT(nats.FirstError(*reader), HasCode(Code::kNotFound));
    REQUIRE_OK(nats.streams.Ensure(LogSpec()));
    nats.stored = 0;
    nats.Store(20);  // Beyond the position: only the time of creation tells.
    // Without a stream every Fetch says so; then the new one is found.
    REQUIRE(Eventually(30s, [&] { return nats.FirstError(*reader).reason() == "STREAM_RECREATED"; })
    );
    CHECK(reader->next_sequence() == 11);
    CHECK(reader->Fetch(1, 1, 50ms).status().reason() == "STREAM_RECREATED");
    CHECK_THAT(reader->SkipTo(12), HasCode(Code::kFailedPrecondition));
    nats::LogReaderSettings expecting;
    expecting.expected_created_unix_us = created;
    const auto again = LogReader::Open(*nats.connection, "LOG", 11, expecting, nats.metrics);
    CHECK(again.status().reason() == "STREAM_RECREATED");
    expecting.expected_created_unix_us = nats.streams.Info("LOG")->created_unix_us;
    ReadUpTo(*nats.Open(1, expecting), 1, 20);
}

TEST_CASE(
    "LogReader: another history at the same sequences ends it before its first message", "[nats]"
) {
    ReaderFixture nats;
    nats.Store(5);
    nats.StopAndCopy();
    nats.Store(5);
    const auto reader = nats.Open(1, QuickHeartbeat());
    ReadUpTo(*reader, 1, 10);
    const auto last = nats.streams.Get("LOG", 10);
    REQUIRE_OK(last);
    nats.BackToCopy();
    nats.Store(10);  // 6 to 15, other messages than those that were read.
    std::vector<LogMessage> strangers;
    Status status;
    REQUIRE(Eventually(30s, [&] {
        const auto batch = reader->Fetch(kMany, kManyBytes, 50ms);
        status = batch.status();
        if (batch.ok()) strangers.insert(strangers.end(), batch->begin(), batch->end());
        return status.reason() == "STREAM_RECREATED";
    }));
    CHECK(strangers.empty());
    CHECK(reader->next_sequence() == 11);
    CHECK(reader->Fetch(1, 1, 50ms).status().reason() == "STREAM_RECREATED");

    // The same for one that is opened with what was known of the message before.
    nats::LogReaderSettings settings;
    settings.expected_last = LogMark{last->msg_id, last->stored_unix_ms};
    CHECK(nats.FirstError(*nats.Open(11, settings)).reason() == "STREAM_RECREATED");
    const auto now = nats.streams.Get("LOG", 10);
    REQUIRE_OK(now);
    settings.expected_last = LogMark{now->msg_id, now->stored_unix_ms};
    const auto again = nats.Open(11, settings);
    const auto batch = again->Fetch(kMany, kManyBytes, 10s);
    REQUIRE_OK(batch);
    CHECK(batch->front().sequence == 11);
}

TEST_CASE("LogReader: what was purged or has expired cannot be compared, and need not", "[nats]") {
    ReaderFixture nats;
    nats.Store(20);
    REQUIRE_OK(nats.streams.PurgeUpTo("LOG", 11));
    nats::LogReaderSettings settings;
    settings.expected_last = LogMark{"gone", 1};
    ReadUpTo(*nats.Open(11, settings), 11, 20);
    CHECK(nats.FirstError(*nats.Open(12, settings)).reason() == "STREAM_RECREATED");
}

TEST_CASE("LogReader: a consumer deleted under it is replaced", "[nats]") {
    ReaderFixture nats;
    nats.Store(10);
    const auto reader = nats.Open(1, QuickHeartbeat());
    ReadUpTo(*reader, 1, 10);
    for (int round = 1; round <= 3; ++round) {
        const auto names = nats.connection->Request("$JS.API.CONSUMER.NAMES.LOG", "", 10s);
        REQUIRE_OK(names);
        const std::size_t at = names->find("\"consumers\":[\"");
        REQUIRE(at != std::string::npos);
        const std::string name = names->substr(at + 14, names->find('"', at + 14) - at - 14);
        REQUIRE_OK(nats.connection->Request("$JS.API.CONSUMER.DELETE.LOG." + name, "", 10s));
        nats.Store(10);
        ReadUpTo(
            *reader,
            static_cast<std::uint64_t>(round * 10 + 1),
            static_cast<std::uint64_t>(round * 10 + 10)
        );
    }
}

TEST_CASE("LogReader: a caller that pauses for long finds its place again", "[nats]") {
    ReaderFixture nats;
    nats.Store(10);
    nats::LogReaderSettings settings = QuickHeartbeat();
    settings.inactive_threshold = Millis(300);
    settings.pull_expires = Millis(300);
    const auto reader = nats.Open(1, settings);
    ReadUpTo(*reader, 1, 10);
    REQUIRE(Eventually(20s, [&] { return nats.streams.Info("LOG")->consumers == 0; }));
    nats.Store(10);
    ReadUpTo(*reader, 11, 20);
}

TEST_CASE("LogReader: a black hole between it and the server is left again", "[nats]") {
    ReaderFixture nats;
    nats.Store(100);
    TcpGate gate(nats.server.port());
    nats::Settings through = SettingsFor("nats://127.0.0.1:" + std::to_string(gate.port()));
    through.ping_interval_ms = 100;
    const auto connection = ConnectTo(through, nats.metrics);
    auto opened = LogReader::Open(*connection, "LOG", 1, QuickHeartbeat(), nats.metrics);
    REQUIRE_OK(opened);
    ReadUpTo(**opened, 1, 100);
    gate.SetMode(TcpGate::Mode::kDrop);
    nats.Store(100);
    CHECK((*opened)->Fetch(1000, kManyBytes, 400ms).ok());
    gate.SetMode(TcpGate::Mode::kPass);
    gate.CloseAll();
    ReadUpTo(**opened, (*opened)->next_sequence(), 200);
    REQUIRE((*opened)->next_sequence() == 201);
}
