// Which conversation a message belongs to, and what it makes of it.
#include "support/channel_event.hpp"
#include "support/inbox_invariants.hpp"
#include "support/memory_inbox.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const Channel kChannel;
const domain::ThreadKey kAda{kChannel.tenant_id(), kChannel.channel_id(), "ada"};

ConversationId Latest(const MemoryInbox& inbox) {
    return inbox.Latest(kChannel.tenant, kChannel.channel_id(), "ada");
}

const domain::CounterRow& CountersOf(const MemoryInbox& inbox, const ConversationId& id) {
    return inbox.counters.at({kChannel.tenant_id(), id});
}

}  // namespace

TEST_CASE("Decide: the first message begins a conversation", "[unit][decide]") {
    MemoryInbox inbox;
    const auto effects = inbox.Commit({ChannelEvent::Message(kChannel, "m1").Name("Ada")});
    CHECK(effects.message_count == 1);
    REQUIRE(inbox.conversations.size() == 1);
    const auto& row = inbox.conversation(Latest(inbox));
    CHECK(row.status == v1::CONVERSATION_STATUS_OPEN);
    CHECK(row.preview == "text of m1");
    CHECK(row.provider == v1::PROVIDER_WHATSAPP);
    CHECK(row.thread_key == "ada");
    CHECK(row.created_at == kNoon);
    CHECK(CountersOf(inbox, Latest(inbox)).version == 1);
    CHECK(CountersOf(inbox, Latest(inbox)).unread_count == 1);
    CHECK(UuidV7Millis(Latest(inbox).value) == kNoon);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: 50 first messages of one contact make one conversation", "[unit][decide]") {
    MemoryInbox inbox;
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 50; ++i) {
        events.push_back(ChannelEvent::Message(kChannel, "m" + std::to_string(i)));
    }
    inbox.Commit(events);
    CHECK(inbox.contacts.size() == 1);
    CHECK(inbox.conversations.size() == 1);
    CHECK(CountersOf(inbox, Latest(inbox)).last_seq == 50);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: a repeated message changes nothing", "[unit][decide]") {
    MemoryInbox inbox;
    const event::v1::InboundEvent message = ChannelEvent::Message(kChannel, "m1");
    const event::v1::InboundEvent repeated =
        ChannelEvent::Message(kChannel, "m1").ReceivedAt(kNoon + kDay).Name("Late");
    CHECK(inbox.Commit({message, repeated, message}).duplicate_count == 2);
    const std::string before = inbox.Dump();
    const auto effects = inbox.Commit({repeated, message});
    CHECK(effects.duplicate_count == 2);
    CHECK(effects.conversations.empty());
    CHECK(effects.outbox.empty());
    CHECK(effects.contacts.empty());
    CHECK(inbox.Dump() == before);
}

