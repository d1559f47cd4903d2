// What the service does with a log that changes under it: streams that go, come back, tell another
// count of partitions, are full, or hold less than they did.
#include "domain/event_key.hpp"
#include "ingest_fixture.hpp"
#include "nats/generations.hpp"
#include "store/admin/log_generations.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace unibox::test {
namespace {

using std::chrono::seconds;

constexpr int kPartitionCount = 4;
constexpr int kChatCount = 16;  // Of which every partition gets some.

// One Telegram channel with many chats.
class Chats {
public:
    explicit Chats(IngestFixture& fixture)
        : f_(fixture),
          channel_(f_.PutChannel(f_.first, "tg", v1::PROVIDER_TELEGRAM, "", {"s"}).channel) {}

    int Post(int chat, int update) {
        const std::string body = fmt::format(
            R"({{"update_id":{0},"message":{{"message_id":{0},"date":1785412800,)"
            R"("chat":{{"id":{1},"type":"private"}},)"
            R"("from":{{"id":{1},"is_bot":false,"first_name":"Zoe"}},"text":"Hi"}}}})",
            update,
            chat
        );
        return f_.PostSigned("telegram", "/v1/hooks/telegram/tg-token", "s", body);
    }
    bool IsStored(int chat, int update) {
        return Eventually(seconds(60), [&] { return Post(chat, update) == 200; });
    }
    int PartitionOf(int chat) const {
        return static_cast<int>(
            domain::PartitionOf(f_.first, channel_, std::to_string(chat), kPartitionCount)
        );
    }
    // Of each stream that there is: the chats whose messages it holds, in their order.
    std::map<std::string, std::vector<std::string>> Held() {
        std::map<std::string, std::vector<std::string>> held;
        nats::Streams streams(*f_.connection);
        const auto infos = streams.List(subjects::kInStreamPrefix).value();
        for (const auto& info : infos) {
            for (std::uint64_t seq = 1; seq <= info.last_seq; ++seq) {
                event::v1::InboundEvent event;
                REQUIRE(event.ParseFromString(streams.Get(info.name, seq).value().payload));
                held[info.name].push_back(event.thread_key());
            }
        }
        return held;
    }
    void CheckAllAreWhereTheyBelong() {
        for (const auto& [stream, threads] : Held()) {
            for (const std::string& thread : threads) {
                CHECK(stream == subjects::InStream(1, PartitionOf(std::stoi(thread))));
            }
        }
    }

private:
    IngestFixture& f_;
    ChannelId channel_;
};

double GaugeOf(IngestFixture& f, const std::string& name) {
    return f.metrics.GetGauge(name, "").Get();
}

double Unstored(IngestFixture& f, const std::string& reason) {
    return f.metrics
        .GetCounter(
            "unibox_ingest_unstored_total",
            "Webhooks answered 503, by the reason.",
            {{"provider", "telegram"}, {"reason", reason}}
        )
        .Get();
}

void Quick(ingest::Config& config) {
    config.intake.deadline_ms = 3'000;
}

void RestartService(IngestFixture& f) {
    f.service.reset();
    f.service = ingest::CreateService(f.config, SystemClock(), f.metrics).value();
    REQUIRE_OK(f.service->Start());
}

nats::StreamSpec SpecOf(int partition) {
    nats::StreamOptions options;
    options.partition_count = kPartitionCount;
    options.in_bytes_max = 64 << 20;
    return nats::UniboxStreams(options)[static_cast<std::size_t>(kPartitionCount - 1 - partition)];
}

TEST_CASE("Log: a stream is gone, and only its conversations wait for it", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), Quick);
    Chats chats(f);
    nats::Streams streams(*f.connection);
    for (int chat = 0; chat < kChatCount; ++chat) REQUIRE(chats.IsStored(chat, chat));
    const int gone = GENERATE(0, kPartitionCount - 1);
    const std::string name = subjects::InStream(1, gone);
    REQUIRE_OK(streams.Delete(name));
    REQUIRE(Eventually(seconds(30), [&] {
        return GaugeOf(f, "unibox_ingest_missing_partitions") == 1;
    }));
    for (const bool restarted : {false, true}) {
        // One that starts now must know the count too.
        if (restarted) RestartService(f);
        int refused_count = 0;
        for (int chat = 0; chat < kChatCount; ++chat) {
            const int update = 1'000 + 100 * static_cast<int>(restarted) + chat;
            if (chats.PartitionOf(chat) != gone) {
                CHECK(chats.IsStored(chat, update));
            } else if (refused_count++ == 0) {
                CHECK(chats.Post(chat, update) == 503);
            }
        }
        CHECK(refused_count > 0);
    }
    CHECK(Unstored(f, "NO_STREAM") >= 2);
    CHECK(GaugeOf(f, "unibox_ingest_partitions") == kPartitionCount);
    CHECK(GaugeOf(f, "unibox_ingest_away_partitions") == 1);
    chats.CheckAllAreWhereTheyBelong();

    REQUIRE_OK(streams.Ensure(SpecOf(gone)));
    for (int chat = 0; chat < kChatCount; ++chat) CHECK(chats.IsStored(chat, 2'000 + chat));
    chats.CheckAllAreWhereTheyBelong();
    CHECK(chats.Held()[name].size() > 0);
    CHECK(GaugeOf(f, "unibox_ingest_away_partitions") == 0);
    CHECK(Eventually(seconds(30), [&] {
        return GaugeOf(f, "unibox_ingest_missing_partitions") == 0;
    }));
}

TEST_CASE("Log: another count than before is refused, and nothing moves", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), Quick);
    Chats chats(f);
    for (int chat = 0; chat < kChatCount; ++chat) REQUIRE(chats.IsStored(chat, chat));
    REQUIRE(store::RecordLogGeneration(*f.admin, {1, kPartitionCount + 1}).value() == 5);
    REQUIRE(Eventually(seconds(30), [&] {
        return GaugeOf(f, "unibox_ingest_partition_count_conflict") == 1;
    }));
    for (int chat = 0; chat < kChatCount; ++chat) CHECK(chats.IsStored(chat, 1'000 + chat));
    chats.CheckAllAreWhereTheyBelong();
    // One that has no count of its own yet takes nothing.
    RestartService(f);
    CHECK(chats.Post(1, 2'000) == 503);
    CHECK(Unstored(f, "PARTITION_COUNT_CONFLICT") == 1);
}

TEST_CASE("Log: the database tells the count when the streams do not", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), Quick);
    Chats chats(f);
    nats::Streams streams(*f.connection);
    REQUIRE(chats.IsStored(0, 0));
    f.service.reset();
    for (int i = 0; i < kPartitionCount; ++i) REQUIRE_OK(streams.Delete(subjects::InStream(1, i)));
    nats::StreamSpec silent = SpecOf(chats.PartitionOf(0));
    silent.description.clear();
    REQUIRE_OK(streams.Ensure(silent));
    RestartService(f);
    CHECK(chats.Post(0, 1) == 503);
    CHECK(Unstored(f, "PARTITION_COUNT_UNKNOWN") == 1);
    REQUIRE(store::RecordLogGeneration(*f.admin, {1, kPartitionCount}).value() == 4);
    CHECK(chats.IsStored(0, 1));
    chats.CheckAllAreWhereTheyBelong();
}

TEST_CASE("Log: what an older store does not hold is stored again", "[nats][pg]") {
    constexpr int kRepeatCount = 20;
    IngestFixture f(PgServer::Shared(), Quick);
    Chats chats(f);
    for (int i = 0; i < 5; ++i) REQUIRE(chats.IsStored(i % kChatCount, i));
    TempDir copy;
    const auto put = [](const std::filesystem::path& from, const std::filesystem::path& to) {
        std::filesystem::remove_all(to);
        std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    };
    f.nats.Stop();
    put(f.nats.store_dir(), copy / "store");
    f.nats.Start();
    for (int i = 0; i < kRepeatCount; ++i) REQUIRE(chats.IsStored(i % kChatCount, 100 + i));
    f.nats.Kill9();
    // Nobody knows what will come back: a repeat is refused like anything else.
    REQUIRE(Eventually(seconds(30), [&] { return chats.Post(0, 100) == 503; }));
    put(copy / "store", f.nats.store_dir());
    f.nats.Start();
    for (int i = 0; i < kRepeatCount; ++i) REQUIRE(chats.IsStored(i % kChatCount, 100 + i));
    REQUIRE(Eventually(seconds(30), [&] { return f.connection->connected(); }));
    CHECK(f.StoredCount() == 5 + kRepeatCount);
    // And once: what is stored there is known again.
    CHECK(chats.Post(0, 100) == 200);
    CHECK(f.StoredCount() == 5 + kRepeatCount);
}

TEST_CASE("Log: what a stream that was made anew does not hold is stored again", "[nats][pg]") {
    IngestFixture f;
    Chats chats(f);
    nats::Streams streams(*f.connection);
    for (int i = 0; i < 10; ++i) REQUIRE(chats.IsStored(1, i));
    const int partition = chats.PartitionOf(1);
    REQUIRE_OK(streams.Delete(subjects::InStream(1, partition)));
    REQUIRE_OK(streams.Ensure(SpecOf(partition)));
    SECTION("the list of the streams shows it") {
        const auto& created =
            f.metrics.GetCounter("unibox_ingest_histories_total", "", {{"why", "stream_created"}});
        const auto histories = [&] { return created.Get() > 0; };
        REQUIRE(Eventually(seconds(30), histories));
    }
    SECTION("a sequence that was given before shows it") {
        REQUIRE(chats.IsStored(1, 100));
        REQUIRE(chats.IsStored(1, 101));
    }
    const std::uint64_t before = f.StoredCount();
    for (int i = 0; i < 10; ++i) REQUIRE(chats.IsStored(1, i));
    CHECK(f.StoredCount() == before + 10);
}

TEST_CASE("Log: what only a deleted stream held is not known any more", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), Quick);
    Chats chats(f);
    nats::Streams streams(*f.connection);
    for (int i = 0; i < 10; ++i) REQUIRE(chats.IsStored(1, i));
    REQUIRE(chats.Post(1, 0) == 200);
    const int partition = chats.PartitionOf(1);
    REQUIRE_OK(streams.Delete(subjects::InStream(1, partition)));
    const auto& deleted =
        f.metrics.GetCounter("unibox_ingest_histories_total", "", {{"why", "stream_deleted"}});
    REQUIRE(Eventually(seconds(30), [&] { return deleted.Get() > 0; }));
    // Nobody has it, and nobody could store it.
    CHECK(chats.Post(1, 0) == 503);
    CHECK(chats.Post(1, 9) == 503);
    REQUIRE_OK(streams.Ensure(SpecOf(partition)));
    for (int i = 0; i < 10; ++i) REQUIRE(chats.IsStored(1, i));
    CHECK(chats.Held()[subjects::InStream(1, partition)].size() == 10);
}

