// One batch of each kind, end to end into the tables.
#include "committer_fixture.hpp"
#include "store/inbox/reads.hpp"
#include "store/schema/periods.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using v1::DELIVERY_STATE_DELIVERED;
using v1::DELIVERY_STATE_READ;

TEST_CASE("Batch: a first message makes contact, thread, conversation and message", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("1").WithText("good day").Named("Anna \"\\ {x}").Build()}));
    CHECK(inbox.Ask("SELECT body FROM messages") == "good day");
    CHECK(inbox.Ask("SELECT display_name FROM contacts") == "Anna \"\\ {x}");
    CHECK(inbox.Ask("SELECT preview || unread_count || status FROM conversations") == "good day11");
    CHECK(inbox.Ask("SELECT last_seq FROM ingest_partition") == "1");
    CHECK(inbox.Count("SELECT count(*) FROM outbox") == 1);
    CHECK(inbox.Inconsistency() == "");
    REQUIRE(inbox.feed().size() == 1);
    CHECK(inbox.feed()[0].message_created().message().text() == "good day");
    CHECK(
        inbox.Ask("SELECT marked_seq = last_seq AND length(marked_msg_id) > 0 "
                  "FROM ingest_partition") == "true"
    );
    CHECK(inbox.feed()[0].feed_epoch().size() == 16);
}

