// What the outbox batches of a decision hold.
#include "support/channel_event.hpp"
#include "support/memory_inbox.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const Channel kChannel;

event::v1::FeedEvent Parse(const event::v1::OutboxEntry& entry) {
    event::v1::FeedEvent event;
    REQUIRE(event.ParseFromString(entry.payload()));
    return event;
}

}  // namespace

TEST_CASE("Feed: an entry has subject, id and the whole resulting state", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.now_ms = kNoon + 5;
    event::v1::InboundEvent message = ChannelEvent::Message(kChannel, "m1").Name("Ada");
    message.mutable_message()->set_reply_to_provider_id("m0");
    message.mutable_message()->mutable_context()->mutable_referral()->set_source_id("ad-1");
    const auto effects = inbox.Commit({message});
    REQUIRE(effects.outbox.size() == 1);
    CHECK(effects.outbox[0].shard == ShardOf(message));
    REQUIRE(effects.outbox[0].batch.entries_size() == 1);
    const auto& entry = effects.outbox[0].batch.entries(0);
    CHECK(entry.subject() == "ub.ev.7.message_created");
    CHECK(entry.event_id().size() == 16);
    const auto event = Parse(entry);
    CHECK(event.event_id() == entry.event_id());
    CHECK(event.tenant_id() == 7);
    CHECK(event.version() == 1);
    CHECK(event.commit_time_ms() == kNoon + 5);
    CHECK(event.traceparent() == message.traceparent());
    CHECK(event.feed_epoch() == std::string(16, 'e'));
    const auto& created = event.message_created();
    CHECK(created.conversation_created());
    CHECK_FALSE(created.conversation_reopened());
    CHECK(created.message().text() == "text of m1");
    CHECK(created.message().seq() == 1);
    CHECK(created.message().reply_to_provider_id() == "m0");
    CHECK(created.message().context().referral().source_id() == "ad-1");
    CHECK(created.message().provider_id() == "m1");
    CHECK(created.message().conversation_id() == event.conversation_id());
    CHECK(created.message().create_time().seconds() == kNoon / 1000);
    CHECK(created.conversation().id() == event.conversation_id());
    CHECK(created.conversation().unread_count() == 1);
    CHECK(created.conversation().message_count() == 1);
    CHECK(created.conversation().preview() == "text of m1");
    CHECK(created.conversation().version() == 1);
    CHECK(created.conversation().contact().display_name() == "Ada");
    CHECK(created.conversation().contact().contact_key() == "ada");
    CHECK(created.conversation().contact().id() == created.message().contact_id());
}

TEST_CASE(
    "Feed: a change carries the contact though the batch does not name it", "[unit][decide]"
) {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1").Name("Ada")});
    const auto effects = inbox.Commit({ChannelEvent::Edit(kChannel, "m1", 1).Text("new")});
    const auto event = Parse(effects.outbox.at(0).batch.entries(0));
    CHECK(event.message_updated().message().text() == "new");
    CHECK(event.message_updated().conversation().contact().display_name() == "Ada");
    CHECK(event.version() == 2);
}

TEST_CASE("Feed: typing and control belong to no conversation", "[unit][decide]") {
    MemoryInbox inbox;
    const auto control = ChannelEvent::Control(kChannel, "c1", "referral")
                             .Name("Ada")
                             .At(kNoon)
                             .ReceivedAt(kNoon + 60 * kSecond);
    const auto effects = inbox.Commit({ChannelEvent::Typing(kChannel), control, control});
    CHECK(effects.duplicate_count == 1);
    CHECK(effects.refs.size() == 1);
    const auto& entries = effects.outbox.at(0).batch.entries();
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].subject() == "ub.ev.7.typing_received");
    CHECK(entries[1].subject() == "ub.ev.7.control_received");
    const auto event = Parse(entries[1]);
    CHECK(event.version() == 0);
    CHECK(event.conversation_id().empty());
    CHECK(event.control_received().type() == "referral");
    CHECK(event.control_received().attributes().at("id") == "c1");
    CHECK(event.control_received().thread_key() == "ada");
    CHECK(event.control_received().contact_key() == "ada");
    CHECK(event.control_received().contact_name() == "Ada");
    CHECK(event.control_received().provider_time().seconds() == kNoon / 1000);
    CHECK(event.control_received().receive_time().seconds() == kNoon / 1000 + 60);
    CHECK(Parse(entries[0]).typing_received().contact_key() == "ada");
    CHECK(inbox.Commit({control}).outbox.empty());
}

TEST_CASE(
    "Feed: the same batch gives the same event ids, another feed epoch others", "[unit][decide]"
) {
    const std::vector<event::v1::InboundEvent> events = {
        ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Echo(kChannel, "e1")};
    const auto batch = ToBatch(events);
    const auto ids = [&](char epoch) {
        MemoryInbox inbox;
        auto state = inbox.Read(decide::Plan(batch));
        state.feed_epoch = std::string(16, epoch);
        const auto effects = decide::Decide(batch, std::move(state));
        std::vector<std::string> found;
        for (const auto& entry : effects.outbox.at(0).batch.entries()) {
            found.push_back(entry.event_id());
        }
        return found;
    };
    CHECK(ids('a') == ids('a'));
    CHECK(ids('a') != ids('b'));
    CHECK(ids('a').at(0) != ids('a').at(1));
}

TEST_CASE("Feed: one outbox batch a shard", "[unit][decide]") {
    MemoryInbox inbox;
    std::vector<event::v1::InboundEvent> events;
    std::set<domain::ShardId> shards;
    for (int i = 0; i < 30; ++i) {
        events.push_back(ChannelEvent::Message(kChannel, std::to_string(i))
                             .Thread("thread " + std::to_string(i % 10)));
        shards.insert(ShardOf(events.back()));
    }
    const auto effects = inbox.Commit(events);
    CHECK(effects.outbox.size() == shards.size());
    int entry_count = 0;
    for (const auto& write : effects.outbox) entry_count += write.batch.entries_size();
    CHECK(entry_count == 30);
}

TEST_CASE("Feed: a batch tells its stream, its epoch and what goes in order", "[unit][decide]") {
    MemoryInbox inbox;
    const auto effects = inbox.Commit(
        {ChannelEvent::Message(kChannel, "m1"),
         ChannelEvent::Edit(kChannel, "m1", 1).Text("new"),
         ChannelEvent::Typing(kChannel)}
    );
    REQUIRE(effects.outbox.size() == 1);
    CHECK(effects.outbox[0].target == domain::OutboxTarget::kFeed);
    const event::v1::OutboxBatch& batch = effects.outbox[0].batch;
    CHECK(batch.feed_epoch() == std::string(16, 'e'));
    REQUIRE(batch.entries_size() == 3);
    for (const auto& entry : batch.entries()) {
        REQUIRE(entry.has_ordering_key());
        CHECK(entry.ordering_key() == Parse(entry).conversation_id());
    }
    CHECK(batch.entries(0).ordering_key() == batch.entries(1).ordering_key());
    CHECK(batch.entries(0).ordering_key().size() == 36);
    CHECK(batch.entries(2).ordering_key().empty());
}

}  // namespace unibox::test