TEST_CASE("Decide: two tenants in one batch keep to themselves", "[unit][decide]") {
    const Channel other{8, 1, v1::PROVIDER_WHATSAPP};
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Message(other, "m1")});
    CHECK(inbox.conversations.size() == 2);
    CHECK(inbox.messages.size() == 2);
    CHECK(
        inbox.Latest(7, kChannel.channel_id(), "ada") != inbox.Latest(8, other.channel_id(), "ada")
    );
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: a customer reopens within the window", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    const ConversationId first = Latest(inbox);
    inbox.Close(kAda, kNoon + kSecond);
    inbox.Commit({ChannelEvent::Message(kChannel, "m2").At(kNoon + kSecond + 7 * kDay)});
    CHECK(Latest(inbox) == first);
    CHECK(inbox.conversation(first).status == v1::CONVERSATION_STATUS_OPEN);
    CHECK(CountersOf(inbox, first).closed_at == domain::kInfinity);
    const auto feed = inbox.FeedOf(first);
    CHECK(feed.back()->message_created().conversation_reopened());
    CHECK_FALSE(feed.back()->message_created().conversation().has_close_time());
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: later a customer begins a new conversation", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    const ConversationId first = Latest(inbox);
    inbox.Close(kAda, kNoon + kSecond);
    inbox.Commit(
        {ChannelEvent::Message(kChannel, "m2").At(kNoon + kSecond + 7 * kDay + 1),
         ChannelEvent::Message(kChannel, "m3").At(kNoon + kSecond + 7 * kDay + 2)}
    );
    CHECK(Latest(inbox) != first);
    CHECK(inbox.conversation(first).status == v1::CONVERSATION_STATUS_CLOSED);
    CHECK(CountersOf(inbox, first).last_seq == 1);
    CHECK(CountersOf(inbox, Latest(inbox)).last_seq == 2);
    CHECK(inbox.FeedOf(Latest(inbox)).front()->message_created().conversation_created());
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: the window is the channel's own, 0 means never", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.channels[{kChannel.tenant_id(), kChannel.channel_id()}].reopen_window_ms = 0;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Echo(kChannel, "e1")});
    const ConversationId first = Latest(inbox);
    inbox.Close(kAda, kNoon + kSecond);
    SECTION("a customer begins anew, even with a message that was under way") {
        inbox.Commit({ChannelEvent::Message(kChannel, "m2").At(kNoon)});
        CHECK(Latest(inbox) != first);
    }
    SECTION("an echo from before the closing belongs to what was closed") {
        inbox.Commit({ChannelEvent::Echo(kChannel, "e2").At(kNoon)});
        CHECK(Latest(inbox) == first);
        CHECK(inbox.conversation(first).status == v1::CONVERSATION_STATUS_CLOSED);
    }
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: an echo never reopens", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    const ConversationId first = Latest(inbox);
    inbox.Close(kAda, kNoon + kSecond);
    SECTION("within the window it is appended to the closed conversation") {
        inbox.Commit({ChannelEvent::Echo(kChannel, "e1").At(kNoon + kDay)});
        CHECK(Latest(inbox) == first);
        CHECK(inbox.conversation(first).status == v1::CONVERSATION_STATUS_CLOSED);
        CHECK(CountersOf(inbox, first).closed_at == kNoon + kSecond);
        CHECK(CountersOf(inbox, first).last_seq == 2);
        CHECK(inbox.FeedOf(first).back()->message_created().conversation().has_close_time());
    }
    SECTION("later it begins a new one") {
        inbox.Commit({ChannelEvent::Echo(kChannel, "e1").At(kNoon + 8 * kDay)});
        CHECK(Latest(inbox) != first);
        CHECK(inbox.conversation(Latest(inbox)).status == v1::CONVERSATION_STATUS_OPEN);
    }
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: an echo may begin the thread", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Echo(kChannel, "e1")});
    const auto& row = inbox.conversation(Latest(inbox));
    CHECK(row.status == v1::CONVERSATION_STATUS_OPEN);
    CHECK(CountersOf(inbox, Latest(inbox)).unread_count == 0);
    CHECK(CountersOf(inbox, Latest(inbox)).outbound_count == 1);
    CHECK(row.last_agent_at == kNoon);
    CHECK_FALSE(row.last_customer_at.has_value());
    CHECK(row.preview_direction == v1::DIRECTION_OUTBOUND);
    CHECK_FALSE(inbox.MessageByProviderId("e1").contact.has_value());
    CHECK(inbox.MessageByProviderId("e1").delivery_state == v1::DELIVERY_STATE_SENT);
}

TEST_CASE(
    "Decide: a customer's message ends a snooze, a pending conversation stays so", "[unit][decide]"
) {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    auto& status = inbox.conversations.begin()->second.status;
    SECTION("snoozed") {
        status = v1::CONVERSATION_STATUS_SNOOZED;
        inbox.Commit({ChannelEvent::Echo(kChannel, "e1")});
        CHECK(status == v1::CONVERSATION_STATUS_SNOOZED);
        inbox.Commit({ChannelEvent::Message(kChannel, "m2")});
        CHECK(status == v1::CONVERSATION_STATUS_OPEN);
        CHECK(inbox.FeedOf(Latest(inbox)).back()->message_created().conversation_reopened());
    }
    SECTION("pending") {
        status = v1::CONVERSATION_STATUS_PENDING;
        inbox.Commit({ChannelEvent::Message(kChannel, "m2")});
        CHECK(status == v1::CONVERSATION_STATUS_PENDING);
    }
}

