// uniboxctl counts: tells what is counted wrong, and makes it right.
#include "support/pg_server.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

namespace unibox::ctl {

TEST_CASE("Counts: checked, repaired, and right from then on", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply("tenants:\n  - name: acme\n    display_name: Acme\n").code == 0);
    const std::vector<std::string> check = {"counts", "check", "--tenant", "acme"};
    const std::vector<std::string> repair = {"counts", "repair", "--tenant", "acme"};
    CHECK(fixture.Run(check).json["result"] == "right");
    // From before there were counts.
    test::PgServer::Shared().Run(
        fixture.database().name(),
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, unread_count, last_activity_at, created_at, version) "
        "SELECT tenant_id, gen_random_uuid(), '11111111-1111-7111-8111-111111111111', "
        "n::text, gen_random_uuid(), 1, 2, n - 1, now(), now(), 1 "
        "FROM tenants, generate_series(1, 2) n;"
        "INSERT INTO conversation_counters (tenant_id, conversation_id, inbound_count, "
        "outbound_count) SELECT tenant_id, conversation_id, 5, 3 FROM conversations"
    );
    const auto found = fixture.Run(check);
    CHECK(found.code == 0);
    CHECK(found.json["result"] == "wrong");
    REQUIRE(found.json["differences"].size() == 1);
    const auto& difference = found.json["differences"][0];
    CHECK(difference["status"] == "CONVERSATION_STATUS_PENDING");
    CHECK(difference["assignee_id"] == "");
    CHECK(difference["conversations"] == "0 / 2");
    CHECK(difference["unread"] == "0 / 1");
    REQUIRE(found.json["uncounted_history"].size() == 1);
    CHECK(found.json["uncounted_history"][0]["inbound"] == 10);
    CHECK(fixture.Run(check).json["result"] == "wrong");  // It only looks.
    CHECK(fixture.Run(repair).json["result"] == "repaired");
    CHECK(fixture.Run(check).json["result"] == "right");
    CHECK(fixture.Run(repair).json["result"] == "right");
    CHECK(fixture.Ask("SELECT count(*) FROM admin_audit WHERE kind = 'counts'") == "1");
    CHECK(fixture.Ask("SELECT sum(conversation_count) FROM conversation_tallies") == "2");
    CHECK(fixture.Ask("SELECT other_outbound_count FROM inbox_volumes") == "6");
    CHECK(fixture.Run({"counts", "check", "--tenant", "nobody"}).code == 1);
    CHECK(fixture.Run({"counts", "check"}).code == 2);
}

}  // namespace unibox::ctl