std::string TwoMessages(const std::string& first_text, const std::string& id) {
    const auto message = [&](const std::string& from, const char* n, const std::string& text) {
        return fmt::format(
            R"({{"from":"{}","id":"wamid.{}{}","timestamp":"1785412800","type":"text",)"
            R"("text":{{"body":"{}"}}}})",
            from,
            id,
            n,
            text
        );
    };
    return R"({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[)"
           R"({"field":"messages","value":{"messaging_product":"whatsapp",)"
           R"("metadata":{"phone_number_id":"111"},"messages":[)" +
           message("351911222333", "a", first_text) + "," + message("351911222333", "b", "small") +
           "," + message("351911222444", "c", "another's") + "]}}]}]}";
}

TEST_CASE("Log: after a refusal the rest of the conversation is not stored", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa", v1::PROVIDER_WHATSAPP, "111", {});
    nats::Streams streams(*f.connection);
    const auto post = [&](const std::string& text) {
        return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, TwoMessages(text, "x"));
    };
    const std::string big(4'000, 'b');
    for (int i = 0; i < kPartitionCount; ++i) {
        nats::StreamSpec spec = SpecOf(i);
        spec.bytes_max = 3'000;
        REQUIRE_OK(streams.Ensure(spec));
    }
    CHECK(post(big) == 503);
    const auto before = f.Stored();
    REQUIRE(before.size() == 1);
    CHECK(before[0].message().text() == "another's");
    for (int i = 0; i < kPartitionCount; ++i) {
        nats::StreamSpec spec = SpecOf(i);
        spec.bytes_max = 1 << 20;
        REQUIRE_OK(streams.Ensure(spec));
    }
    CHECK(post(big) == 200);
    std::vector<std::string> texts;
    for (const auto& event : f.Stored()) {
        if (event.thread_key().ends_with("333")) texts.push_back(event.message().text());
    }
    CHECK(texts == std::vector<std::string>{big, "small"});
    CHECK(f.StoredCount() == 3);
}

