// Two robots that answer each other: what a conversation may have a minute.
#include "command_fixture.hpp"
#include "decide/loop_guard.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr std::int64_t kMinute = 60 * kSecond;

int SuspectedCount(const MemoryInbox& inbox) {
    int count = 0;
    for (const Published& published : inbox.outbox) {
        count += published.event.control_received().type() == "loop_suspected" ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("Rate: commands are refused, webhooks are marked and told once", "[unit][decide]") {
    CommandFixture f;
    f.inbox.limits.message_count_per_minute_max = 4;  // m1 is the first
    REQUIRE(f.Do(f.A().Text("2")) == "");
    REQUIRE(f.Do(f.A().Note("notes do not count")) == "");
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1")});
    REQUIRE(f.Do(f.A().Text("4")) == "");
    CHECK_FALSE(f.message.over_rate());
    CHECK(f.Refused(f.A().Text("5")) == "CONVERSATION_RATE");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kResourceExhausted));
    CHECK(f.Do(f.A().Note("notes are ours")) == "");
    CHECK(SuspectedCount(f.inbox) == 0);

    const auto effects = f.inbox.Commit(
        {ChannelEvent::Message(f.channel, "m2"),
         ChannelEvent::Echo(f.channel, "e2"),
         ChannelEvent::Message(f.channel, "m3")}
    );
    CHECK(effects.over_rate_count == 3);
    CHECK(effects.message_count == 3);
    CHECK(f.inbox.MessageByProviderId("m3").over_rate);
    CHECK(SuspectedCount(f.inbox) == 1);
    CHECK(f.Refused(f.A().Text("6")) == "CONVERSATION_RATE");
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Rate: a suspicion names the conversation and the limit", "[unit][decide]") {
    CommandFixture f;
    f.inbox.limits.message_count_per_minute_max = 1;
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2")});
    const event::v1::FeedEvent& event = f.LastEvent();
    const auto& body = event.control_received();
    CHECK(event.version() == 0);
    CHECK(event.conversation_id().empty());
    CHECK_FALSE(event.has_actor());
    CHECK(body.type() == "loop_suspected");
    CHECK(body.channel_id() == f.channel.channel_id().ToString());
    CHECK(body.thread_key() == "ada");
    CHECK(body.contact_name() == "Ada");
    CHECK(body.attributes().at("conversation_id") == f.key.conversation.ToString());
    CHECK(body.attributes().at("message_count_per_minute_max") == "1");
}

TEST_CASE("Rate: the next minute begins anew", "[unit][decide]") {
    CommandFixture f;
    f.inbox.limits.message_count_per_minute_max = 1;
    CHECK(f.Refused(f.A().Text("x").Key("k")) == "CONVERSATION_RATE");  // and not kept
    f.inbox.now_ms += kMinute;
    CHECK(f.Do(f.A().Text("x").Key("k")) == "");
    CHECK_FALSE(f.answer.is_repetition);
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(f.inbox.now_ms)});
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m3").At(f.inbox.now_ms + kMinute)});
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m4").At(f.inbox.now_ms + kMinute)});
    CHECK(SuspectedCount(f.inbox) == 2);
}

TEST_CASE("Rate: what a log has kept for hours is no loop", "[unit][decide]") {
    domain::CounterRow counters;
    CHECK_FALSE(decide::CountInMinute(kNoon, 2, &counters).over);
    for (int i = 0; i < 10; ++i) {
        CHECK_FALSE(decide::CountInMinute(kNoon - kMinute, 2, &counters).over);
    }
    CHECK(counters.rate_count == 1);
    CHECK_FALSE(decide::IsMinuteFull(kNoon, 2, counters));
    CHECK_FALSE(decide::CountInMinute(kNoon, 2, &counters).over);
    CHECK(decide::IsMinuteFull(kNoon, 2, counters));
    CHECK_FALSE(decide::IsMinuteFull(kNoon + kMinute, 2, counters));
    const auto third = decide::CountInMinute(kNoon, 2, &counters);
    CHECK(third.over);
    CHECK(third.first_over);
    const auto fourth = decide::CountInMinute(kNoon, 2, &counters);
    CHECK(fourth.over);
    CHECK_FALSE(fourth.first_over);
}

}  // namespace unibox::test
