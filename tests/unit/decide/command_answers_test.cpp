// What commands are answered: repetitions, versions, what is not there, what is invalid.
#include "command_fixture.hpp"
#include "decide/plan.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

std::string ReasonOf(const domain::Effects& effects, std::size_t index) {
    return effects.answers.at(index).kept.reason();
}

}  // namespace

TEST_CASE("Answers: a known key gets the first answer and does nothing", "[unit][decide]") {
    CommandFixture f;
    const CommandBuilder command = f.A().Text("hello").Key("k1");
    REQUIRE(f.Do(command) == "");
    const std::string first = f.answer.response;
    CHECK_FALSE(f.answer.is_repetition);
    REQUIRE(f.Do(f.A().Labels({"since then"})) == "");
    CHECK(f.Nothing(command));
    CHECK(f.answer.is_repetition);
    CHECK(f.answer.response == first);
    CHECK(f.Nothing(f.A().Text("hello").Key("k1")));  // another id of the call, same request
    CHECK(f.answer.response == first);
    CHECK(f.Refused(f.A().Text("hello").Key("k1", "other")) == "REQUEST_ID_REUSED");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kInvalidArgument));
    CHECK(f.answer.kept.field() == "request_id");
    CHECK_FALSE(f.answer.is_repetition);
    // Another scope, another tenant: another key.
    CommandBuilder other = f.A().Text("hello").Key("k1");
    other.command.mutable_header()->mutable_request_key()->set_scope("agent:1");
    CHECK(f.Do(other) == "");
    CHECK_FALSE(f.answer.is_repetition);
    CHECK(f.inbox.request_keys.size() == 2);
}

TEST_CASE("Answers: refusals are kept too, and what changed nothing", "[unit][decide]") {
    CommandFixture f;
    const CommandBuilder mismatch = f.A().Note("x").IfVersion(9).Key("version");
    CHECK(f.Do(mismatch) == "VERSION_MISMATCH");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kAborted));
    CHECK(f.answer.kept.version() == 1);
    const std::string first = f.answer.kept.SerializeAsString();
    const CommandBuilder missing = f.A().Edit(9, "x").Key("missing");
    CHECK(f.Do(missing) == "MESSAGE_NOT_FOUND");
    const CommandBuilder nothing = f.A().Labels({}, {"none"}).Key("nothing");
    CHECK(f.Do(nothing) == "");
    CHECK(f.inbox.request_keys.size() == 3);
    CHECK(f.inbox.audit.empty());

    for (int i = 0; i < 10; ++i) REQUIRE(f.Do(f.A().Note("more")) == "");
    CHECK(f.Refused(mismatch) == "VERSION_MISMATCH");
    CHECK(f.answer.is_repetition);
    CHECK(f.answer.kept.SerializeAsString() == first);
    CHECK(f.Refused(missing) == "MESSAGE_NOT_FOUND");  // though there is one by now
    CHECK(f.Nothing(nothing));
    CHECK(f.conversation.version() == 1);
}

TEST_CASE("Answers: a key twice in one batch is done once", "[unit][decide]") {
    CommandFixture f;
    const CommandBuilder command = f.A().Text("once").Key("k");
    const auto effects = f.inbox.CommitAll(
        {{kCommandShard, command},
         {kCommandShard, command},
         {kCommandShard, f.A().Text("other").Key("k", "other")}}
    );
    REQUIRE(effects.answers.size() == 3);
    CHECK(effects.answers[0].response == effects.answers[1].response);
    CHECK_FALSE(effects.answers[0].is_repetition);
    CHECK(effects.answers[1].is_repetition);
    CHECK(ReasonOf(effects, 2) == "REQUEST_ID_REUSED");
    CHECK(effects.request_keys.size() == 1);
    CHECK(f.Counters().last_seq == 2);
}

TEST_CASE("Answers: without a key a call is done as often as it comes", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Text("again")) == "");
    REQUIRE(f.Do(f.A().Text("again")) == "");
    CHECK(f.Counters().last_seq == 3);
    CHECK(f.inbox.request_keys.empty());
}

TEST_CASE("Answers: the version that was given must be the current one", "[unit][decide]") {
    CommandFixture f;
    CHECK(f.Do(f.A().Note("x").IfVersion(1)) == "");
    CHECK(f.Refused(f.A().Note("x").IfVersion(1)) == "VERSION_MISMATCH");
    CHECK(f.answer.kept.version() == 2);
    CHECK(f.answer.kept.message().find("version 2, not 1") != std::string::npos);
    CHECK(f.Refused(f.A().Note("x").IfVersion(3)) == "VERSION_MISMATCH");
    // Within a batch each sees what the ones before have made.
    const auto effects = f.inbox.CommitAll(
        {{kCommandShard, f.A().Note("a").IfVersion(2)},
         {kCommandShard, f.A().Note("b").IfVersion(2)},
         {kCommandShard, f.A().Note("c").IfVersion(3)}}
    );
    CHECK(ReasonOf(effects, 0) == "");
    CHECK(ReasonOf(effects, 1) == "VERSION_MISMATCH");
    CHECK(ReasonOf(effects, 2) == "");
}

