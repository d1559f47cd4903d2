// Messages of agents and programs: those that go to the customer, and those that stay inside.
#include "command_fixture.hpp"
#include "domain/delivery_state.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

constexpr auto kClosed = v1::CONVERSATION_STATUS_CLOSED;
constexpr std::int64_t kMinute = 60 * kSecond;

}  // namespace

TEST_CASE("Append: a message to the customer is stored, told and queued", "[unit][decide]") {
    CommandFixture f;
    f.inbox.now_ms = kNoon + 5 * kMinute;
    CommandBuilder command = f.A().Text("on its way").By(AnAgent(1));
    command.command.mutable_append()->set_client_ref("ref-1");
    auto* attachment = command.command.mutable_append()->add_attachments();
    attachment->set_type(v1::ATTACHMENT_TYPE_IMAGE);
    attachment->set_url("https://example.com/parcel.jpg");
    REQUIRE(f.Do(command) == "");
    CHECK(f.message.seq() == 2);
    CHECK(f.message.direction() == v1::DIRECTION_OUTBOUND);
    CHECK(f.message.delivery_state() == v1::DELIVERY_STATE_QUEUED);
    CHECK(f.message.author().id() == AnAgent(1).id());
    CHECK(f.message.create_time().seconds() == f.inbox.now_ms / 1000);
    CHECK_FALSE(f.conversation.has_waiting_since_time());
    CHECK(f.conversation.preview() == "on its way");
    CHECK(f.conversation.last_agent_time().seconds() == f.inbox.now_ms / 1000);
    CHECK(f.conversation.unread_count() == 1);  // nobody said that it was read
    CHECK(f.inbox.messages.rbegin()->second.client_ref == "ref-1");

    CHECK(f.LastEvent().has_message_created());
    CHECK(f.LastEvent().actor().name() == "agent 1");
    CHECK(f.LastEvent().traceparent() == command.command.header().traceparent());

    REQUIRE(f.inbox.jobs.size() == 1);
    const QueuedJob& queued = f.inbox.jobs[0];
    CHECK(queued.target == domain::OutboxTarget::kChat);
    CHECK(queued.shard == kCommandShard);
    CHECK(queued.entry.subject() == "ub.out.chat.7");
    CHECK(queued.entry.event_id() == queued.job.job_id());
    CHECK(queued.entry.ordering_key() == f.conversation.id());
    CHECK(queued.job.job_id().size() == 16);
    CHECK(Uuid::FromBytes(queued.job.message_id())->ToString() == f.message.id());
    CHECK(queued.job.seq() == 2);
    CHECK(queued.job.create_time_ms() == f.inbox.now_ms);
    CHECK(queued.job.provider() == v1::PROVIDER_WHATSAPP);
    CHECK(queued.job.thread_key() == "ada");
    CHECK(queued.job.text() == "on its way");
    CHECK(queued.job.attachments(0).url() == "https://example.com/parcel.jpg");
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Append: ids derive from the command", "[unit][decide]") {
    CommandFixture once, again;
    const CommandBuilder command = once.A().Text("hello");
    REQUIRE(once.Do(command) == "");
    again.inbox.now_ms += kDay;
    REQUIRE(again.Do(command) == "");
    CHECK(once.message.id() == again.message.id());
    CHECK(once.inbox.jobs[0].job.job_id() == again.inbox.jobs[0].job.job_id());
    REQUIRE(once.Do(once.A().Text("hello")) == "");
    CHECK(once.message.id() != again.message.id());
}

TEST_CASE("Append: each provider's jobs go to its own stream", "[unit][decide]") {
    const auto subject_of = [](v1::Provider provider) {
        CommandFixture f(Channel{7, 1, provider});
        REQUIRE(f.Do(f.A().Text("hello")) == "");
        return f.inbox.jobs.at(0).entry.subject();
    };
    CHECK(subject_of(v1::PROVIDER_TELEGRAM) == "ub.out.chat.7");
    CHECK(subject_of(v1::PROVIDER_TWILIO) == "ub.out.sms.7");
    CHECK(subject_of(v1::PROVIDER_STANDARD) == "ub.out.webhook.7");
}

