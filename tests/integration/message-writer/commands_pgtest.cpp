// What a lane of commands tells its callers when the database goes away under it.
#include "committer_fixture.hpp"
#include "support/command_builder.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

TEST_CASE("Commands: a commit whose end nobody saw is told as such, and can be repeated", "[pg]") {
    CommitterFixture inbox;
    REQUIRE(inbox.Write({AMessage("m1").WithText("hello?").Build()}));
    const ConversationId id{
        Uuid::Parse(inbox.Ask("SELECT conversation_id FROM conversations")).value()};
    const writer::v1::Command reply =
        CommandBuilder({TenantId{1}, id}).By(AnAgent(1)).At(NowMs()).Key("k").Text("good day");
    inbox.Run(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die()"
    );
    const auto unseen = inbox.Do(reply);
    CHECK_THAT(unseen.status, HasCode(Code::kUnavailable));
    CHECK(unseen.status.reason() == "OUTCOME_UNKNOWN");
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 1);
    inbox.Run("DROP TRIGGER die ON outbox");
    REQUIRE_OK(inbox.Do(reply).status);
    REQUIRE_OK(inbox.Do(reply).status);
    CHECK(inbox.Count("SELECT count(*) FROM messages") == 2);
}

}  // namespace
}  // namespace unibox::test
