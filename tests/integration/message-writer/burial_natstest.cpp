// Garbage straight in the log, as a deployment may write it: the partition stops, an operator looks
// and buries, and everything that is good is written, in order.
#include "nats/connection.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "writer_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

namespace unibox::test {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

class GarbageLog {
public:
    // Good events are one contact's, told by their texts: all in one conversation.
    void StoreGood() {
        const auto event = AMessage().From("anna").WithText(std::to_string(++good_count)).Build();
        REQUIRE_OK(PublishRaw(stack.connection(), partition, event.SerializeAsString()));
        ++stored_count;
    }
    // Of four kinds: bytes, nothing, and events that lack what they need.
    void StoreGarbage(int count) {
        event::v1::InboundEvent no_thread = AMessage().Build();
        no_thread.clear_thread_key();
        event::v1::InboundEvent no_key = AMessage().Build();
        no_key.clear_event_key();
        const std::vector<std::string> kinds{
            "\xff\xff", "", no_thread.SerializeAsString(), no_key.SerializeAsString()};
        for (int i = 0; i < count; ++i) {
            const auto& kind = kinds.at(static_cast<std::size_t>(i) % kinds.size());
            REQUIRE_OK(PublishRaw(stack.connection(), partition, kind));
            garbage.insert(++stored_count);
        }
    }
    std::string Column(const std::string& name) {
        return stack.Ask(
            "SELECT " + name +
            " FROM ingest_partition WHERE partition = " + std::to_string(partition)
        );
    }
    bool Stops() {
        return Eventually(seconds(60), [&] {
            return Column("stopped_reason").starts_with("systematic fault");
        });
    }
    bool WrittenTo(std::int64_t sequence) {
        return Eventually(seconds(60), [&] {
            return Column("last_seq") == std::to_string(sequence);
        });
    }
    std::int64_t LetterCount() { return stack.Count("SELECT count(*) FROM dead_letter"); }
    // The texts of the conversation in its order, and what they are to be.
    std::string Written() {
        return stack.Ask("SELECT string_agg(body, ',' ORDER BY seq) FROM messages");
    }
    std::string AllGood() const {
        std::string texts;
        for (int i = 1; i <= good_count; ++i) texts += (i == 1 ? "" : ",") + std::to_string(i);
        return texts;
    }
    std::string Letters() {
        return stack.Ask("SELECT string_agg(stream_seq::text, ',' ORDER BY id) FROM dead_letter");
    }
    std::string AllGarbage() const {
        std::string sequences;
        for (const int one : garbage) {
            sequences += (sequences.empty() ? "" : ",") + std::to_string(one);
        }
        return sequences;
    }
    Json Resume(const std::vector<std::string>& more) {
        std::vector<std::string> all{
            "--output",
            "json",
            "--set",
            "postgres.url=" + stack.database().url("ub_admin"),
            "--set",
            "nats.url=" + stack.nats().url(),
            "partitions",
            "resume",
            "--partition",
            std::to_string(partition)};
        all.insert(all.end(), more.begin(), more.end());
        std::ostringstream out, log;
        const int code = ctl::RunProgram(all, out, log);
        INFO(out.str() << log.str());
        REQUIRE(code == ctl::kExitOk);
        return Json::parse(out.str());
    }
    Json Bury() { return Resume({"--bury", "--by", "jane", "--reason", "garbage of Monday"}); }

    WriterFixture stack;
    const int partition =
        PartitionOfEvent(AMessage().From("anna").Build(), WriterFixture::kPartitions);
    int good_count = 0;
    int stored_count = 0;
    std::set<int> garbage;
};

TEST_CASE("Burial: garbage goes to dead_letter and every good event is written", "[nats]") {
    GarbageLog log;
    for (int i = 0; i < 3; ++i) log.StoreGood();
    for (int i = 0; i < 20; ++i) {
        log.StoreGarbage(100);
        log.StoreGood();
    }
    log.stack.StartWriter("one");
    REQUIRE(log.Stops());
    // What comes before the one too many is written; the same once more, when it goes on.
    CHECK(log.Column("last_seq") == "13");
    CHECK(log.LetterCount() == 10);
    log.Resume({});
    REQUIRE(log.WrittenTo(23));
    REQUIRE(log.Stops());
    CHECK(log.LetterCount() == 20);

    const Json dry = log.Resume({"--bury", "--dry-run"});
    CHECK(dry["first_seq"] == 24);
    CHECK(dry["buried_to"] == log.stored_count);
    CHECK(dry["to_write"] == 20);
    CHECK(dry["to_dead_letter"] == 1'980);
    CHECK(dry["reasons"].size() == 4);
    CHECK(log.Column("stopped_reason") != "");
    CHECK(log.LetterCount() == 20);

    const int buried_to = log.stored_count;
    log.Bury();
    REQUIRE(log.WrittenTo(buried_to));
    CHECK(log.Written() == log.AllGood());
    CHECK(log.Letters() == log.AllGarbage());
    CHECK(log.garbage.size() == 2'000);

    // It ends where it ends: the next run stops the partition as any other does.
    log.StoreGarbage(11);
    log.StoreGood();
    REQUIRE(log.Stops());
    CHECK(log.Column("last_seq") == std::to_string(buried_to + 10));
    CHECK(log.LetterCount() == 2'010);
    log.Bury();
    REQUIRE(log.WrittenTo(log.stored_count));
    CHECK(log.Written() == log.AllGood());
    CHECK(log.Letters() == log.AllGarbage());
    REQUIRE(log.stack.AllPublished());
    CHECK(log.stack.FeedGap() == "");
    CHECK(
        log.stack.Count("SELECT count(*) FROM ingest_burial WHERE buried_by = 'jane' AND "
                        "reason = 'garbage of Monday'") == 2
    );
}

TEST_CASE("Burial: a writer that is killed on the way changes nothing", "[nats]") {
    GarbageLog log;
    for (int i = 0; i < 10; ++i) {
        log.StoreGarbage(40);
        log.StoreGood();
    }
    log.stack.StartWriter("one");
    REQUIRE(log.Stops());
    log.stack.StopWriter(0);
    log.Bury();
    const auto victim = log.stack.StartProcess(
        "victim", "before_publish", {{"UNIBOX_BATCH_EVENT_COUNT_MAX", "100"}}
    );
    REQUIRE(Eventually(seconds(60), [&] { return WriterFixture::IsFrozen(*victim); }));
    victim->Kill9();
    const std::int64_t last_seq = std::stoll(log.Column("last_seq"));
    CHECK(last_seq > 10);
    CHECK(last_seq < 200);
    log.stack.StartWriter("two");
    REQUIRE(log.WrittenTo(log.stored_count));
    CHECK(log.Written() == log.AllGood());
    CHECK(log.Letters() == log.AllGarbage());
    REQUIRE(log.stack.AllPublished());
    CHECK(log.stack.FeedGap() == "");
}

TEST_CASE("Burial: a stream made anew inherits none", "[nats]") {
    GarbageLog log;
    log.StoreGarbage(30);
    log.StoreGood();
    log.stack.StartWriter("one");
    REQUIRE(log.Stops());
    log.Bury();
    REQUIRE(log.WrittenTo(31));
    REQUIRE_OK(log.stack.streams().Delete(subjects::InStream(1, log.partition)));
    log.stack.EnsureStreams();
    log.StoreGarbage(20);
    REQUIRE(log.Stops());
    CHECK(log.Column("last_seq") == "10");
    CHECK(log.LetterCount() == 40);
}

}  // namespace
}  // namespace unibox::test
