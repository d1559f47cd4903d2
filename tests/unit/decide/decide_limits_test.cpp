// What one transaction may take: Decide stops in time, and what it leaves out is none of its
// effects.
#include "support/channel_event.hpp"
#include "support/inbox_invariants.hpp"
#include "support/memory_inbox.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const Channel kChannel;
const Channel kTelegram{7, 2, v1::PROVIDER_TELEGRAM};
constexpr std::size_t kMiB = 1024 * 1024;

domain::Effects DecideWithin(
    MemoryInbox* inbox, const std::vector<event::v1::InboundEvent>& events, std::size_t bytes_max
) {
    const auto batch = ToBatch(events);
    return decide::Decide(
        batch, inbox->Read(decide::Plan(batch)), {.effects_bytes_max = bytes_max}
    );
}

std::size_t FeedBytes(const domain::Effects& effects) {
    std::size_t bytes = 0;
    for (const auto& write : effects.outbox) bytes += write.batch.ByteSizeLong();
    return bytes;
}

// Writes all events, in as many transactions as it takes; returns how many.
int CommitInParts(
    MemoryInbox* inbox, std::vector<event::v1::InboundEvent> events, std::size_t bytes_max
) {
    int count = 0;
    while (!events.empty()) {
        const auto effects = DecideWithin(inbox, events, bytes_max);
        REQUIRE(effects.input_count > 0);
        events.erase(
            events.begin(), events.begin() + static_cast<std::ptrdiff_t>(effects.input_count)
        );
        inbox->Write(effects);
        ++count;
    }
    return count;
}

std::vector<event::v1::InboundEvent> Edits(int count, std::size_t text_bytes) {
    std::vector<event::v1::InboundEvent> edits;
    for (int i = 1; i <= count; ++i) {
        edits.push_back(ChannelEvent::Edit(kChannel, "m", i).Text(std::string(text_bytes, 'x')));
    }
    return edits;
}

}  // namespace

