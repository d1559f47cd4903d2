// Where a conversation stands: every transition, snoozes and what ends them.
#include "command_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr auto kOpen = v1::CONVERSATION_STATUS_OPEN;
constexpr auto kPending = v1::CONVERSATION_STATUS_PENDING;
constexpr auto kSnoozed = v1::CONVERSATION_STATUS_SNOOZED;
constexpr auto kClosed = v1::CONVERSATION_STATUS_CLOSED;
constexpr v1::ConversationStatus kAll[] = {kOpen, kPending, kSnoozed, kClosed};

std::vector<std::string> FieldsOf(const event::v1::FeedEvent& event) {
    const auto& fields = event.conversation_updated().changed_fields();
    return {fields.begin(), fields.end()};
}

}  // namespace

TEST_CASE("Status: every transition", "[unit][decide]") {
    for (const auto from : kAll) {
        for (const auto to : kAll) {
            CAPTURE(from, to);
            CommandFixture f;
            REQUIRE(f.Do(f.A().Status(from)) == "");
            const std::int64_t version = f.Counters().version;
            const bool legal = from == to || from != kClosed || to == kOpen;
            CHECK(f.Do(f.A().Status(to)) == (legal ? "" : "ILLEGAL_TRANSITION"));
            CHECK(f.Row().status == (legal ? to : from));
            CHECK(f.Counters().version == version + (legal && from != to ? 1 : 0));
            CHECK((f.Counters().closed_at != domain::kInfinity) == (f.Row().status == kClosed));
            if (!legal) {
                CHECK(f.answer.kept.code() == static_cast<int>(Code::kFailedPrecondition));
                for (const auto named : {from, to}) {
                    const std::string& message = f.answer.kept.message();
                    CHECK(message.find(v1::ConversationStatus_Name(named)) != std::string::npos);
                }
            }
            CHECK(WhatIsWrong(f.inbox) == "");
        }
    }
}

TEST_CASE("Status: closing is at the database's time, and ends waiting", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Row().waiting_since == kNoon);
    f.inbox.now_ms = kNoon + kSecond;
    REQUIRE(f.Do(f.A().Status(kClosed).At(kNoon + kDay).By(AnAgent(1))) == "");
    CHECK(f.Counters().closed_at == kNoon + kSecond);
    CHECK_FALSE(f.Row().waiting_since);
    CHECK(f.conversation.close_time().seconds() == (kNoon + kSecond) / 1000);
    CHECK(
        FieldsOf(f.LastEvent()) ==
        std::vector<std::string>{"close_time", "status", "waiting_since_time"}
    );
    CHECK(f.LastEvent().actor().id() == AnAgent(1).id());
    REQUIRE(f.inbox.audit.size() == 1);
    const auto& audit = f.inbox.audit[0];
    CHECK(audit.action == "set_status");
    CHECK(audit.at == kNoon + kSecond);
    CHECK(audit.conversation == f.key.conversation);
    CHECK(audit.actor.name() == "agent 1");
    REQUIRE(audit.changes.changes_size() == 3);
    CHECK(audit.changes.changes(0).field() == "close_time");
    CHECK(audit.changes.changes(0).old_value() == "");
    CHECK(audit.changes.changes(0).new_value() == "2026-07-30T12:00:01Z");
    CHECK(audit.changes.changes(1).old_value() == "CONVERSATION_STATUS_OPEN");
    CHECK(audit.changes.changes(1).new_value() == "CONVERSATION_STATUS_CLOSED");
}