TEST_CASE("Batch: what the stream acknowledged is deleted with the next batch", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("1").Build()}));
    REQUIRE(inbox.Write({AMessage("2").Build()}));
    REQUIRE(inbox.Write({AMessage("3").Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM outbox") == 1);
}

TEST_CASE(
    "Batch: the same event in one batch, in the next and after weeks has one effect", "[pg]"
) {
    CommitterFixture inbox;
    const auto event = AMessage("1").Build();
    REQUIRE(inbox.Write({event, event, event}));
    REQUIRE(inbox.Write({event}));
    const std::int64_t ten_days_ms = 10LL * 24 * 3600 * 1000;
    REQUIRE_OK(store::EnsurePeriodFor(inbox.pool(), "ext_ref", NowMs() - ten_days_ms));
    inbox.Run("UPDATE ext_ref SET seen_at = seen_at - interval '10 days'");
    REQUIRE(inbox.Write({event, AMessage("2").Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 2);
    CHECK(inbox.metrics().duplicates.Get() == 4);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch: an echo, receipts, edits, deletes and reactions change their message", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write(
        {AMessage("in").WithText("question").Build(),
         AMessage("out").WithText("answer").Outbound().Build()}
    ));
    CHECK(inbox.Ask("SELECT unread_count FROM conversations") == "1");
    REQUIRE(inbox.Write(
        {AReceipt("out", DELIVERY_STATE_READ).Build(),
         AReceipt("out", DELIVERY_STATE_DELIVERED).Build(),
         AnEdit("in", "better question", 2).Build(),
         AReaction("out", "+1").Build()}
    ));
    CHECK(inbox.Ask("SELECT delivery_state FROM messages WHERE direction = 2") == "4");
    CHECK(inbox.Ask("SELECT body FROM messages WHERE direction = 1") == "better question");
    CHECK(inbox.Ask("SELECT length(extras) > 0 FROM messages WHERE direction = 2") == "true");
    REQUIRE(inbox.Write({ADelete("in").Build()}));
    CHECK(
        inbox.Ask("SELECT body = '' AND deleted_at IS NOT NULL FROM messages WHERE direction = 1"
        ) == "true"
    );
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch: how a message came about is stored, told, and gone with a delete", "[pg]") {
    CommitterFixture inbox;
    auto message = AMessage("ad").WithText("hi").Build();
    auto& context = *message.mutable_message()->mutable_context();
    context.mutable_referral()->set_source_id("ad-1");
    context.mutable_forward()->set_many_times(true);
    context.set_opt_out_type("STOP");
    REQUIRE(inbox.Write({message}));
    CHECK(inbox.feed()[0].message_created().message().context().opt_out_type() == "STOP");
    REQUIRE(inbox.Write({AnEdit("ad", "ho", 1).Build()}));  // Read back from the table.
    REQUIRE(inbox.feed().size() == 2);
    const v1::Message edited = inbox.feed()[1].message_updated().message();
    CHECK(edited.text() == "ho");
    CHECK(edited.context().referral().source_id() == "ad-1");
    CHECK(edited.context().forward().many_times());
    REQUIRE(inbox.Write({ADelete("ad").Build()}));
    CHECK_FALSE(inbox.feed()[2].message_updated().message().has_context());
    CHECK(inbox.Ask("SELECT length(extras) FROM messages") == "0");
}

TEST_CASE("Batch: what comes before its message waits for it, also in another batch", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write(
        {AReceipt("out", DELIVERY_STATE_READ).Build(), AnEdit("out", "edited", 1).Build()}
    ));
    CHECK(inbox.Count("SELECT count(*) FROM parked_events") == 2);
    REQUIRE(inbox.Write({AReceipt("out", DELIVERY_STATE_READ).Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM parked_events") == 2);
    REQUIRE(inbox.Write({AMessage("out").WithText("first").Outbound().Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM parked_events") == 0);
    CHECK(inbox.Ask("SELECT body || delivery_state FROM messages") == "edited4");
    CHECK(inbox.Inconsistency() == "");
}

// As the API shows them: provider id, delivery state, error.
std::vector<std::string> StatesSeen(CommitterFixture& inbox) {
    const auto id = Uuid::Parse(inbox.Ask("SELECT conversation_id FROM conversations"));
    store::MessageQuery query;
    query.conversation = ConversationId{*id};
    query.oldest_first = true;
    const auto page = store::ListMessages(inbox.pool(), TenantId{1}, {}, query, SteadyTime::max());
    REQUIRE_OK(page);
    std::vector<std::string> seen;
    for (const v1::Message& message : page->messages) {
        seen.push_back(
            message.provider_id() + ":" + std::to_string(message.delivery_state()) + " " +
            message.delivery_error()
        );
    }
    return seen;
}

TEST_CASE("Batch: a watermark reaches the outbound messages below it", "[pg]") {
    CommitterFixture inbox;
    const std::int64_t now = NowMs() - 60'000;
    REQUIRE(inbox.Write(
        {AMessage("1").Outbound().At(now).Build(),
         AMessage("2").Outbound().At(now + 1'000).Build(),
         AMessage("3").Outbound().At(now + 5'000).Build(),
         AMessage("4").At(now + 1'500).Build()}
    ));
    const std::string places = inbox.Ask("SELECT string_agg(ctid::text, ',') FROM messages");
    REQUIRE(inbox.Write(
        {AWatermark(DELIVERY_STATE_DELIVERED, now + 5'000).At(now + 6'000).Build(),
         AWatermark(DELIVERY_STATE_READ, now + 2'000).At(now + 6'000).Build()}
    ));
    CHECK(inbox.Ask("SELECT string_agg(ctid::text, ',') FROM messages") == places);
    CHECK(inbox.Ask("SELECT read_until > '2020-01-01' FROM threads") == "true");
    CHECK(StatesSeen(inbox) == std::vector<std::string>{"1:4 ", "2:4 ", "3:3 ", "4:0 "});
    REQUIRE(inbox.feed().size() == 6);
    CHECK(inbox.feed().back().messages_delivered().up_to_seq() == 4);
    CHECK(inbox.feed().back().version() == 6);
    // A failure that came first is overtaken too; one that comes later has no effect.
    REQUIRE(inbox.Write(
        {AMessage("5").Outbound().At(now + 7'000).Build(),
         AReceipt("5", v1::DELIVERY_STATE_FAILED).Build()}
    ));
    inbox.Run("UPDATE messages SET delivery_error = 'code' WHERE provider_id = '5'");
    CHECK(StatesSeen(inbox).back() == "5:2 code");
    REQUIRE(inbox.Write(
        {AWatermark(DELIVERY_STATE_DELIVERED, now + 8'000).At(now + 9'000).Build(),
         AReceipt("3", v1::DELIVERY_STATE_FAILED).Build()}
    ));
    CHECK(StatesSeen(inbox) == std::vector<std::string>{"1:4 ", "2:4 ", "3:3 ", "4:0 ", "5:3 "});
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch: a closed conversation is moved back by the customer's next message", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("1").Build()}));
    const auto close = [&](const std::string& when) {
        const std::string at =
            "'" + inbox.Ask("SELECT date_trunc('milliseconds', " + when + ")") + "'";
        inbox.Run("UPDATE conversation_counters SET closed_at = " + at);
        inbox.Run("UPDATE conversations SET status = 4, closed_at = " + at);
    };
    close("now() - interval '1 hour'");
    REQUIRE(inbox.Write({AMessage("2").Build()}));
    CHECK(inbox.Ask("SELECT status || '/' || closed_at FROM conversations") == "1/infinity");
    CHECK(inbox.Count("SELECT count(*) FROM conversations") == 1);
    CHECK(inbox.Inconsistency() == "");
    close("now() - interval '8 days'");
    REQUIRE(inbox.Write({AMessage("3").Build()}));
    CHECK(inbox.Count("SELECT count(*) FROM conversations") == 2);
    CHECK(inbox.Count("SELECT count(*) FROM conversations WHERE closed_at = 'infinity'") == 1);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch: fifty parallel first messages of one contact make one conversation", "[pg]") {
    CommitterFixture inbox;
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 50; ++i) events.push_back(AMessage().Build());
    REQUIRE(inbox.Write(events));
    CHECK(inbox.Count("SELECT count(*) FROM contacts") == 1);
    CHECK(inbox.Count("SELECT count(*) FROM conversations") == 1);
    CHECK(inbox.Count("SELECT max(seq) FROM messages") == 50);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Batch: tenants and threads of several partitions lie apart", "[pg]") {
    CommitterFixture inbox;
    inbox.Own(4);
    for (int round = 0; round < 3; ++round) {
        std::vector<event::v1::InboundEvent> events;
        for (int i = 0; i < 200; ++i) {
            events.push_back(
                AMessage().WithTenant(1 + i % 2).From("contact" + std::to_string(i % 40)).Build()
            );
        }
        REQUIRE(inbox.Write(events));
    }
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 600);
    CHECK(inbox.Count("SELECT count(*) FROM conversations") == 40);
    CHECK(inbox.Count("SELECT count(*) FROM ingest_partition WHERE last_seq > 0") == 4);
    CHECK(inbox.Inconsistency() == "");
}

}  // namespace
}  // namespace unibox::test