TEST_CASE("Limits: a batch ends where its effects are enough", "[unit][decide]") {
    MemoryInbox inbox, whole;
    std::vector<event::v1::InboundEvent> events = {ChannelEvent::Message(kChannel, "m")};
    for (const auto& edit : Edits(20, 100'000)) events.push_back(edit);
    whole.Commit(events);
    const auto first = DecideWithin(&inbox, events, kMiB);
    CHECK(first.input_count > 5);
    CHECK(first.input_count < 15);
    CHECK(FeedBytes(first) < kMiB + 110'000);
    CHECK(first.refs.size() == first.input_count);
    CHECK(CommitInParts(&inbox, events, kMiB) >= 2);
    CHECK(inbox.Dump() == whole.Dump());
    CHECK(inbox.FeedByShard() == whole.FeedByShard());
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Limits: one event alone is always taken", "[unit][decide]") {
    MemoryInbox inbox;
    const auto effects = DecideWithin(
        &inbox, {ChannelEvent::Message(kChannel, "m").Text(std::string(9'000, 'x'))}, 10
    );
    CHECK(effects.input_count == 1);
    CHECK(effects.message_count == 1);
    CHECK(DecideWithin(&inbox, {}, 10).input_count == 0);
}

TEST_CASE("Limits: reactions and receipts do not repeat the message", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Echo(kChannel, "m").Text(std::string(500'000, 'x'))});
    std::vector<event::v1::InboundEvent> events;
    for (int i = 0; i < 1'000; ++i) {
        const std::string serial = std::to_string(i);
        events.push_back(ChannelEvent::Reaction(kChannel, "m", serial)
                             .Emoji("x")
                             .Contact("contact " + serial)
                             .At(kNoon + i));
    }
    events.push_back(ChannelEvent::Receipt(kChannel, "m", v1::DELIVERY_STATE_DELIVERED));
    const auto effects = inbox.Commit(events);
    CHECK(effects.input_count == 1'001);
    CHECK(effects.conversations.at(0).counters.version == 502);  // of 500 reactions and a receipt
    CHECK(FeedBytes(effects) < kMiB);
    REQUIRE(effects.messages.size() == 1);
    CHECK(effects.messages[0].row.body.empty());  // neither read nor written
    CHECK_FALSE(effects.messages[0].text_changed);
    CHECK(inbox.MessageByProviderId("m").body.size() == 500'000);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Limits: a watermark is one event, whatever lies below it", "[unit][decide]") {
    MemoryInbox inbox;
    std::vector<event::v1::InboundEvent> echoes;
    for (int i = 0; i < 2'000; ++i) {
        echoes.push_back(ChannelEvent::Echo(kChannel, "e" + std::to_string(i)).At(kNoon + i));
    }
    inbox.Commit(echoes);
    const auto watermark = ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon + 1'500)
                               .At(kNoon + kSecond);
    const auto effects = inbox.Commit({watermark, watermark});
    CHECK(effects.messages.empty());
    CHECK(effects.ignored_count == 1);
    REQUIRE(effects.outbox.size() == 1);
    REQUIRE(effects.outbox[0].batch.entries_size() == 1);
    CHECK(effects.outbox[0].batch.entries(0).subject() == "ub.ev.7.messages_delivered");
    const auto& event = inbox.outbox.back().event;
    CHECK(event.version() == 2'001);
    CHECK(event.messages_delivered().up_to_seq() == 2'000);
    CHECK(event.messages_delivered().delivery_state() == v1::DELIVERY_STATE_READ);
    CHECK(event.messages_delivered().conversation().version() == 2'001);
    CHECK(inbox.StateOf("e1500") == v1::DELIVERY_STATE_READ);
    CHECK(inbox.StateOf("e1501") == v1::DELIVERY_STATE_SENT);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Limits: a watermark with nothing new below it is no version", "[unit][decide]") {
    MemoryInbox inbox;
    const auto watermark = [](v1::DeliveryState state, std::int64_t at) {
        return ChannelEvent::Watermark(kChannel, state, at).At(kNoon + 60 * kSecond);
    };
    inbox.Commit({ChannelEvent::Message(kChannel, "m1"), ChannelEvent::Echo(kChannel, "e1")});
    inbox.Commit({watermark(v1::DELIVERY_STATE_READ, kNoon + 1)});
    const auto later = inbox.Commit(
        {watermark(v1::DELIVERY_STATE_READ, kNoon + 2),
         watermark(v1::DELIVERY_STATE_DELIVERED, kNoon + 3)}
    );
    CHECK(later.outbox.empty());
    CHECK(later.conversations.empty());
    CHECK(later.threads.size() == 1);  // an echo below it is still to come
    inbox.Commit({ChannelEvent::Echo(kChannel, "e2").At(kNoon + 2)});
    CHECK(inbox.StateOf("e2") == v1::DELIVERY_STATE_READ);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Limits: a mark counts where the row does not say it", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Echo(kChannel, "e").At(kNoon)});
    inbox.Commit({ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_DELIVERED, kNoon + 1)});
    const auto failed =
        inbox.Commit({ChannelEvent::Receipt(kChannel, "e", v1::DELIVERY_STATE_FAILED).Error("x")});
    CHECK(failed.ignored_count == 1);
    CHECK(failed.messages.empty());
    CHECK(inbox.MessageByProviderId("e").delivery_state == v1::DELIVERY_STATE_SENT);
    const auto edited = inbox.Commit({ChannelEvent::Edit(kChannel, "e", 1).Text("new")});
    CHECK(inbox.MessageByProviderId("e").delivery_state == v1::DELIVERY_STATE_DELIVERED);
    CHECK(
        inbox.outbox.back().event.message_updated().message().delivery_state() ==
        v1::DELIVERY_STATE_DELIVERED
    );
    inbox.Commit({ChannelEvent::Receipt(kChannel, "e", v1::DELIVERY_STATE_READ)});
    CHECK(inbox.StateOf("e") == v1::DELIVERY_STATE_READ);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Limits: what was not read is left to the next transaction", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Message(kChannel, "a"), ChannelEvent::Message(kChannel, "b")});
    const auto batch = ToBatch(
        {ChannelEvent::Edit(kChannel, "a", 1).Text("new a"),
         ChannelEvent::Receipt(kChannel, "b", v1::DELIVERY_STATE_READ),
         ChannelEvent::Edit(kChannel, "b", 1).Text("new b"),
         ChannelEvent::Edit(kChannel, "a", 2).Text("newer a")}
    );
    auto state = inbox.Read(decide::Plan(batch));
    for (auto& [key, row] : state.messages) row.has_contents = row.provider_id == "a";
    CHECK(decide::Decide(batch, state).input_count == 2);

    inbox.Commit({ChannelEvent::Edit(kChannel, "c", 1).Text("edited c")});
    const auto messages = ToBatch(
        {ChannelEvent::Message(kChannel, "d"),
         ChannelEvent::Message(kChannel, "a"),
         ChannelEvent::Message(kChannel, "c")}
    );
    auto unread = inbox.Read(decide::Plan(messages));
    REQUIRE(unread.parked.size() == 1);
    unread.parked_unread.insert(unread.parked.begin()->first);
    CHECK(decide::Decide(messages, unread).input_count == 2);

    event::v1::InboundEvent invalid = ChannelEvent::Edit(kChannel, "b", 2);
    invalid.clear_event_key();
    const auto receipt = ChannelEvent::Receipt(kChannel, "b", v1::DELIVERY_STATE_READ);
    CHECK(inbox.Commit({receipt, invalid}).input_count == 2);
}

TEST_CASE("Limits: only so much waits for one message", "[unit][decide]") {
    MemoryInbox inbox;
    std::vector<event::v1::InboundEvent> early;
    for (int i = 0; i < 1'200; ++i) {
        early.push_back(ChannelEvent::Reaction(kTelegram, "m", std::to_string(i))
                            .Emoji(std::to_string(i))
                            .At(kNoon + i));
    }
    SECTION("events, in one batch") {
        CHECK(inbox.Commit(early).park_refused_count == 200);
    }
    SECTION("events, over batches") {
        for (const auto& event : early) inbox.Commit({event});
    }
    SECTION("bytes") {
        early.clear();
        for (int i = 1; i <= 12; ++i) {
            early.push_back(ChannelEvent::Edit(kTelegram, "m", i).Text(std::string(500'000, 'x')));
        }
        CHECK(inbox.Commit(early).park_refused_count == 4);
        const auto effects = inbox.Commit({ChannelEvent::Message(kTelegram, "m")});
        CHECK(FeedBytes(effects) < 2 * kMiB);
        CHECK(inbox.MessageByProviderId("m").edit_revision == 8);
        CHECK(effects.unparks.size() == 8);
        CHECK(inbox.parked.empty());
        return;
    }
    CHECK(inbox.parked.begin()->second.size() == 1'000);
    inbox.Commit({ChannelEvent::Message(kTelegram, "m")});
    CHECK(inbox.MessageByProviderId("m").reactions.size() == 500);
    CHECK(WhatIsWrong(inbox) == "");
}

TEST_CASE("Limits: of what waited only what can be seen is told", "[unit][decide]") {
    MemoryInbox inbox;
    const auto photo = ChannelEvent::Edit(kChannel, "m", 1)
                           .Text("with a photo")
                           .Attach(v1::ATTACHMENT_TYPE_IMAGE, "cat.png")
                           .At(kNoon + 1);
    inbox.Commit(
        {photo,
         ChannelEvent::Edit(kChannel, "m", 2).Text("second").At(kNoon + 2),
         ChannelEvent::Edit(kChannel, "m", 4).Text("last").At(kNoon + 3),
         ChannelEvent::Edit(kChannel, "m", 3).Text("older").At(kNoon + 4)}
    );
    inbox.Commit({ChannelEvent::Message(kChannel, "m")});
    const auto message = inbox.MessageByProviderId("m");
    CHECK(message.body == "last");
    CHECK(message.attachments.size() == 1);
    CHECK(message.version == 3);
    inbox.Commit(
        {ChannelEvent::Edit(kChannel, "n", 1).Text("never seen"),
         ChannelEvent::Reaction(kChannel, "n", "r").Emoji("x"),
         ChannelEvent::Delete(kChannel, "n").At(kNoon + 9)}
    );
    inbox.Commit({ChannelEvent::Message(kChannel, "n")});
    CHECK(inbox.MessageByProviderId("n").version == 5);
    CHECK(inbox.MessageByProviderId("n").deleted_at.has_value());
    CHECK(WhatIsWrong(inbox) == "");
}

}  // namespace unibox::test