TEST_CASE("Decide: nothing but messages reopens or begins", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Echo(kChannel, "e1")});
    inbox.Close(kAda, kNoon + kSecond);
    inbox.Commit(
        {ChannelEvent::Edit(kChannel, "m1", 1).Text("new"),
         ChannelEvent::Reaction(kChannel, "m1", "1").Emoji("x"),
         ChannelEvent::Receipt(kChannel, "e1", v1::DELIVERY_STATE_DELIVERED),
         ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon),
         ChannelEvent::Control(kChannel, "c1", "referral"),
         ChannelEvent::Typing(kChannel),
         ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon).Thread("unknown")}
    );
    CHECK(inbox.conversations.size() == 1);
    CHECK(inbox.conversation(Latest(inbox)).status == v1::CONVERSATION_STATUS_CLOSED);
    CHECK(CountersOf(inbox, Latest(inbox)).version == 7);
    CHECK(inbox.MessageByProviderId("m1").body == "new");
    CHECK(inbox.StateOf("e1") == v1::DELIVERY_STATE_READ);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: an archived conversation is not written to", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    const ConversationId archived = Latest(inbox);
    inbox.conversations.clear();
    inbox.messages.clear();
    const auto effects = inbox.Commit({ChannelEvent::Edit(kChannel, "m1", 1).Text("new")});
    CHECK(effects.ignored_count == 1);
    CHECK(effects.refs.size() == 1);
    inbox.Commit({ChannelEvent::Message(kChannel, "m2")});
    CHECK(Latest(inbox) != archived);
}

TEST_CASE("Decide: times are the greatest, not the last", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit(
        {ChannelEvent::Message(kChannel, "m1").At(kNoon),
         ChannelEvent::Message(kChannel, "m2").At(kNoon - kDay).ReceivedAt(kNoon)}
    );
    const auto& row = inbox.conversation(Latest(inbox));
    CHECK(row.last_activity_at == kNoon);
    CHECK(row.last_customer_at == kNoon);
    CHECK(row.preview == "text of m2");
    CHECK(CountersOf(inbox, Latest(inbox)).first_message_at == kNoon - kDay);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: a contact's name and aliases follow the messages", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1").Name("Ada")});
    const auto& contact = inbox.contacts.begin()->second;
    CHECK(contact.display_name == "Ada");
    CHECK(inbox.Commit({ChannelEvent::Message(kChannel, "m2").Name("Ada")}).contacts.empty());
    CHECK(inbox.Commit({ChannelEvent::Message(kChannel, "m3")}).contacts.empty());
    CHECK(contact.display_name == "Ada");
    event::v1::InboundEvent renamed =
        ChannelEvent::Message(kChannel, "m4").Name("Ada L.").At(kNoon + kDay);
    renamed.add_contact_aliases("user-1");
    CHECK(inbox.Commit({renamed}).contacts.size() == 1);
    CHECK(contact.display_name == "Ada L.");
    CHECK(contact.aliases == std::vector<std::string>{"user-1"});
    CHECK(contact.updated_at == kNoon + kDay);
    inbox.Commit({ChannelEvent::Message(kChannel, "m5").Name("Ada").At(kNoon)});
    CHECK(contact.updated_at == kNoon + kDay);
    inbox.Commit({ChannelEvent::Message(kChannel, "m6").Name("Ada L.").At(kNoon)});
    CHECK(
        inbox.FeedOf(Latest(inbox))
            .back()
            ->message_created()
            .conversation()
            .contact()
            .display_name() == "Ada L."
    );
}

TEST_CASE("Decide: in a group each author is a contact of its own", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit(
        {ChannelEvent::Message(kChannel, "m1").Thread("group").Contact("ada"),
         ChannelEvent::Message(kChannel, "m2").Thread("group").Contact("bob")}
    );
    CHECK(inbox.contacts.size() == 2);
    CHECK(inbox.conversations.size() == 1);
    CHECK(inbox.MessageByProviderId("m1").contact != inbox.MessageByProviderId("m2").contact);
}

TEST_CASE("Decide: unread stops at its type's end", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    inbox.counters.begin()->second.unread_count = INT32_MAX;
    inbox.Commit({ChannelEvent::Message(kChannel, "m2")});
    CHECK(inbox.counters.begin()->second.unread_count == INT32_MAX);
}

}  // namespace unibox::test