TEST_CASE("Append: what stays inside disturbs nothing", "[unit][decide]") {
    CommandFixture f;
    const v1::MessageKind kind = GENERATE(v1::MESSAGE_KIND_NOTE, v1::MESSAGE_KIND_ACTIVITY);
    f.inbox.now_ms = kNoon + kMinute;
    REQUIRE(f.Do(f.A().Append(kind, "she called")) == "");
    CHECK(f.message.direction() == v1::DIRECTION_INTERNAL);
    CHECK(f.message.delivery_state() == v1::DELIVERY_STATE_UNSPECIFIED);
    CHECK(f.message.author().kind() == v1::ACTOR_KIND_API_KEY);
    CHECK(f.conversation.preview() == "text of m1");
    CHECK(f.conversation.preview_direction() == v1::DIRECTION_INBOUND);
    CHECK(f.conversation.unread_count() == 1);
    CHECK(f.conversation.has_waiting_since_time());
    CHECK_FALSE(f.conversation.has_last_agent_time());
    CHECK(f.conversation.message_count() == 2);
    const bool moves = kind == v1::MESSAGE_KIND_NOTE;
    CHECK(f.Row().last_activity_at == (moves ? kNoon + kMinute : kNoon));
    CHECK(f.inbox.jobs.empty());
    // The preview is still that of the message before.
    f.inbox.Commit({ChannelEvent::Edit(f.channel, "m1", 1).Text("better")});
    CHECK(f.Row().preview == "better");
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Append: rows from before there were notes show their last message", "[unit][decide]") {
    CommandFixture f;
    f.inbox.conversations.at(f.key).preview_seq = 0;
    f.inbox.Commit({ChannelEvent::Edit(f.channel, "m1", 1).Text("better")});
    CHECK(f.Row().preview == "better");
    REQUIRE(f.Do(f.A().Note("a note")) == "");
    CHECK(f.Row().preview_seq == 1);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Append: the provider's window for free text", "[unit][decide]") {
    CommandFixture f;
    f.ChannelRow().reply_window_ms = kDay;
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + kMinute)});
    CHECK(f.Row().can_reply_until == kNoon + kMinute + kDay);
    f.inbox.now_ms = kNoon + kMinute + kDay;
    CHECK(f.Do(f.A().Text("just in time")) == "");
    f.inbox.now_ms += 1;
    CHECK(f.Refused(f.A().Text("too late")) == "REPLY_WINDOW_CLOSED");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kFailedPrecondition));
    CHECK(f.Do(f.A().Note("notes are ours")) == "");
    SECTION("a template goes at any time") {
        CHECK(f.Do(f.A().Template("shipped")) == "");
        CHECK(f.message.template_().name() == "shipped");
        CHECK(f.conversation.preview() == "[template] shipped");
        CHECK(f.inbox.jobs.back().job.template_().name() == "shipped");
    }
    SECTION("the channel wants it tried") {
        f.ChannelRow().replies_after_window = true;
        CHECK(f.Do(f.A().Text("all the same")) == "");
    }
    SECTION("an older message does not take the window back") {
        f.inbox.Commit({ChannelEvent::Message(f.channel, "m3").At(kNoon)});
        CHECK(f.Row().can_reply_until == kNoon + kMinute + kDay);
    }
    SECTION("the customer writes") {
        f.inbox.Commit({ChannelEvent::Message(f.channel, "m3").At(f.inbox.now_ms)});
        CHECK(f.Do(f.A().Text("good that you write")) == "");
    }
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Append: without a customer's message the window is closed", "[unit][decide]") {
    CommandFixture f;
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1").Thread("bob")});
    f.key.conversation = f.inbox.Latest(f.channel.tenant, f.channel.channel_id(), "bob");
    CHECK(f.Do(f.A().Text("no window")) == "");
    f.ChannelRow().reply_window_ms = kDay;
    CHECK(f.Refused(f.A().Text("closed")) == "REPLY_WINDOW_CLOSED");
    f.inbox.conversations.at(f.key).last_customer_at = kNoon;  // from before it was computed
    CHECK(f.Do(f.A().Text("open")) == "");
}

TEST_CASE("Append: templates only where the provider has them", "[unit][decide]") {
    CommandFixture f(Channel{7, 1, v1::PROVIDER_TELEGRAM});
    CHECK(f.Refused(f.A().Template("shipped")) == "TEMPLATES_UNSUPPORTED");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kInvalidArgument));
    CHECK(f.answer.kept.field() == "kind");
}

