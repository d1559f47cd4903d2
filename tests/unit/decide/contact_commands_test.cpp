// Commands about contacts: what the tenant knows of one, which are the same person, which are
// blocked.
#include "command_fixture.hpp"
#include "decide/check_command.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::test {
namespace {

constexpr Channel kOther{7, 2, v1::PROVIDER_TELEGRAM};

// Ada writes on one channel, bob on another one.
struct People : CommandFixture {
    People() {
        REQUIRE(kOther.tenant == channel.tenant);
        inbox.channels[{kOther.tenant_id(), kOther.channel_id()}].reopen_window_ms = 7 * kDay;
        inbox.Commit({ByBob("b1").Name("Bob")});
    }
    static ChannelEvent ByBob(const std::string& id) {
        return ChannelEvent::Message(kOther, id).Thread("bob").Contact("bob");
    }
    const domain::ContactRow& Own(const Channel& of, const std::string& contact_key) const {
        return inbox.contacts.at({of.tenant_id(), of.channel_id(), contact_key});
    }
    const domain::ContactRow& Ada() const { return Own(channel, "ada"); }
    const domain::ContactRow& Bob() const { return Own(kOther, "bob"); }
    CommandBuilder About(const domain::ContactRow& whom) const {
        return CommandBuilder(channel.tenant_id(), whom.id).At(inbox.now_ms);
    }
    // "" if it was done, else the reason why not.
    std::string Change(const writer::v1::Command& command) {
        answer = inbox.Do(command);
        if (answer.kept.code() != 0) return answer.kept.reason();
        writer::v1::ApplyResponse response;
        if (!response.ParseFromString(answer.response)) return "UNREADABLE";
        contact = response.contact();
        return response.has_conversation() ? "A_CONVERSATION" : "";
    }
    std::string RefusedChange(const writer::v1::Command& command) {
        const std::string before = inbox.Dump();
        std::string reason = Change(command);
        return inbox.Dump() == before ? reason : "SOMETHING_DONE";
    }
    domain::ConversationKey ConversationOfBob() const {
        return {kOther.tenant_id(), inbox.Latest(kOther.tenant, kOther.channel_id(), "bob")};
    }
    // As the feed shows it last.
    v1::Conversation Shown(const ConversationId& id) const {
        return inbox.FeedOf(id).back()->message_created().conversation();
    }

    v1::Contact contact;  // of the last command
};

}  // namespace

TEST_CASE("Contacts: what the tenant calls one, no provider changes", "[unit][decide]") {
    People world;
    CHECK(world.Change(world.About(world.Ada()).Name("Countess")).empty());
    CHECK(world.contact.display_name() == "Countess");
    CHECK(world.contact.version() == 1);
    CHECK(world.LastEvent().contact_updated().contact().display_name() == "Countess");
    CHECK(world.LastEvent().contact_updated().changed_fields(0) == "display_name");
    CHECK(world.LastEvent().version() == 0);
    const auto& entry = world.inbox.outbox.back().entry;
    CHECK(entry.ordering_key() == world.Ada().id.ToString());
    // Said, but not what: the audit outlives the contact.
    REQUIRE(world.inbox.audit.size() == 1);
    CHECK(world.inbox.audit[0].contact == world.Ada().id);
    CHECK(world.inbox.audit[0].changes.changes(0).new_value().empty());
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m2").Name("Ada L.")});
    CHECK(world.Ada().display_name == "Countess");
    CHECK(world.RefusedChange(world.About(world.Ada()).Name("Countess")).empty());
    CHECK(world.Change(world.About(world.Ada()).Name("")).empty());
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m3").Name("Ada M.")});
    CHECK(world.Ada().display_name == "Ada M.");
    CHECK(WhatIsWrong(world.inbox).empty());
}

TEST_CASE("Contacts: phone, email and attributes are the tenant's", "[unit][decide]") {
    People world;
    writer::v1::UpdateContact update;
    update.set_phone("+49 1");
    update.set_email("ada@example.org");
    (*update.mutable_set())["plan"] = "gold";
    CHECK(world.Change(world.About(world.Ada()).Contact(update)).empty());
    CHECK(world.contact.phone() == "+49 1");
    CHECK(world.contact.email() == "ada@example.org");
    CHECK(world.contact.attributes().at("plan") == "gold");
    update.clear_phone();
    update.clear_set();
    update.add_remove("plan");
    CHECK(world.Change(world.About(world.Ada()).Contact(update)).empty());
    CHECK(world.contact.phone() == "+49 1");
    CHECK(world.contact.attributes().empty());
    for (int i = 0; i < 64; ++i) (*update.mutable_set())["k" + std::to_string(i)] = "v";
    CHECK(world.Change(world.About(world.Ada()).Contact(update)).empty());
    update.Clear();
    (*update.mutable_set())["one more"] = "v";
    const auto refused = world.RefusedChange(world.About(world.Ada()).Contact(update));
    CHECK(refused == "TOO_MANY_ATTRIBUTES");
}

