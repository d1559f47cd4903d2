// What waits for a leaf that is detached, and what does not.
#include "support/channel_event.hpp"
#include "support/inbox_invariants.hpp"
#include "support/memory_inbox.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const Channel kChannel;
constexpr std::int64_t kNow = kNoon + kSecond;

domain::Effects DecideBeside(
    MemoryInbox* inbox,
    const domain::DetachedLeaves& detached,
    const std::vector<event::v1::InboundEvent>& events
) {
    inbox->now_ms = kNow;
    const auto batch = ToBatch(events);
    auto state = inbox->Read(decide::Plan(batch));
    state.detached = detached;
    return decide::Decide(batch, std::move(state));
}

// The leaf that the first event waits for; "" if it is taken.
std::string Awaited(
    MemoryInbox* inbox, const domain::DetachedLeaves& detached, const event::v1::InboundEvent& event
) {
    const auto effects = DecideBeside(inbox, detached, {event});
    CHECK(effects.input_count == (effects.awaited_leaf.empty() ? 1 : 0));
    if (effects.input_count == 0) CHECK(effects.outbox.empty());
    return effects.awaited_leaf;
}

using Leaves = std::vector<domain::DetachedLeaf> domain::DetachedLeaves::*;

domain::DetachedLeaves Without(
    Leaves table, const std::string& name, std::int64_t first_ms, std::int64_t past_ms
) {
    domain::DetachedLeaves leaves;
    (leaves.*table).push_back({name, first_ms, past_ms});
    return leaves;
}

constexpr Leaves kMessages = &domain::DetachedLeaves::messages;
constexpr Leaves kConversations = &domain::DetachedLeaves::conversations;
constexpr Leaves kRefs = &domain::DetachedLeaves::ext_refs;

domain::DetachedLeaves NoMessages() {
    return Without(kMessages, "messages_x", kNoon - kDay, kNoon + kDay);
}

std::vector<event::v1::InboundEvent> ChangesOf(const std::string& message) {
    return {
        ChannelEvent::Edit(kChannel, message, 1).Text("new"),
        ChannelEvent::Delete(kChannel, message),
        ChannelEvent::Reaction(kChannel, message, "r").Emoji("x"),
        ChannelEvent::Receipt(kChannel, message, v1::DELIVERY_STATE_READ)};
}

void CheckAllWait(MemoryInbox* inbox, const domain::DetachedLeaves& detached) {
    for (const auto& change : ChangesOf("e")) {
        CAPTURE(change.ShortDebugString());
        CHECK(Awaited(inbox, detached, change) != "");
    }
}

void CheckNoneWaits(MemoryInbox* inbox, const domain::DetachedLeaves& detached) {
    for (const auto& change : ChangesOf("e")) {
        CAPTURE(change.ShortDebugString());
        CHECK(Awaited(inbox, detached, change) == "");
    }
}

}  // namespace

TEST_CASE("Leaves: a message waits for the leaf of its time", "[unit][decide]") {
    MemoryInbox inbox;
    const auto old = ChannelEvent::Message(kChannel, "old").At(kNoon - 40 * kDay);
    const auto now = ChannelEvent::Message(kChannel, "now").At(kNoon);
    const auto effects = DecideBeside(&inbox, NoMessages(), {old, now, old});
    CHECK(effects.input_count == 1);
    CHECK(effects.awaited_leaf == "messages_x");
    CHECK(effects.message_count == 1);
    CHECK(Awaited(&inbox, NoMessages(), ChannelEvent::Typing(kChannel)) == "");
    CHECK(Awaited(&inbox, {}, now) == "");
    // What is known has no effect, with or without a leaf.
    inbox.Commit({now});
    CHECK(Awaited(&inbox, NoMessages(), now) == "");
}

TEST_CASE(
    "Leaves: a change waits for its message, and not for one that is gone", "[unit][decide]"
) {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Echo(kChannel, "e")});
    CheckNoneWaits(&inbox, NoMessages());  // it is there
    inbox.messages.clear();
    CheckAllWait(&inbox, NoMessages());
    CheckNoneWaits(&inbox, Without(kMessages, "messages_y", kNoon - 9 * kDay, kNoon - kDay));
    CheckNoneWaits(&inbox, {});
    CHECK(inbox.Commit(ChangesOf("e")).ignored_count == 4);
}