TEST_CASE("Log: a long conversation in one webhook is stored in its order", "[nats][pg]") {
    constexpr int kMessages = 300;
    IngestFixture f;
    f.PutChannel(f.first, "wa", v1::PROVIDER_WHATSAPP, "111", {});
    std::string messages;
    for (int i = 0; i < kMessages; ++i) {
        // Of two contacts in turn, and every message twice.
        messages += fmt::format(
            R"({}{{"from":"35191122233{}","id":"wamid.{}","timestamp":"1785412800","type":"text",)"
            R"("text":{{"body":"{}"}}}})",
            i == 0 ? "" : ",",
            i / 2 % 2,
            i / 2,
            i / 2
        );
    }
    const std::string body =
        R"({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[)"
        R"({"field":"messages","value":{"messaging_product":"whatsapp",)"
        R"("metadata":{"phone_number_id":"111"},"messages":[)" +
        messages + "]}}]}]}";
    REQUIRE(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body) == 200);
    std::map<std::string, int> last;
    for (const auto& event : f.Stored()) {
        const int number = std::stoi(event.message().text());
        const auto [at, first] = last.try_emplace(event.thread_key(), number);
        if (!first) CHECK(number == at->second + 2);
        at->second = number;
    }
    CHECK(last.size() == 2);
    CHECK(f.StoredCount() == kMessages / 2);
    CHECK(f.metrics.GetCounter("unibox_ingest_duplicates_total", "").Get() == kMessages / 2);
}

}  // namespace
}  // namespace unibox::test
