// Commands about contacts on a real PostgreSQL: what is stored, what later webhooks of merged ids
// come to, and both at the same moment.
#include "committer_fixture.hpp"
#include "store/inbox/contacts.hpp"
#include "store/inbox/lists.hpp"
#include "support/command_builder.hpp"
#include "support/status_matchers.hpp"
#include "unibox/writer/v1/writer_service.pb.h"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

namespace unibox::test {
namespace {

event::v1::InboundEvent From(const std::string& key, const std::string& text) {
    return AMessage().From(key).WithText(text).Named("Name of " + key).Build();
}

ContactId IdOf(CommitterFixture& inbox, const std::string& key) {
    return ContactId{
        Uuid::Parse(inbox.Ask("SELECT contact_id FROM contacts WHERE contact_key = '" + key + "'"))
            .value()};
}

CommandBuilder About(const ContactId& contact) {
    return CommandBuilder(TenantId{1}, contact).By(AnAgent(1)).At(NowMs());
}

v1::Contact Done(CommitterFixture& inbox, const writer::v1::Command& command) {
    const writer::CommandResult result = inbox.Do(command);
    REQUIRE_OK(result.status);
    writer::v1::ApplyResponse response;
    REQUIRE(response.ParseFromString(result.response));
    return response.contact();
}

v1::Contact Shown(CommitterFixture& inbox, const ContactId& id) {
    const auto contact = store::GetContact(inbox.pool(), TenantId{1}, {}, id, SteadyTime::max());
    REQUIRE_OK(contact);
    return *contact;
}

TEST_CASE("Contact commands: what the tenant knows of one is stored, and stands", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "hello")}));
    const ContactId id = IdOf(inbox, "351");
    writer::v1::UpdateContact update;
    update.set_display_name("Inês");
    update.set_phone("+351 1");
    update.set_email("ines@example.org");
    (*update.mutable_set())["plan"] = "gold";
    const auto command = About(id).Contact(update).Key("k");
    const v1::Contact told = Done(inbox, command);
    REQUIRE(inbox.Write({From("351", "again")}));
    v1::Contact shown = Shown(inbox, id);
    CHECK(shown.display_name() == "Inês");
    CHECK(shown.phone() == "+351 1");
    CHECK(shown.email() == "ines@example.org");
    CHECK(shown.attributes().at("plan") == "gold");
    CHECK(shown.version() == 1);
    REQUIRE(shown.identities_size() == 1);
    CHECK(shown.identities(0).contact_key() == "351");
    // A repetition has the first answer, and changes nothing.
    CHECK(Done(inbox, command).SerializeAsString().size() == told.SerializeAsString().size());
    CHECK(Shown(inbox, id).version() == 1);
    CHECK(
        inbox.Count(
            "SELECT count(*) FROM command_audit WHERE contact_id = '" + id.ToString() +
            "' AND action = 'update_contact'"
        ) == 1
    );
    CHECK(inbox.feed().back().message_created().conversation().contact().display_name() == "Inês");
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Contact commands: after a merge all of both is the one's", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "a"), From("352", "b"), From("353", "c")}));
    const ContactId one = IdOf(inbox, "351");
    const ContactId two = IdOf(inbox, "352");
    const ContactId three = IdOf(inbox, "353");
    Done(inbox, About(two).Merge(three));
    const v1::Contact told = Done(inbox, About(one).Merge(two));
    CHECK(told.id() == one.ToString());
    CHECK(told.display_name() == "Name of 351");
    for (const ContactId& id : {one, two, three}) {
        const v1::Contact shown = Shown(inbox, id);
        CHECK(shown.id() == one.ToString());
        CHECK(shown.identities_size() == 3);
        CHECK(shown.identities(0).contact_id() == one.ToString());
    }
    REQUIRE(inbox.Write({From("352", "d"), From("353", "e"), From("354", "f")}));
    CHECK(inbox.Count("SELECT count(*) FROM contacts") == 4);
    CHECK(inbox.Count("SELECT count(*) FROM conversations") == 4);
    CHECK(
        inbox.Count(
            "SELECT count(*) FROM messages WHERE body IN ('d', 'e') AND contact_id = '" +
            one.ToString() + "'"
        ) == 2
    );
    store::ConversationQuery query;
    query.count_max = 10;
    const auto page =
        store::ListConversations(inbox.pool(), TenantId{1}, {}, query, SteadyTime::max());
    REQUIRE_OK(page);
    int shown_count = 0;
    for (const v1::Conversation& conversation : page->conversations) {
        shown_count += conversation.contact().id() == one.ToString() ? 1 : 0;
    }
    CHECK(page->conversations.size() == 4);
    CHECK(shown_count == 3);
    const auto again = inbox.Do(About(one).Merge(three));
    CHECK(again.status.reason() == "CONTACT_MERGED");
    CHECK(again.status.message().find(one.ToString()) != std::string::npos);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Contact commands: whoever is not there, or another tenant's, is not found", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "a")}));
    const ContactId one = IdOf(inbox, "351");
    const CommandBuilder foreign = CommandBuilder(TenantId{2}, one).At(NowMs()).Blocked(true);
    const writer::v1::Command commands[] = {
        foreign,
        About(ContactId{IdOfNumber(7)}).Blocked(true),
        About(one).Merge(ContactId{IdOfNumber(7)})};
    for (const writer::v1::Command& command : commands) {
        const auto result = inbox.Do(command);
        CHECK_THAT(result.status, HasCode(Code::kNotFound));
        CHECK(result.status.reason() == "CONTACT_NOT_FOUND");
    }
}

