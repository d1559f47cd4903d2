// Edits, deletes, reactions and receipts: applied, parked, repeated.
#include "support/channel_event.hpp"
#include "support/inbox_invariants.hpp"
#include "support/memory_inbox.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const Channel kChannel;

ConversationId Latest(const MemoryInbox& inbox) {
    return inbox.Latest(kChannel.tenant, kChannel.channel_id(), "ada");
}

v1::DeliveryState StateOf(const MemoryInbox& inbox, const std::string& provider_id) {
    return inbox.StateOf(provider_id);
}

}  // namespace

TEST_CASE("Decide: an edit of the last message changes the preview", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Message(kChannel, "m2")});
    inbox.Commit({ChannelEvent::Edit(kChannel, "m1", 1).Text("first, better")});
    CHECK(inbox.conversation(Latest(inbox)).preview == "text of m2");
    inbox.Commit({ChannelEvent::Edit(kChannel, "m2", 1).Text("second, better")});
    CHECK(inbox.conversation(Latest(inbox)).preview == "second, better");
    inbox.Commit({ChannelEvent::Delete(kChannel, "m2")});
    CHECK(inbox.conversation(Latest(inbox)).preview == "[deleted]");
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: an older edit is remembered but gets no version", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Edit(kChannel, "m1", 2)});
    const auto effects = inbox.Commit({ChannelEvent::Edit(kChannel, "m1", 1).Text("old")});
    CHECK(effects.ignored_count == 1);
    CHECK(effects.refs.size() == 1);
    CHECK(effects.conversations.empty());
    CHECK(effects.outbox.empty());
}

TEST_CASE("Decide: what comes before its message waits for it", "[unit][decide]") {
    const std::vector<event::v1::InboundEvent> early = {
        ChannelEvent::Edit(kChannel, "m1", 1).Text("edited").At(kNoon + 1),
        ChannelEvent::Reaction(kChannel, "m1", "r1").Emoji("x").At(kNoon + 2)};
    MemoryInbox inbox;
    SECTION("over batches") {
        const auto effects = inbox.Commit(early);
        CHECK(effects.parks.size() == 2);
        CHECK(effects.refs.size() == 2);
        CHECK(inbox.conversations.empty());
        CHECK(inbox.Commit(early).duplicate_count == 2);
        CHECK(inbox.Commit({ChannelEvent::Message(kChannel, "m1")}).unparks.size() == 2);
    }
    SECTION("within one batch") {
        const auto effects =
            inbox.Commit({early[0], early[1], early[0], ChannelEvent::Message(kChannel, "m1")});
        CHECK(effects.parks.empty());
        CHECK(effects.unparks.empty());
    }
    CHECK(inbox.parked.empty());
    CHECK(inbox.MessageByProviderId("m1").body == "edited");
    CHECK(inbox.MessageByProviderId("m1").reactions.size() == 1);
    CHECK(inbox.FeedOf(Latest(inbox)).size() == 3);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: a delete that came first leaves nothing behind", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Delete(kChannel, "m1").At(kNoon + 1)});
    inbox.Commit({ChannelEvent::Message(kChannel, "m1").Text("secret")});
    CHECK(inbox.MessageByProviderId("m1").body.empty());
    CHECK(inbox.conversation(Latest(inbox)).preview == "[deleted]");
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: on, off, on of a reaction are three events", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    const std::vector<event::v1::InboundEvent> taps = {
        ChannelEvent::Reaction(kChannel, "m1", "1").Emoji("x").At(kNoon + 1),
        ChannelEvent::Reaction(kChannel, "m1", "2").Removed().At(kNoon + 2),
        ChannelEvent::Reaction(kChannel, "m1", "3").Emoji("x").At(kNoon + 3)};
    inbox.Commit(taps);
    CHECK(inbox.MessageByProviderId("m1").reactions.size() == 1);
    CHECK(inbox.MessageByProviderId("m1").version == 4);
    const std::string before = inbox.Dump();
    CHECK(inbox.Commit({taps[1], taps[0], taps[2]}).duplicate_count == 3);
    CHECK(inbox.Dump() == before);
}