TEST_CASE("Contacts: whose is not there is not found", "[unit][decide]") {
    People world;
    const ContactId unknown{IdOfNumber(77)};
    const CommandBuilder blocked = CommandBuilder(world.channel.tenant_id(), unknown).Blocked(true);
    CHECK(world.RefusedChange(blocked) == "CONTACT_NOT_FOUND");
    CHECK(world.answer.kept.field() == "contact_id");
    const CommandBuilder foreign = CommandBuilder(TenantId{99}, world.Ada().id).Blocked(true);
    CHECK(world.RefusedChange(foreign) == "CONTACT_NOT_FOUND");
    CHECK(world.RefusedChange(world.About(world.Ada()).Merge(unknown)) == "CONTACT_NOT_FOUND");
    CHECK(world.answer.kept.field() == "merged_contact_id");
}

TEST_CASE("Contacts: a member sees those of its channels, by any of their ids", "[unit][decide]") {
    People world;
    world.Agent(1, v1::AGENT_ROLE_AGENT).channels = {kOther.channel_id()};
    const auto blocked = [&](const domain::ContactRow& of, bool is) {
        return world.About(of).Blocked(is).Member(1);
    };
    CHECK(world.RefusedChange(blocked(world.Ada(), true)) == "CONTACT_NOT_FOUND");
    CHECK(world.Change(blocked(world.Bob(), true)).empty());
    const auto merge = world.About(world.Bob()).Merge(world.Ada().id).Member(1);
    CHECK(world.RefusedChange(merge) == "CONTACT_NOT_FOUND");
    CHECK(world.Change(world.About(world.Ada()).Merge(world.Bob().id)).empty());
    CHECK(world.Change(blocked(world.Ada(), false)).empty());
}

TEST_CASE("Contacts: another version than the caller's is refused", "[unit][decide]") {
    People world;
    CHECK(world.Change(world.About(world.Ada()).Blocked(true)).empty());
    const auto late = world.About(world.Ada()).Blocked(false).IfVersion(2);
    CHECK(world.RefusedChange(late) == "VERSION_MISMATCH");
    CHECK(world.answer.kept.version() == 1);
    CHECK(world.Change(world.About(world.Ada()).Blocked(false).IfVersion(1)).empty());
}

TEST_CASE("Contacts: of two that are one, one remains, with what both have", "[unit][decide]") {
    People world;
    writer::v1::UpdateContact update;
    update.set_phone("+49 2");
    (*update.mutable_set())["plan"] = "gold";
    (*update.mutable_set())["since"] = "2020";
    CHECK(world.Change(world.About(world.Bob()).Contact(update)).empty());
    update.Clear();
    (*update.mutable_set())["plan"] = "silver";
    CHECK(world.Change(world.About(world.Ada()).Contact(update)).empty());
    const ContactId ada = world.Ada().id;
    const ContactId bob = world.Bob().id;
    const auto merge = world.About(world.Ada()).Merge(bob).Key("k", "merge");
    CHECK(world.Change(merge).empty());
    CHECK(world.contact.id() == ada.ToString());
    CHECK(world.contact.display_name() == "Ada");
    CHECK(world.contact.phone() == "+49 2");
    CHECK(world.contact.attributes().at("plan") == "silver");
    CHECK(world.contact.attributes().at("since") == "2020");
    CHECK(world.LastEvent().contacts_merged().merged_contact_id() == bob.ToString());
    CHECK(world.LastEvent().contacts_merged().contact().id() == ada.ToString());
    CHECK(world.Bob().merged_into == ada);
    CHECK(world.Ada().identity_count == 2);
    CHECK(world.inbox.audit.back().action == "merge_contact");
    // The same call again is answered the same.
    CHECK(world.RefusedChange(merge).empty());
    CHECK(world.answer.is_repetition);
    // What comes under either id is the one's.
    const domain::ConversationKey conversation = world.ConversationOfBob();
    world.inbox.Commit({People::ByBob("b2").Name("Robert")});
    CHECK(world.ConversationOfBob() == conversation);
    CHECK(world.Shown(conversation.conversation).contact().id() == ada.ToString());
    CHECK(world.Shown(conversation.conversation).contact().display_name() == "Ada");
    CHECK(
        world.Shown(conversation.conversation).contact().channel_id() ==
        world.channel.channel_id().ToString()
    );
    CHECK(world.inbox.MessageByProviderId("b2").contact == ada);
    CHECK(WhatIsWrong(world.inbox).empty());
}