TEST_CASE("Contact commands: who is blocked is heard by nobody, and listed", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "a"), From("352", "b")}));
    const ContactId one = IdOf(inbox, "351");
    const ContactId two = IdOf(inbox, "352");
    Done(inbox, About(one).Blocked(true));
    Done(inbox, About(two).Blocked(true));
    const auto before = inbox.Ask("SELECT sum(unread_count) FROM conversations");
    REQUIRE(inbox.Write({From("351", "c"), From("352", "d")}));
    CHECK(inbox.Ask("SELECT sum(unread_count) FROM conversations") == before);
    CHECK(inbox.feed().back().message_created().message().from_blocked());
    store::BlockedQuery query;
    query.count_max = 1;
    auto page = store::ListBlockedContacts(inbox.pool(), TenantId{1}, {}, query, SteadyTime::max());
    REQUIRE_OK(page);
    REQUIRE(page->contacts.size() == 1);
    CHECK(page->contacts[0].id() == two.ToString());
    REQUIRE(page->next.has_value());
    query.after = page->next;
    page = store::ListBlockedContacts(inbox.pool(), TenantId{1}, {}, query, SteadyTime::max());
    REQUIRE_OK(page);
    REQUIRE(page->contacts.size() == 1);
    CHECK(page->contacts[0].id() == one.ToString());
    CHECK_FALSE(page->next.has_value());
    // A merge with one that is not blocked keeps the block, once.
    REQUIRE(inbox.Write({From("353", "e")}));
    Done(inbox, About(IdOf(inbox, "353")).Merge(one));
    CHECK(inbox.Count("SELECT count(*) FROM contacts WHERE blocked_at IS NOT NULL") == 2);
    CHECK(Shown(inbox, one).blocked());
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Contact commands: one that is blocked before it writes begins what is closed", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "a")}));
    Done(inbox, About(IdOf(inbox, "351")).Blocked(true));
    REQUIRE(inbox.Write({AMessage().From("351").InThread("group").WithText("b").Build()}));
    CHECK(inbox.Count("SELECT status FROM conversations WHERE thread_key = 'group'") == 4);
    REQUIRE(inbox.Write({AMessage().From("352").InThread("group").WithText("c").Build()}));
    CHECK(inbox.Count("SELECT status FROM conversations WHERE thread_key = 'group'") == 1);
    CHECK(inbox.Inconsistency() == "");
}

// Two lanes over the same people, as fast as they can: nothing is lost, nothing is doubled, and
// neither locks the other out.
TEST_CASE("Contact commands: merges while webhooks of both ids come", "[pg]") {
    constexpr int kPeople = 24;
    constexpr int kRounds = 20;
    CommitterFixture inbox;
    std::vector<event::v1::InboundEvent> first;
    for (int i = 0; i < kPeople; ++i) first.push_back(From(std::to_string(i), "first"));
    REQUIRE(inbox.Write(first));
    std::vector<ContactId> ids;
    for (int i = 0; i < kPeople; ++i) ids.push_back(IdOf(inbox, std::to_string(i)));
    CommitterFixture commands(inbox, "commands");
    // Looking for leaves is one, of each command that comes alone.
    Done(commands, About(ids.back()).Name("the last"));
    const double unhindered = commands.metrics().retries.Get();
    bool written = true;
    std::thread writing([&] {
        for (int round = 0; round < kRounds; ++round) {
            std::vector<event::v1::InboundEvent> batch;
            for (int i = 0; i < kPeople; ++i) batch.push_back(From(std::to_string(i), "more"));
            written = written && inbox.Write(batch);
        }
    });
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
        Done(commands, About(ids[i + 1]).Merge(ids[i]));
        Done(commands, About(ids[i + 1]).Blocked(i % 2 == 0));
    }
    writing.join();
    CHECK(written);
    CHECK(inbox.metrics().retries.Get() == 0);
    CHECK(commands.metrics().retries.Get() == unhindered * (2 * kPeople - 1));
    CHECK(inbox.Count("SELECT count(*) FROM messages") == kPeople * (kRounds + 1));
    CHECK(inbox.Count("SELECT count(*) FROM contacts") == kPeople);
    const std::string last = ids.back().ToString();
    CHECK(
        inbox.Count("SELECT count(*) FROM contacts WHERE merged_into = '" + last + "'") ==
        kPeople - 1
    );
    CHECK(
        inbox.Count("SELECT identity_count FROM contacts WHERE contact_id = '" + last + "'") ==
        kPeople
    );
    for (const ContactId& id : ids) CHECK(Shown(inbox, id).id() == last);
    CHECK(inbox.Inconsistency() == "");
}

}  // namespace
}  // namespace unibox::test