TEST_CASE("Status: a note goes before, with a version of its own", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Status(kClosed, "refunded")) == "");
    CHECK(f.message.kind() == v1::MESSAGE_KIND_NOTE);
    CHECK(f.message.text() == "refunded");
    CHECK(f.message.seq() == 2);
    CHECK(f.message.version() == 2);
    CHECK(f.conversation.version() == 3);
    CHECK(f.conversation.status() == kClosed);
    const auto feed = f.inbox.FeedOf(f.key.conversation);
    REQUIRE(feed.size() == 3);
    CHECK(feed[1]->message_created().conversation().status() == kOpen);
    CHECK(feed[2]->conversation_updated().conversation().status() == kClosed);
    REQUIRE(f.inbox.audit.size() == 1);
    std::vector<std::string> fields;
    for (const auto& change : f.inbox.audit[0].changes.changes()) fields.push_back(change.field());
    CHECK(
        fields == std::vector<std::string>{"close_time", "message", "status", "waiting_since_time"}
    );
    CHECK(f.Do(f.A().Status(kPending, "not written")) == "ILLEGAL_TRANSITION");
    CHECK(f.Counters().last_seq == 2);
    CHECK(f.Do(f.A().Status(kClosed, "closed already, and noted all the same")) == "");
    CHECK(f.Counters().last_seq == 3);
    CHECK(f.Counters().version == 4);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Status: a snooze lies in the table of snoozes while it lasts", "[unit][decide]") {
    CommandFixture f;
    const std::int64_t later = kNoon + 60 * kSecond;
    REQUIRE(f.Do(f.A().Snooze(later)) == "");
    CHECK(f.conversation.snooze_time().seconds() == later / 1000);
    CHECK(f.inbox.snoozes.contains({f.key, later}));
    CHECK(f.Nothing(f.A().Snooze(later)));
    SECTION("another time") {
        CHECK(f.Do(f.A().Snooze(later + 1)) == "");
        CHECK(f.inbox.snoozes.size() == 1);
        CHECK(f.inbox.snoozes.contains({f.key, later + 1}));
    }
    SECTION("no time: until the customer writes") {
        CHECK(f.Do(f.A().Snooze(0)) == "");
        CHECK(f.Row().status == kSnoozed);
        CHECK(f.inbox.snoozes.empty());
    }
    SECTION("opened") {
        CHECK(f.Do(f.A().Status(kOpen)) == "");
        CHECK(f.inbox.snoozes.empty());
    }
    SECTION("closed") {
        CHECK(f.Do(f.A().Status(kClosed)) == "");
        CHECK(f.inbox.snoozes.empty());
    }
    SECTION("the customer writes") {
        f.inbox.Commit({ChannelEvent::Message(f.channel, "m2")});
        CHECK(f.Row().status == kOpen);
        CHECK_FALSE(f.Row().snooze_time);
        CHECK(f.LastEvent().message_created().conversation_reopened());
        CHECK(f.inbox.snoozes.empty());
    }
    SECTION("begun and ended in one batch") {
        const auto effects = f.inbox.CommitAll(
            {{kCommandShard, f.A().Snooze(later + 1)}, {kCommandShard, f.A().Status(kOpen)}}
        );
        REQUIRE(effects.snoozes.size() == 1);
        CHECK(effects.snoozes[0].snooze_time == later);
        CHECK_FALSE(effects.snoozes[0].added);
    }
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Status: nothing sleeps until what has passed", "[unit][decide]") {
    CommandFixture f;
    for (const std::int64_t time : {kNoon - kSecond, kNoon}) {
        CHECK(f.Refused(f.A().Snooze(time)) == "VALUE_INVALID");
        CHECK(f.answer.kept.code() == static_cast<int>(Code::kInvalidArgument));
        CHECK(f.answer.kept.field() == "snooze_time_ms");
    }
    CHECK(f.Do(f.A().Snooze(kNoon + 1)) == "");
}

TEST_CASE("WakeUp: only what sleeps until then, and only when it has come", "[unit][decide]") {
    CommandFixture f;
    const std::int64_t later = kNoon + 60 * kSecond;
    REQUIRE(f.Do(f.A().Snooze(later)) == "");
    CHECK(f.Nothing(f.A().WakeUp(later)));  // not yet
    CHECK(f.inbox.snoozes.size() == 1);
    f.inbox.now_ms = later;
    SECTION("it has come") {
        CHECK(f.Do(f.A().WakeUp(later)) == "");
        CHECK(f.Row().status == kOpen);
        CHECK(f.LastEvent().actor().kind() == v1::ACTOR_KIND_SYSTEM);
        CHECK(FieldsOf(f.LastEvent()) == std::vector<std::string>{"snooze_time", "status"});
        CHECK(f.inbox.snoozes.empty());
        CHECK(f.inbox.audit.size() == 2);
        CHECK(f.Nothing(f.A().WakeUp(later)));
    }
    SECTION("a row that says what is not so any more goes") {
        f.inbox.snoozes.insert({f.key, later - 1});
        CHECK(f.Do(f.A().WakeUp(later - 1)) == "");
        CHECK(f.Row().status == kSnoozed);
        CHECK(f.inbox.snoozes.size() == 1);
        CHECK(f.inbox.audit.size() == 1);
    }
    SECTION("so does one of a conversation that is gone") {
        const domain::ConversationKey gone{f.key.tenant, ConversationId{IdOfNumber(5)}};
        f.inbox.snoozes.insert({gone, later});
        CHECK(f.Do(CommandBuilder(gone).WakeUp(later)) == "CONVERSATION_NOT_FOUND");
        CHECK(f.inbox.snoozes.size() == 1);
    }
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Status: what a later conversation goes on with is not opened", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Status(kClosed)) == "");
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + 9 * kDay)});
    REQUIRE(f.Latest() != f.key.conversation);
    CHECK(f.Refused(f.A().Status(kOpen)) == "CONVERSATION_SUPERSEDED");
    CHECK(f.answer.kept.message().find(f.Latest().ToString()) != std::string::npos);
    CHECK(f.Do(f.A().Note("a note is taken")) == "");
    CHECK(f.Do(f.A().Labels({"old"})) == "");
    CHECK(WhatIsWrong(f.inbox) == "");
}

}  // namespace unibox::test