TEST_CASE("Contacts: what was merged is no contact any more", "[unit][decide]") {
    People world;
    const ContactId ada = world.Ada().id;
    const ContactId bob = world.Bob().id;
    CHECK(world.RefusedChange(world.About(world.Ada()).Merge(ada)) == "SAME_CONTACT");
    CHECK(world.Change(world.About(world.Ada()).Merge(bob)).empty());
    CHECK(world.RefusedChange(world.About(world.Bob()).Blocked(true)) == "CONTACT_MERGED");
    CHECK(world.answer.kept.message().find(ada.ToString()) != std::string::npos);
    CHECK(world.RefusedChange(world.About(world.Ada()).Merge(bob)) == "CONTACT_MERGED");
    CHECK(world.answer.kept.field() == "merged_contact_id");
    CHECK(world.RefusedChange(world.About(world.Bob()).Merge(ada)) == "CONTACT_MERGED");
    // What it was made of goes on with it, in one step.
    world.inbox.Commit({ChannelEvent::Message(kOther, "e1").Thread("eve").Contact("eve")});
    const domain::ContactRow& eve = world.Own(kOther, "eve");
    CHECK(world.Change(world.About(eve).Merge(ada)).empty());
    CHECK(world.Bob().merged_into == eve.id);
    CHECK(world.Ada().merged_into == eve.id);
    CHECK(eve.identity_count == 3);
    CHECK(eve.display_name == "Ada");
    CHECK(WhatIsWrong(world.inbox).empty());
}

TEST_CASE("Contacts: two merges in one transaction follow each other", "[unit][decide]") {
    People world;
    world.inbox.Commit({ChannelEvent::Message(kOther, "e1").Thread("eve").Contact("eve")});
    const domain::ContactRow& eve = world.Own(kOther, "eve");
    const writer::v1::Command first = world.About(world.Ada()).Merge(world.Bob().id);
    const writer::v1::Command second = world.About(eve).Merge(world.Ada().id);
    world.inbox.CommitAll(
        {{kCommandShard, first},
         {kCommandShard, second},
         {kCommandShard, People::ByBob("b2").event}}
    );
    CHECK(world.Bob().merged_into == eve.id);
    CHECK(world.inbox.MessageByProviderId("b2").contact == eve.id);
    CHECK(WhatIsWrong(world.inbox).empty());
}

TEST_CASE("Contacts: a hundred ids are the most", "[unit][decide]") {
    People world;
    for (auto& [key, row] : world.inbox.contacts) row.identity_count = 50;
    CHECK(world.Change(world.About(world.Ada()).Merge(world.Bob().id)).empty());
    world.inbox.Commit({ChannelEvent::Message(kOther, "e1").Thread("eve").Contact("eve")});
    const auto& eve = world.Own(kOther, "eve");
    const auto refused = world.RefusedChange(world.About(world.Ada()).Merge(eve.id));
    CHECK(refused == "TOO_MANY_IDENTITIES");
    CHECK(world.answer.kept.code() == static_cast<int>(Code::kFailedPrecondition));
}

TEST_CASE("Contacts: what a blocked one writes is kept and disturbs nobody", "[unit][decide]") {
    People world;
    CHECK(world.Do(world.A().Status(v1::CONVERSATION_STATUS_CLOSED)).empty());
    CHECK(world.Change(world.About(world.Ada()).Blocked(true)).empty());
    CHECK(world.contact.blocked());
    const std::int32_t unread = world.Counters().unread_count;
    world.inbox.now_ms += 30 * kDay;
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m2").At(world.inbox.now_ms)});
    CHECK(world.inbox.MessageByProviderId("m2").from_blocked);
    CHECK(world.LastEvent().message_created().message().from_blocked());
    CHECK_FALSE(world.LastEvent().message_created().conversation_reopened());
    CHECK(world.LastEvent().message_created().conversation().contact().blocked());
    CHECK(world.Latest() == world.key.conversation);
    CHECK(world.Row().status == v1::CONVERSATION_STATUS_CLOSED);
    CHECK(world.Counters().unread_count == unread);
    CHECK_FALSE(world.Row().waiting_since.has_value());
    // A known key is known whoever wrote it.
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m2").At(world.inbox.now_ms)});
    CHECK(world.Counters().last_seq == 2);
    CHECK(world.Change(world.About(world.Ada()).Blocked(false)).empty());
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m3").At(world.inbox.now_ms)});
    CHECK_FALSE(world.inbox.MessageByProviderId("m3").from_blocked);
    CHECK(world.inbox.counters.at({world.key.tenant, world.Latest()}).unread_count == 1);
    CHECK(WhatIsWrong(world.inbox).empty());
}

