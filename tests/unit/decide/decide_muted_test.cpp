// Muted conversations: kept, and nobody is disturbed.
#include "command_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {

TEST_CASE("Muted: the customer's messages are kept and disturb nobody", "[unit][decide]") {
    CommandFixture f;
    f.ChannelRow().reply_window_ms = kDay;
    REQUIRE(f.Do(f.A().Muted(true)) == "");
    CHECK(f.conversation.muted());
    CHECK_FALSE(f.conversation.has_waiting_since_time());
    CHECK(f.conversation.unread_count() == 1);  // from before
    CHECK(f.Nothing(f.A().Muted(true)));
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + kSecond)});
    CHECK(f.Counters().unread_count == 1);
    CHECK(f.Counters().inbound_count == 2);
    CHECK_FALSE(f.Row().waiting_since);
    CHECK(f.Row().preview == "text of m2");
    CHECK(f.Row().can_reply_until == kNoon + kSecond + kDay);
    REQUIRE(f.Do(f.A().Muted(false)) == "");
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m3").At(kNoon + 2 * kSecond)});
    CHECK(f.Counters().unread_count == 2);
    CHECK(f.Row().waiting_since == kNoon + 2 * kSecond);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Muted: no message ends a snooze", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Snooze(kNoon + kDay)) == "");
    REQUIRE(f.Do(f.A().Muted(true)) == "");
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2")});
    CHECK(f.Row().status == v1::CONVERSATION_STATUS_SNOOZED);
    CHECK(f.inbox.snoozes.size() == 1);
    CHECK_FALSE(f.LastEvent().message_created().conversation_reopened());
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Muted: a closed one takes messages within the window", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Muted(true)) == "");
    REQUIRE(f.Do(f.A().Status(v1::CONVERSATION_STATUS_CLOSED)) == "");
    SECTION("within it") {
        f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + 7 * kDay)});
        CHECK(f.Latest() == f.key.conversation);
        CHECK(f.Row().status == v1::CONVERSATION_STATUS_CLOSED);
        CHECK(f.Counters().last_seq == 2);
    }
    SECTION("beyond it a new one begins, which is not muted") {
        f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + 7 * kDay + 1)});
        REQUIRE(f.Latest() != f.key.conversation);
        CHECK_FALSE(f.inbox.conversation(f.Latest()).muted);
        CHECK(f.inbox.conversation(f.Latest()).waiting_since.has_value());
    }
    SECTION("where nothing reopens, what was under way is still taken") {
        f.ChannelRow().reopen_window_ms = 0;
        f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon)});
        CHECK(f.Latest() == f.key.conversation);
    }
    CHECK(WhatIsWrong(f.inbox) == "");
}

}  // namespace unibox::test
