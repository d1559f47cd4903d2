// What commands change beside the status: labels, attributes, priority, reading, own messages, who
// has the conversation.
#include "command_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using Texts = std::vector<std::string>;

std::vector<std::string> Numbered(const std::string& word, int count) {
    std::vector<std::string> words;
    for (int i = 0; i < count; ++i) words.push_back(word + std::to_string(i));
    return words;
}

// "field: old -> new" of the last row of the audit.
Texts LastAudit(const MemoryInbox& inbox) {
    Texts lines;
    for (const auto& change : inbox.audit.back().changes.changes()) {
        lines.push_back(change.field() + ": " + change.old_value() + " -> " + change.new_value());
    }
    return lines;
}

Texts LastFields(const CommandFixture& f) {
    const auto& fields = f.LastEvent().conversation_updated().changed_fields();
    return {fields.begin(), fields.end()};
}

}  // namespace

TEST_CASE("Labels: sorted, each once, what is in both lists goes", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Labels({"vip", "billing", "vip"})) == "");
    CHECK(f.Row().labels == Texts{"billing", "vip"});
    CHECK(f.conversation.labels(0) == "billing");
    CHECK(LastFields(f) == Texts{"labels"});
    CHECK(LastAudit(f.inbox) == Texts{"labels:  -> billing", "labels:  -> vip"});
    CHECK(f.Nothing(f.A().Labels({"vip"}, {"never there"})));
    CHECK(f.Nothing(f.A().Labels({"new"}, {"new"})));
    REQUIRE(f.Do(f.A().Labels({"late"}, {"vip"})) == "");
    CHECK(f.Row().labels == Texts{"billing", "late"});
    CHECK(LastAudit(f.inbox) == Texts{"labels:  -> late", "labels: vip -> "});
    CHECK(f.Counters().version == 3);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Labels: fifty at most, after the change", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Labels(Numbered("a", 50))) == "");
    CHECK(f.Refused(f.A().Labels({"b"})) == "TOO_MANY_LABELS");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kFailedPrecondition));
    CHECK(f.Do(f.A().Labels({"b"}, {"a7"})) == "");
    CHECK(f.Row().labels.size() == 50);
}

TEST_CASE("Attributes: set, replaced, removed", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Attributes({{"order", "42"}, {"city", "Porto"}})) == "");
    CHECK(f.conversation.attributes().at("order") == "42");
    CHECK(LastFields(f) == Texts{"attributes"});
    CHECK(f.Nothing(f.A().Attributes({{"order", "42"}}, {"never there"})));
    REQUIRE(
        f.Do(f.A().Attributes({{"order", "43"}, {"new", "x"}, {"empty", ""}}, {"city", "new"})) ==
        ""
    );
    CHECK(f.Row().attributes == std::map<std::string, std::string>{{"empty", ""}, {"order", "43"}});
    CHECK(
        LastAudit(f.inbox) ==
        Texts{"attributes.city: Porto -> ", "attributes.empty:  -> ", "attributes.order: 42 -> 43"}
    );
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Attributes: sixty-four at most, after the change", "[unit][decide]") {
    CommandFixture f;
    std::map<std::string, std::string> many;
    for (const auto& key : Numbered("a", 64)) many[key] = "x";
    REQUIRE(f.Do(f.A().Attributes(many)) == "");
    CHECK(f.Refused(f.A().Attributes({{"b", "x"}})) == "TOO_MANY_ATTRIBUTES");
    CHECK(f.Do(f.A().Attributes({{"b", "x"}}, {"a7"})) == "");
}

TEST_CASE("Priority: one, another, none", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Priority(v1::PRIORITY_URGENT)) == "");
    CHECK(f.conversation.priority() == v1::PRIORITY_URGENT);
    CHECK(LastAudit(f.inbox) == Texts{"priority:  -> PRIORITY_URGENT"});
    CHECK(f.Nothing(f.A().Priority(v1::PRIORITY_URGENT)));
    REQUIRE(f.Do(f.A().Priority(v1::PRIORITY_UNSPECIFIED)) == "");
    CHECK(f.Row().priority == v1::PRIORITY_UNSPECIFIED);
}

TEST_CASE("Reading: nothing unread, and unread again", "[unit][decide]") {
    CommandFixture f;
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m2")});
    CHECK(f.Nothing(f.A().Unread()));  // two are
    REQUIRE(f.Do(f.A().Read()) == "");
    CHECK(f.conversation.unread_count() == 0);
    CHECK(f.conversation.has_waiting_since_time());  // seen, and not answered
    CHECK(LastAudit(f.inbox) == Texts{"unread_count: 2 -> 0"});
    CHECK(f.Nothing(f.A().Read()));
    REQUIRE(f.Do(f.A().Unread()) == "");
    CHECK(f.conversation.unread_count() == 1);
    f.inbox.Commit({ChannelEvent::Message(f.channel, "m3")});
    CHECK(f.Counters().unread_count == 2);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Reading: what the customer never wrote is not unread", "[unit][decide]") {
    CommandFixture f;
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1").Thread("bob")});
    f.key.conversation = f.inbox.Latest(f.channel.tenant, f.channel.channel_id(), "bob");
    CHECK(f.Nothing(f.A().Unread()));
}