TEST_CASE("Answers: what is not there, and what is another tenant's", "[unit][decide]") {
    CommandFixture f;
    const Channel theirs{8, 1, v1::PROVIDER_WHATSAPP};
    f.inbox.Commit({ChannelEvent::Message(theirs, "m1")});
    const domain::ConversationKey nobodys{f.key.tenant, ConversationId{IdOfNumber(5)}};
    const domain::ConversationKey stolen{
        f.key.tenant, f.inbox.Latest(8, theirs.channel_id(), "ada")};
    for (const auto& key : {nobodys, stolen}) {
        CHECK(f.Refused(CommandBuilder(key).Text("hello")) == "CONVERSATION_NOT_FOUND");
        CHECK(f.answer.kept.code() == static_cast<int>(Code::kNotFound));
        CHECK(f.answer.kept.field() == "conversation_id");
        CHECK(f.Refused(CommandBuilder(key).Read().IfVersion(3)) == "CONVERSATION_NOT_FOUND");
    }
}

TEST_CASE("Answers: what is invalid is refused, and not kept", "[unit][decide]") {
    CommandFixture f;
    const auto effects = f.inbox.CommitAll(
        {{kCommandShard, f.A().Note("").Key("k")},
         {kCommandShard, writer::v1::Command()},
         {kCommandShard, f.A().Note("good").Key("k")}}
    );
    REQUIRE(effects.answers.size() == 3);
    CHECK(effects.answers[0].kept.code() == static_cast<int>(Code::kInvalidArgument));
    CHECK(effects.answers[0].kept.field() == "text");
    CHECK(effects.answers[1].kept.field() == "header.command_id");
    CHECK(effects.answers[2].kept.code() == 0);
    CHECK(effects.ignored_count == 0);
    CHECK(effects.request_keys.size() == 1);
}

TEST_CASE("Answers: commands and events of one batch see each other", "[unit][decide]") {
    CommandFixture f;
    const event::v1::InboundEvent message = ChannelEvent::Message(f.channel, "m2");
    const auto effects = f.inbox.CommitAll(
        {{kCommandShard, f.A().Status(v1::CONVERSATION_STATUS_CLOSED)},
         {ShardOf(message), message},
         {kCommandShard, f.A().Text("welcome back").IfVersion(3)}}
    );
    REQUIRE(effects.answers.size() == 2);
    CHECK(effects.answers[0].input == 0);
    CHECK(effects.answers[1].input == 2);
    CHECK(effects.answers[1].kept.code() == 0);
    CHECK(f.Row().status == v1::CONVERSATION_STATUS_OPEN);
    REQUIRE(effects.outbox.size() == 3);  // a feed of each shard, and the job
    CHECK(effects.outbox[2].target == domain::OutboxTarget::kChat);
    CHECK(effects.outbox[2].batch.feed_epoch().empty());
    // Of each shard in order; across shards the versions tell it.
    std::vector<std::int64_t> versions;
    for (const auto* event : f.inbox.FeedOf(f.key.conversation)) {
        versions.push_back(event->version());
    }
    CHECK(versions == std::vector<std::int64_t>{1, 2, 4, 3});
}

TEST_CASE("Plan: what commands are about is read, each once", "[unit][decide]") {
    CommandFixture f;
    const std::vector<domain::BatchItem> batch = {
        {kCommandShard, f.A().Edit(1, "x").Key("k")},
        {kCommandShard, f.A().Text("x").ReplyTo(1).Key("k")},
        {kCommandShard, f.A().Delete(2)},
        {kCommandShard, f.A().Assign(1, 2)},
        {kCommandShard, f.A().Assign(0, 0)},
        {kCommandShard, CommandBuilder({f.key.tenant, ConversationId{IdOfNumber(5)}}).Note("")}};
    const domain::BatchPlan plan = decide::Plan(batch);
    CHECK(plan.conversations == std::set<domain::ConversationKey>{f.key});
    REQUIRE(plan.messages.size() == 2);
    CHECK(plan.messages[0] == domain::MessageRef{f.key, 1});
    CHECK(plan.messages[1] == domain::MessageRef{f.key, 2});
    CHECK(plan.agents.size() == 1);
    CHECK(plan.teams.size() == 1);
    CHECK(plan.request_keys.size() == 1);
    CHECK(plan.threads.empty());
    const std::vector<domain::BatchItem> by_member = {{kCommandShard, f.A().Read().Member(3)}};
    CHECK(
        decide::Plan(by_member).agents ==
        std::set<std::pair<TenantId, AgentId>>{{f.key.tenant, AgentId{IdOfNumber(3)}}}
    );
}

TEST_CASE("Limits: commands too leave to the next transaction what is too much", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Text("one")) == "");
    std::vector<domain::BatchItem> batch = {
        {kCommandShard, f.A().Text("two").ReplyTo(1)}, {kCommandShard, f.A().Edit(2, "new one")}};
    auto state = f.inbox.Read(decide::Plan(batch));
    for (auto& [key, row] : state.messages) row.has_contents = false;
    const auto unread = decide::Decide(batch, state);
    CHECK(unread.input_count == 1);
    CHECK(unread.answers.size() == 1);

    batch.assign(20, {kCommandShard, f.A().Note(std::string(60'000, 'x'))});
    const decide::DecideLimits limits{.effects_bytes_max = 1'000'000};
    const auto effects = decide::Decide(batch, f.inbox.Read(decide::Plan(batch)), limits);
    CHECK(effects.input_count < 10);
    CHECK(effects.answers.size() == effects.input_count);
}

}  // namespace unibox::test