TEST_CASE("Leaves: the open conversations' leaf is never begun anew", "[unit][decide]") {
    MemoryInbox inbox;
    const auto live = Without(kConversations, "live", domain::kInfinity, domain::kInfinity);
    inbox.Commit({ChannelEvent::Echo(kChannel, "e").At(kNoon)});
    const auto watermark =
        ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon).At(kNoon);
    CheckNoneWaits(&inbox, live);
    inbox.conversations.clear();
    CheckAllWait(&inbox, live);
    CHECK(Awaited(&inbox, live, watermark) == "live");
    CHECK(Awaited(&inbox, live, ChannelEvent::Message(kChannel, "m")) == "live");
    CHECK(Awaited(&inbox, live, ChannelEvent::Message(kChannel, "n").Thread("new")) == "live");
    CHECK(Awaited(&inbox, live, ChannelEvent::Control(kChannel, "c", "referral")) == "");
}

TEST_CASE("Leaves: a message waits for its closed conversation", "[unit][decide]") {
    MemoryInbox inbox;
    inbox.Commit({ChannelEvent::Echo(kChannel, "e").At(kNoon)});
    inbox.Close({kChannel.tenant_id(), kChannel.channel_id(), "ada"}, kNoon);
    const auto closed = Without(kConversations, "closed", kNoon - kDay, kNoon + kDay);
    const auto next = ChannelEvent::Message(kChannel, "m").At(kNoon);
    CHECK(Awaited(&inbox, closed, next) == "");  // it is there
    inbox.conversations.clear();
    CHECK(Awaited(&inbox, closed, next) == "closed");
    CheckAllWait(&inbox, closed);
    const auto older = Without(kConversations, "older", kNoon - 9 * kDay, kNoon - kDay);
    CHECK(Awaited(&inbox, older, next) == "");
    CHECK(Awaited(&inbox, closed, ChannelEvent::Message(kChannel, "n").Thread("new")) == "");
}

TEST_CASE("Leaves: nothing is written twice because a week of keys is away", "[unit][decide]") {
    MemoryInbox inbox;
    const auto week = Without(kRefs, "week", kNow - 9 * kDay, kNow - 2 * kDay);
    CheckAllWait(&inbox, week);
    inbox.Commit({ChannelEvent::Echo(kChannel, "e")});
    CHECK(Awaited(&inbox, week, ChannelEvent::Edit(kChannel, "e", 1)) == "week");
    const auto receipt = ChannelEvent::Receipt(kChannel, "e", v1::DELIVERY_STATE_READ);
    CHECK(Awaited(&inbox, week, receipt) == "");  // it may come twice
    CHECK(Awaited(&inbox, week, ChannelEvent::Message(kChannel, "m")) == "week");
    CHECK(Awaited(&inbox, week, ChannelEvent::Control(kChannel, "c", "referral")) == "week");
    CHECK(Awaited(&inbox, week, ChannelEvent::Echo(kChannel, "e")) == "");  // a repeat
    const auto next = Without(kRefs, "next", kNow + kDay, kNow + 8 * kDay);
    CHECK(Awaited(&inbox, next, ChannelEvent::Message(kChannel, "m")) == "");
}

TEST_CASE("Leaves: a change of an unknown message waits for any week of keys", "[unit][decide]") {
    MemoryInbox inbox;
    const auto old = Without(kRefs, "old", kNow - 30 * kDay, kNow - 23 * kDay);
    CheckAllWait(&inbox, old);
    CHECK(Awaited(&inbox, old, ChannelEvent::Message(kChannel, "m")) == "");
    inbox.Commit({ChannelEvent::Echo(kChannel, "e")});
    CheckNoneWaits(&inbox, old);
    MemoryInbox other;
    CheckNoneWaits(&other, Without(kRefs, "gone", kNow - 70 * kDay, kNow - 63 * kDay));
}

}  // namespace unibox::test
