// Batches whose events are small and whose effects, or whose state, are not.
#include "committer_fixture.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

std::vector<event::v1::InboundEvent> Each(int count, const auto& make) {
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < count; ++i) events.push_back(make(std::to_string(i)));
    return events;
}

TEST_CASE("Batch limits: reactions to a long text cost what they are", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("long").WithText(std::string(500'000, 'x')).Build()}));
    REQUIRE(inbox.Write(Each(2'000, [](const std::string& serial) {
        return AReaction("long", "+1").From("contact " + serial).InThread("anna").Build();
    })));
    CHECK(inbox.Count("SELECT sum(length(batch)) FROM outbox") < 2 * std::int64_t{kMiB});
    CHECK(inbox.Count("SELECT max(length(body)) FROM messages") == 500'000);
    CHECK(inbox.Count("SELECT version FROM conversations") == 501);
    CHECK(inbox.feed().back().message_reacted().reactions_size() == 1);
    CHECK(inbox.metrics().batches_cut.Get() == 0);
    CHECK(inbox.metrics().retries.Get() == 0);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch limits: a batch is written in parts where its feed would be too large", "[pg]") {
    CommitterFixture inbox;
    auto events = Each(50, [](const std::string& serial) {
        return AMessage("m" + serial).WithText(std::string(500'000, 'x')).Build();
    });
    REQUIRE(inbox.Write(events));
    CHECK(inbox.metrics().batches_cut.Get() == 1);
    CHECK(inbox.metrics().batches.Get() == 2);
    CHECK(inbox.Count("SELECT max(length(batch)) FROM outbox") < 17 * std::int64_t{kMiB});
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 50);
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition") == "50");
    CHECK(inbox.metrics().retries.Get() == 0);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch limits: contents are read up to a limit, in the order of the events", "[pg]") {
    CommitterFixture inbox;
    const auto with_payload = [](const std::string& serial) {
        auto builder = AMessage("m" + serial);
        builder.event().mutable_message()->set_payload(std::string(64 * 1024, 'p'));
        return builder.Build();
    };
    REQUIRE(inbox.Write(Each(300, with_payload)));
    const double cut_before = inbox.metrics().batches_cut.Get();
    REQUIRE(inbox.Write(Each(300, [](const std::string& serial) {
        return AnEdit("m" + serial, "edited", 1).Build();
    })));
    CHECK(inbox.metrics().batches_cut.Get() == cut_before + 1);
    CHECK(
        inbox.Count(
            "SELECT count(*) FROM messages WHERE body = 'edited' AND length(payload) = 65536"
        ) == 300
    );
    CHECK(inbox.Count("SELECT version FROM conversations") == 600);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch limits: what waits for messages is read up to a limit", "[pg]") {
    CommitterFixture inbox;
    for (int i = 0; i < 7; ++i) {
        const std::string id = "m" + std::to_string(i);
        std::vector<event::v1::InboundEvent> edits;
        for (int revision = 1; revision <= 10; ++revision) {
            edits.push_back(AnEdit(id, std::string(450'000, 'x'), revision).Build());
        }
        REQUIRE(inbox.Write(edits));
    }
    CHECK(inbox.Count("SELECT count(*) FROM parked_events") == 7 * 9);  // 4 MiB a message
    const double batches_before = inbox.metrics().batches.Get();
    REQUIRE(inbox.Write(Each(7, [](const std::string& serial) {
        return AMessage("m" + serial).Build();
    })));
    CHECK(inbox.metrics().batches.Get() >= batches_before + 2);
    CHECK(inbox.Count("SELECT count(*) FROM parked_events") == 0);
    CHECK(inbox.Count("SELECT count(*) FROM messages WHERE edit_revision = 9") == 7);
    CHECK(inbox.Count("SELECT version FROM conversations") == 14);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch limits: a transaction that is too large is halved, not repeated", "[pg]") {
    CommitterFixture inbox;
    inbox.settings.poison_count_max = 1'000;
    inbox.pauses_allowed = 0;
    std::vector<std::string> payloads(270, std::string(kMiB, '\xff'));
    payloads.push_back(AMessage("good").Build().SerializeAsString());
    REQUIRE(inbox.WritePayloads(payloads));
    CHECK(inbox.Count("SELECT count(*) FROM dead_letter") == 270);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    CHECK(inbox.metrics().retries.Get() == 1);
}

}  // namespace
}  // namespace unibox::test