TEST_CASE("Edit: own messages, whatever they are", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Text("helo")) == "");
    REQUIRE(f.Do(f.A().Note("a note")) == "");
    f.inbox.now_ms = kNoon + kSecond;
    REQUIRE(f.Do(f.A().Edit(2, "hello").By(AnAgent(1))) == "");
    CHECK(f.message.text() == "hello");
    CHECK(f.message.edit_time().seconds() == f.inbox.now_ms / 1000);
    CHECK(f.message.version() == 4);
    CHECK(f.conversation.preview() == "hello");  // though the note is the last
    CHECK(f.LastEvent().message_updated().message().text() == "hello");
    CHECK(f.LastEvent().actor().id() == AnAgent(1).id());
    CHECK(LastAudit(f.inbox) == Texts{"message: 2 -> 2"});
    REQUIRE(f.Do(f.A().Edit(3, "a better note")) == "");
    CHECK(f.conversation.preview() == "hello");
    REQUIRE(f.Do(f.A().Append(v1::MESSAGE_KIND_ACTIVITY, "opened the shop")) == "");
    CHECK(f.Do(f.A().Edit(4, "opened the page")) == "");
    CHECK(f.inbox.jobs.size() == 1);
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Edit: nothing that others wrote, nothing that is gone", "[unit][decide]") {
    CommandFixture f;
    f.inbox.Commit({ChannelEvent::Echo(f.channel, "e1")});
    REQUIRE(f.Do(f.A().Text("ours")) == "");
    for (const std::int64_t seq : {1, 2}) {
        CHECK(f.Refused(f.A().Edit(seq, "x")) == "NOT_OWN_MESSAGE");
        CHECK(f.Refused(f.A().Delete(seq)) == "NOT_OWN_MESSAGE");
        CHECK(f.answer.kept.code() == static_cast<int>(Code::kFailedPrecondition));
    }
    CHECK(f.Refused(f.A().Edit(4, "x")) == "MESSAGE_NOT_FOUND");
    CHECK(f.answer.kept.field() == "seq");
    CHECK(f.Refused(f.A().Delete(4)) == "MESSAGE_NOT_FOUND");
    REQUIRE(f.Do(f.A().Delete(3)) == "");
    CHECK(f.Refused(f.A().Edit(3, "x")) == "MESSAGE_DELETED");
    CHECK(f.Nothing(f.A().Delete(3)));
    CHECK(f.message.has_delete_time());
}