TEST_CASE("Append: nothing is sent by a channel that is disabled or gone", "[unit][decide]") {
    CommandFixture f;
    SECTION("disabled") {
        f.ChannelRow().disabled = true;
    }
    SECTION("gone") {
        f.inbox.channels.clear();
    }
    CHECK(f.Refused(f.A().Text("hello")) == "CHANNEL_DISABLED");
    CHECK(f.Do(f.A().Note("still ours")) == "");
}

TEST_CASE("Append: a closed conversation takes messages and stays closed", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Status(kClosed)) == "");
    CHECK(f.Do(f.A().Text("one more thing")) == "");
    CHECK(f.conversation.status() == kClosed);
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + 9 * kDay)});
    CHECK(f.Refused(f.A().Text("too late")) == "CONVERSATION_SUPERSEDED");
    CHECK(f.answer.kept.message().find(f.Latest().ToString()) != std::string::npos);
    CHECK(f.Refused(f.A().Template("too late")) == "CONVERSATION_SUPERSEDED");
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Append: what it answers must be there, and known to the provider", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Text("that one").ReplyTo(1)) == "");
    CHECK(f.message.reply_to_provider_id() == "m1");
    CHECK(f.inbox.jobs.at(0).job.reply_to_provider_id() == "m1");
    CHECK(f.Refused(f.A().Text("none").ReplyTo(9)) == "MESSAGE_NOT_FOUND");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kNotFound));
    CHECK(f.answer.kept.field() == "reply_to_seq");
    CHECK(f.Refused(f.A().Text("not sent yet").ReplyTo(2)) == "REPLY_TARGET_UNKNOWN");
    CHECK(f.Do(f.A().Note("inside, anything").ReplyTo(2)) == "");
    // Also one of the same batch.
    const auto effects = f.inbox.CommitAll(
        {{kCommandShard, f.A().Note("first")}, {kCommandShard, f.A().Note("second").ReplyTo(4)}}
    );
    CHECK(effects.answers.at(1).kept.code() == 0);
}

TEST_CASE("Append: a gateway's wrong clock moves a message by a minute at most", "[unit][decide]") {
    CommandFixture f;
    f.inbox.now_ms = kNoon + kDay;
    const auto created_at = [&](std::int64_t received_at) {
        REQUIRE(f.Do(f.A().Text("x").At(received_at)) == "");
        return f.inbox.messages.rbegin()->first.second.created_at - f.inbox.now_ms;
    };
    CHECK(created_at(f.inbox.now_ms - 10) == -10);
    CHECK(created_at(f.inbox.now_ms - 9 * kDay) == -kMinute);
    CHECK(created_at(f.inbox.now_ms + 10) == 10);
    CHECK(created_at(f.inbox.now_ms + 9 * kDay) == kSecond);
}

TEST_CASE("Append: no watermark that came before covers it", "[unit][decide]") {
    CommandFixture f(Channel{7, 1, v1::PROVIDER_MESSENGER});
    const auto read_until = [&](std::int64_t until_ms) {
        return ChannelEvent::Watermark(f.channel, v1::DELIVERY_STATE_READ, until_ms);
    };
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1"), read_until(kNoon + 90 * kSecond)});
    REQUIRE(f.Do(f.A().Text("new")) == "");
    CHECK(f.message.delivery_state() == v1::DELIVERY_STATE_QUEUED);
    const MessageKey key = f.inbox.messages.rbegin()->first;
    CHECK(key.second.created_at == kNoon + 90 * kSecond + 1);
    CHECK(f.inbox.AsShown(key).delivery_state == v1::DELIVERY_STATE_QUEUED);
    f.inbox.Commit({read_until(kNoon + 100 * kSecond)});
    CHECK(f.inbox.AsShown(key).delivery_state == v1::DELIVERY_STATE_READ);
    REQUIRE(f.Do(f.A().Note("inside")) == "");
    CHECK(f.inbox.messages.rbegin()->first.second.created_at == kNoon);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Append: an echo answers the customer too", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Row().waiting_since == kNoon);
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2").At(kNoon + kSecond)});
    CHECK(f.Row().waiting_since == kNoon);  // of the oldest
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1").At(kNoon + 2 * kSecond)});
    CHECK_FALSE(f.Row().waiting_since);
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m3").At(kNoon + 3 * kSecond)});
    CHECK(f.Row().waiting_since == kNoon + 3 * kSecond);
    CHECK(WhatIsWrong(f.inbox) == "");
}

}  // namespace unibox::test