TEST_CASE("Decide: receipts before, with and after the echo", "[unit][decide]") {
    MemoryInbox inbox;
    const auto read = ChannelEvent::Receipt(kChannel, "e1", v1::DELIVERY_STATE_READ);
    const auto sent = ChannelEvent::Receipt(kChannel, "e1", v1::DELIVERY_STATE_SENT);
    CHECK(inbox.Commit({read, read}).parks.size() == 1);
    inbox.Commit({read});  // repeated: the row is there already
    inbox.Commit({sent, ChannelEvent::Echo(kChannel, "e1"), sent});
    CHECK(StateOf(inbox, "e1") == v1::DELIVERY_STATE_READ);
    CHECK(inbox.parked.empty());
    const auto effects = inbox.Commit({read, sent});
    CHECK(effects.ignored_count == 2);
    CHECK(effects.messages.empty());
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: a receipt about a customer's message is ignored", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1")});
    const auto effects =
        inbox.Commit({ChannelEvent::Receipt(kChannel, "m1", v1::DELIVERY_STATE_READ)});
    CHECK(effects.ignored_count == 1);
    CHECK(effects.messages.empty());
}

TEST_CASE("Decide: watermarks move outbound messages up to their time", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit(
        {ChannelEvent::Message(kChannel, "m1").At(kNoon),
         ChannelEvent::Echo(kChannel, "e1").At(kNoon + 1 * kSecond),
         ChannelEvent::Echo(kChannel, "e2").At(kNoon + 2 * kSecond),
         ChannelEvent::Echo(kChannel, "e3").At(kNoon + 3 * kSecond)}
    );
    const auto watermark = [](v1::DeliveryState state, std::int64_t seconds) {
        return ChannelEvent::Watermark(kChannel, state, kNoon + seconds * kSecond)
            .At(kNoon + 60 * kSecond);
    };
    inbox.Commit({watermark(v1::DELIVERY_STATE_DELIVERED, 2)});
    CHECK(StateOf(inbox, "e1") == v1::DELIVERY_STATE_DELIVERED);
    CHECK(StateOf(inbox, "e2") == v1::DELIVERY_STATE_DELIVERED);
    CHECK(StateOf(inbox, "e3") == v1::DELIVERY_STATE_SENT);
    CHECK(inbox.MessageByProviderId("m1").delivery_state == v1::DELIVERY_STATE_UNSPECIFIED);
    inbox.Commit({watermark(v1::DELIVERY_STATE_READ, 1)});
    CHECK(StateOf(inbox, "e1") == v1::DELIVERY_STATE_READ);
    CHECK(StateOf(inbox, "e2") == v1::DELIVERY_STATE_DELIVERED);
    CHECK(inbox.Commit({watermark(v1::DELIVERY_STATE_READ, 1)}).ignored_count == 1);
    CHECK(inbox.Commit({watermark(v1::DELIVERY_STATE_DELIVERED, 1)}).messages.empty());
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Decide: an echo that arrives below a watermark starts there", "[unit][decide]") {
    MemoryInbox inbox;
    const auto watermark = ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon + 1);
    const auto below = ChannelEvent::Echo(kChannel, "e1").At(kNoon);
    const auto above = ChannelEvent::Echo(kChannel, "e2").At(kNoon + 2);
    SECTION("in a later batch") {
        inbox.Commit({watermark});
        CHECK(inbox.conversations.empty());
        inbox.Commit({below, above});
    }
    SECTION("in the same batch") {
        inbox.Commit({watermark, below, above});
    }
    CHECK(StateOf(inbox, "e1") == v1::DELIVERY_STATE_READ);
    CHECK(StateOf(inbox, "e2") == v1::DELIVERY_STATE_SENT);
}

TEST_CASE("Decide: a watermark from the future does not cover what is to come", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon + 365 * kDay)});
    CHECK(inbox.threads.begin()->second.read_until == kNoon + 300 * kSecond);
    inbox.Commit({ChannelEvent::Echo(kChannel, "e1").At(kNoon + kDay)});
    CHECK(StateOf(inbox, "e1") == v1::DELIVERY_STATE_SENT);
}

TEST_CASE("Decide: the same provider id on two channels is two messages", "[unit][decide]") {
    const Channel other{7, 2, v1::PROVIDER_TELEGRAM};
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Message(other, "m1")});
    inbox.Commit({ChannelEvent::Edit(other, "m1", 1).Text("only here")});
    int edited_count = 0;
    for (const auto& [key, row] : inbox.messages) edited_count += row.body == "only here" ? 1 : 0;
    CHECK(edited_count == 1);
    CHECK(WhatIsWrong(inbox) == "");
}

}  // namespace unibox::test