TEST_CASE("Delete: the contents are gone for good", "[unit][decide]") {
    CommandFixture f;
    REQUIRE(f.Do(f.A().Template("shipped")) == "");
    f.inbox.now_ms = kNoon + kSecond;
    REQUIRE(f.Do(f.A().Delete(2)) == "");
    CHECK(f.message.text().empty());
    CHECK_FALSE(f.message.has_template_());
    CHECK(f.message.author().kind() == v1::ACTOR_KIND_API_KEY);
    CHECK(f.message.delete_time().seconds() == f.inbox.now_ms / 1000);
    CHECK(f.conversation.preview() == "[deleted]");
    CHECK(LastAudit(f.inbox) == Texts{"message: 2 -> "});
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Edit: in one batch with what it is about, and with the provider's", "[unit][decide]") {
    CommandFixture f;
    const auto effects = f.inbox.CommitAll(
        {{kCommandShard, f.A().Text("one")},
         {kCommandShard, f.A().Edit(2, "two")},
         {kCommandShard, f.A().Edit(2, "three").IfVersion(3)},
         {kCommandShard, f.A().Delete(2).IfVersion(3)}}
    );
    std::vector<std::int32_t> codes;
    for (const auto& answer : effects.answers) codes.push_back(answer.kept.code());
    CHECK(codes == std::vector<std::int32_t>{0, 0, 0, static_cast<int>(Code::kAborted)});
    CHECK(f.inbox.messages.rbegin()->second.body == "three");
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Assign: to an agent, to a team, to nobody", "[unit][decide]") {
    CommandFixture f;
    f.Agent(1, v1::AGENT_ROLE_AGENT).channels = {f.channel.channel_id()};
    f.inbox.teams[{f.channel.tenant_id(), TeamId{IdOfNumber(8)}}] = false;
    CommandBuilder command = f.A().Assign(1, 8);
    command.command.mutable_assign()->set_reason("she knows him");
    REQUIRE(f.Do(command) == "");
    CHECK(f.conversation.assignee_id() == IdOfNumber(1).ToString());
    CHECK(f.conversation.team_id() == IdOfNumber(8).ToString());
    CHECK(f.LastEvent().conversation_updated().reason() == "she knows him");
    CHECK(LastFields(f) == Texts{"assignee_id", "team_id"});
    CHECK(f.Nothing(f.A().Assign(1, 8)));
    REQUIRE(f.Do(f.A().Assign(std::nullopt, 0)) == "");
    CHECK(f.Row().assignee.has_value());
    CHECK_FALSE(f.Row().team.has_value());
    f.inbox.agents.clear();  // whoever has it already is not looked at again
    CHECK(f.Nothing(f.A().Assign(1)));
    REQUIRE(f.Do(f.A().Assign(0)) == "");
    CHECK(f.conversation.assignee_id().empty());
    CHECK(LastAudit(f.inbox) == Texts{"assignee_id: " + IdOfNumber(1).ToString() + " -> "});
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Members: what is on another channel is not there, for any command", "[unit][decide]") {
    CommandFixture f;
    f.Agent(1, v1::AGENT_ROLE_AGENT).channels = {f.channel.channel_id()};
    f.Agent(2, v1::AGENT_ROLE_AGENT).channels = {ChannelId{IdOfNumber(99)}};
    f.inbox.agents[{TenantId{8}, AgentId{IdOfNumber(3)}}].channels = {f.channel.channel_id()};
    REQUIRE(f.Do(f.A().Text("hi")) == "");
    const ConversationId nowhere{IdOfNumber(77)};
    REQUIRE(f.Refused(CommandBuilder({f.key.tenant, nowhere}).Read()) == "CONVERSATION_NOT_FOUND");
    const auto unknown = f.answer.kept;
    const std::vector<CommandBuilder> commands = {
        f.A().Text("hi"),
        f.A().Note("psst").IfVersion(99),
        f.A().Status(v1::CONVERSATION_STATUS_CLOSED),
        f.A().Snooze(f.inbox.now_ms + 1'000),
        f.A().Priority(v1::PRIORITY_HIGH),
        f.A().Labels({"vip"}),
        f.A().Attributes({{"a", "b"}}),
        f.A().Read(),
        f.A().Unread(),
        f.A().Edit(2, "ho"),
        f.A().Delete(2),
        f.A().Assign(1),
        f.A().Muted(true)};
    for (CommandBuilder command : commands) {
        // Of another channel; of another tenant; nobody at all.
        for (std::uint8_t stranger = 2; stranger <= 4; ++stranger) {
            INFO(command.command.ShortDebugString() << ' ' << int{stranger});
            CHECK(f.Refused(command.Member(stranger)) == "CONVERSATION_NOT_FOUND");
            CHECK(f.answer.kept.SerializeAsString() == unknown.SerializeAsString());
        }
    }
    CHECK(f.Do(f.A().Read().Member(1)) == "");
    CHECK(f.Do(f.A().Text("hi").Member(1)) == "");
    // The next command is decided by what is true then.
    f.Agent(1, v1::AGENT_ROLE_AGENT).channels.clear();
    CHECK(f.Refused(f.A().Text("hi").Member(1)) == "CONVERSATION_NOT_FOUND");
    CHECK(WhatIsWrong(f.inbox) == "");
}

TEST_CASE("Assign: not to whoever cannot have it", "[unit][decide]") {
    CommandFixture f;
    f.Agent(1, v1::AGENT_ROLE_AGENT).channels = {ChannelId{IdOfNumber(99)}};
    f.Agent(2, v1::AGENT_ROLE_ADMIN).disabled = true;
    f.Agent(3, v1::AGENT_ROLE_SUPERVISOR);
    f.inbox.agents[{TenantId{8}, AgentId{IdOfNumber(5)}}].name = "another tenant's";
    f.inbox.teams[{f.channel.tenant_id(), TeamId{IdOfNumber(2)}}] = true;
    CHECK(f.Refused(f.A().Assign(1)) == "NOT_A_MEMBER");
    CHECK(f.answer.kept.field() == "assignee_id");
    CHECK(f.Refused(f.A().Assign(2)) == "AGENT_DISABLED");
    CHECK(f.Refused(f.A().Assign(4)) == "AGENT_NOT_FOUND");
    CHECK(f.answer.kept.code() == static_cast<int>(Code::kNotFound));
    CHECK(f.Refused(f.A().Assign(5)) == "AGENT_NOT_FOUND");
    CHECK(f.Refused(f.A().Assign(std::nullopt, 1)) == "TEAM_NOT_FOUND");
    CHECK(f.answer.kept.field() == "team_id");
    CHECK(f.Refused(f.A().Assign(3, 2)) == "TEAM_DISABLED");
    CHECK_FALSE(f.Row().assignee.has_value());  // not half of it either
    CHECK(f.Do(f.A().Assign(3)) == "");
    REQUIRE(f.Do(f.A().Status(v1::CONVERSATION_STATUS_CLOSED)) == "");
    CHECK(f.Refused(f.A().Assign(3)) == "CONVERSATION_CLOSED");
    CHECK(f.Refused(f.A().Assign(0)) == "CONVERSATION_CLOSED");
}

}  // namespace unibox::test