TEST_CASE("Contacts: a blocked one ends no snooze, and begins what is closed", "[unit][decide]") {
    People world;
    CHECK(world.Do(world.A().Status(v1::CONVERSATION_STATUS_SNOOZED)).empty());
    CHECK(world.Change(world.About(world.Ada()).Blocked(true)).empty());
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m2")});
    CHECK(world.Row().status == v1::CONVERSATION_STATUS_SNOOZED);
    // In a group of its own.
    world.inbox.Commit({ChannelEvent::Message(world.channel, "g1").Thread("group").Contact("ada")});
    const auto group =
        world.inbox.Latest(world.channel.tenant, world.channel.channel_id(), "group");
    CHECK(world.inbox.conversation(group).status == v1::CONVERSATION_STATUS_CLOSED);
    CHECK(world.LastEvent().message_created().conversation_created());
    // What somebody else writes there is heard.
    world.inbox.Commit({ChannelEvent::Message(world.channel, "g2").Thread("group").Contact("eve")});
    CHECK(world.inbox.conversation(group).status == v1::CONVERSATION_STATUS_OPEN);
    CHECK(world.inbox.counters.at({world.key.tenant, group}).unread_count == 1);
    CHECK(WhatIsWrong(world.inbox).empty());
}

TEST_CASE("Contacts: nothing goes to a blocked one but what stays inside", "[unit][decide]") {
    People world;
    CHECK(world.Change(world.About(world.Ada()).Blocked(true)).empty());
    CHECK(world.Refused(world.A().Text("hello")) == "CONTACT_BLOCKED");
    CHECK(world.Do(world.A().Note("spam")).empty());
    CHECK(world.Change(world.About(world.Ada()).Blocked(false)).empty());
    CHECK(world.Do(world.A().Text("hello")).empty());
}

TEST_CASE("Contacts: a block is never lost by a merge", "[unit][decide]") {
    People world;
    CHECK(world.Change(world.About(world.Bob()).Blocked(true)).empty());
    CHECK(world.Change(world.About(world.Ada()).Merge(world.Bob().id)).empty());
    CHECK(world.contact.blocked());
    CHECK(world.inbox.audit.back().changes.changes(0).field() == "blocked");
    CHECK(world.Refused(world.A().Text("hello")) == "CONTACT_BLOCKED");
    world.inbox.Commit({ChannelEvent::Message(world.channel, "m2")});
    CHECK(world.inbox.MessageByProviderId("m2").from_blocked);
    CHECK(world.Change(world.About(world.Ada()).Blocked(false)).empty());
    world.inbox.Commit({People::ByBob("b2")});
    CHECK_FALSE(world.inbox.MessageByProviderId("b2").from_blocked);
}

TEST_CASE("Contacts: a command is about one thing", "[unit][decide]") {
    People world;
    writer::v1::Command command = world.About(world.Ada()).Blocked(true);
    CHECK(decide::CheckCommand(command).ok());
    command.mutable_header()->set_conversation_id(world.key.conversation.value.ToBytes());
    CHECK(decide::CheckCommand(command).field() == "header.conversation_id");
    command = world.A().Read();
    command.mutable_header()->set_contact_id(world.Ada().id.value.ToBytes());
    CHECK(decide::CheckCommand(command).field() == "header.contact_id");
    command = world.About(world.Ada()).Name(std::string(513, 'x'));
    CHECK(decide::CheckCommand(command).field() == "display_name");
    writer::v1::UpdateContact update;
    update.set_phone(std::string(65, '1'));
    command = world.About(world.Ada()).Contact(update);
    CHECK(decide::CheckCommand(command).field() == "phone");
    command = world.About(world.Ada()).Merge(world.Ada().id);
    CHECK(decide::CheckCommand(command).reason() == "SAME_CONTACT");
}

}  // namespace unibox::test
