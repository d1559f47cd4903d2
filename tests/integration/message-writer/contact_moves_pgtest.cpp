// A contact that goes on under another id: what comes under it afterwards is of the same contact.
#include "committer_fixture.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

event::v1::InboundEvent From(const std::string& key, const std::string& text) {
    return AMessage().From(key).WithText(text).Named("Name of " + key).Build();
}

event::v1::InboundEvent Moved(const std::string& from, const std::string& to, int after_ms = 0) {
    auto notice = AControl("user_changed_number").From(from).InThread(to).At(NowMs() + after_ms);
    notice.event().add_contact_aliases(to);
    notice.event().mutable_control()->set_contact_moved(true);
    return notice.Build();
}

std::string AuthorOf(CommitterFixture& inbox, const std::string& text) {
    return inbox.Ask(
        "SELECT c.contact_key FROM messages m JOIN contacts c USING (tenant_id, contact_id) "
        "WHERE m.body = '" +
        text + "'"
    );
}

TEST_CASE("Moves: the new number is the same contact, in one batch or in several", "[pg]") {
    for (const bool at_once : {false, true}) {
        CAPTURE(at_once);
        CommitterFixture inbox;
        const std::vector<event::v1::InboundEvent> events = {
            From("351", "before"), Moved("351", "352"), From("352", "after")};
        if (at_once) REQUIRE(inbox.Write(events));
        for (std::size_t i = 0; !at_once && i < events.size(); ++i)
            REQUIRE(inbox.Write({events[i]}));
        CHECK(inbox.Count("SELECT count(*) FROM contacts") == 1);
        CHECK(inbox.Count("SELECT count(DISTINCT contact_id) FROM conversations") == 1);
        CHECK(AuthorOf(inbox, "before") == "351");
        CHECK(AuthorOf(inbox, "after") == "351");
        CHECK(inbox.Ask("SELECT aliases FROM contacts") == "{352}");
        CHECK(inbox.Ask("SELECT display_name FROM contacts") == "Name of 352");
        const auto last = inbox.feed().back().message_created();
        CHECK(last.conversation().thread_key() == "352");
        CHECK(last.conversation().contact().contact_key() == "351");
        CHECK(last.conversation().contact().display_name() == "Name of 352");
        CHECK(last.message().contact_id() == last.conversation().contact().id());
        CHECK(inbox.Inconsistency() == "");
    }
}

TEST_CASE("Moves: a notice makes the contact that it is about", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({Moved("351", "352")}));
    REQUIRE(inbox.Write({From("352", "after")}));
    CHECK(AuthorOf(inbox, "after") == "351");
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Moves: from number to number, and in groups", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "a"), Moved("351", "352")}));
    REQUIRE(inbox.Write({Moved("352", "353", 1'000)}));
    REQUIRE(inbox.Write({From("353", "b"), AMessage().From("9").InThread("group").Build()}));
    REQUIRE(inbox.Write({AMessage().From("353").InThread("group").WithText("c").Build()}));
    CHECK(AuthorOf(inbox, "b") == "351");
    CHECK(AuthorOf(inbox, "c") == "351");
    CHECK(inbox.Count("SELECT count(*) FROM contacts") == 2);
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE("Moves: who was a contact before the notice stays one", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({From("351", "a"), From("352", "b")}));
    REQUIRE(inbox.Write({Moved("351", "352")}));
    REQUIRE(inbox.Write({From("352", "c")}));
    CHECK(AuthorOf(inbox, "c") == "352");
    CHECK(inbox.Inconsistency() == "");
}

TEST_CASE(
    "Moves: a number given to somebody else is theirs, a late notice changes nothing", "[pg]"
) {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({Moved("351", "352"), From("777", "other")}));
    REQUIRE(inbox.Write({From("352", "first")}));
    REQUIRE(inbox.Write({Moved("777", "352", 60'000)}));
    REQUIRE(inbox.Write({Moved("351", "352", 30'000)}));
    REQUIRE(inbox.Write({From("352", "second")}));
    CHECK(AuthorOf(inbox, "first") == "351");
    CHECK(AuthorOf(inbox, "second") == "777");
    CHECK(inbox.Inconsistency() == "");
}

}  // namespace
}  // namespace unibox::test
