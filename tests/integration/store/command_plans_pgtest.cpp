// What the statements of commands and of the audit read: rows by index, leaves that they need.
#include "command_fixture.hpp"
#include "store/inbox/conversation_audit.hpp"
#include "store/writer/snoozes.hpp"
#include "store/writer/upkeep.hpp"
#include "support/plan_log.hpp"

namespace unibox::store {
namespace {

using test::CommandFixture;
using test::kTenant;
using test::MakeId;
using test::PlanLog;

// Rows enough that the planner has a choice, of many tenants and over the leaves that are there.
void Populate(CommandFixture& fixture) {
    const std::string channel = "'" + CommandFixture::channel().ToString() + "'";
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO conversations (tenant_id, conversation_id, channel_id, thread_key, "
        "contact_id, provider, status, last_activity_at, created_at, closed_at, version) "
        "SELECT 1 + n % 20, gen_random_uuid(), " +
        channel +
        ", 'filler' || n, gen_random_uuid(), 2, 1, now(), now(), CASE WHEN n % 2 = 0 THEN "
        "'infinity' ELSE date_trunc('month', now()) END, 1 FROM generate_series(1, 4000) n"
    ));
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO conversation_counters (tenant_id, conversation_id, closed_at, last_seq, "
        "version, first_message_at, last_message_at) SELECT tenant_id, conversation_id, closed_at, "
        "3, 1, now(), now() FROM conversations ON CONFLICT DO NOTHING"
    ));
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO threads (tenant_id, channel_id, thread_key, contact_id, conversation_id, "
        "created_at) SELECT tenant_id, channel_id, thread_key, contact_id, conversation_id, now() "
        "FROM conversations ON CONFLICT DO NOTHING"
    ));
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
        "channel_id, direction, kind, body, received_at, version) SELECT tenant_id, "
        "conversation_id, s, date_trunc('month', now()) + s * interval '1 s', gen_random_uuid(), "
        "channel_id, 1, 1, '', now(), 1 FROM conversations, generate_series(2, 4) s"
    ));
    REQUIRE_OK(
        fixture.Owner("INSERT INTO request_keys (tenant, scope, key, digest, answer) "
                      "SELECT 1 + n % 20, 's', n::text, 'd', '' FROM generate_series(1, 5000) n")
    );
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO snoozes SELECT now() + (n - 50) * interval '1 minute', 1, gen_random_uuid() "
        "FROM generate_series(1, 5000) n"
    ));
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, actor_kind, "
        "action, changes) SELECT tenant_id, now() - s * interval '1 s', gen_random_uuid(), "
        "conversation_id, 1, 'append', '' FROM conversations, generate_series(1, 3) s"
    ));
    for (const char* table : {"agents", "teams"}) {
        const std::string kind(table, std::string_view(table).size() - 1);
        const std::string name = kind == "agent" ? "external_id" : "slug";
        const std::string role = kind == "agent" ? ", role" : "";
        REQUIRE_OK(fixture.Owner(
            "INSERT INTO " + std::string(table) + " (tenant_id, " + kind + "_id, " + name +
            ", name" + role + ") SELECT 1 + n % 20, gen_random_uuid(), n::text, ''" +
            (role.empty() ? "" : ", 1") + " FROM generate_series(1, 2000) n"
        ));
    }
    REQUIRE_OK(fixture.Owner("ANALYZE"));
}

// The plan of the statement that begins so.
std::string PlanOf(const std::vector<std::string>& plans, const std::string& part) {
    for (const std::string& plan : plans) {
        if (plan.substr(0, plan.find("Query Text: ", 1)).find(part) != std::string::npos)
            return plan;
    }
    FAIL("no plan of " << part);
    return "";
}

TEST_CASE("Command plans: each key is a look-up, and one leaf of each table", "[pg][store]") {
    test::PgServer server(PlanLog::ServerSettings());
    CommandFixture fixture(server);
    const auto key = fixture.Seed(0);
    const bool analyzed = GENERATE(true, false);
    if (analyzed) Populate(fixture);
    const auto lane = fixture.Lane("a");
    domain::BatchPlan plan = CommandFixture::PlanOf(key);
    plan.messages.push_back({key, 1});
    plan.agents.insert({kTenant, MakeId<AgentId>(1)});
    plan.teams.insert({kTenant, MakeId<TeamId>(1)});
    plan.request_keys.insert({kTenant, "key:1", "call"});
    PlanLog log(server, "ub_writer");
    const auto plans = log.Of([&] {
        auto tx = lane->Begin().value();
        const auto state = lane->Read(tx, plan);
        REQUIRE_OK(state);
        domain::Effects effects;
        effects.conversations.push_back(CommandFixture::WriteOf(*state, key));
        effects.conversations[0].row.labels = {"vip"};
        effects.request_keys.push_back({*plan.request_keys.begin(), "digest", {}});
        effects.snoozes.push_back({key, fixture.now_ms, false});
        REQUIRE_OK(tx.Commit(effects, {}));
    });
    for (const std::string& one : plans) {
        INFO(one);
        // A function, arrays and what was computed are read whole; one row tables too.
        CHECK(PlanLog::Executed(one, "Seq Scan") == PlanLog::Executed(one, "Seq Scan on feed"));
    }
    const auto check = [&](const std::string& statement, const std::string& leaves, int count) {
        const std::string found = PlanOf(plans, statement);
        INFO(found);
        CHECK(PlanLog::Executed(found, " on " + leaves) == count);
    };
    check("FOR NO KEY UPDATE) t", "conversations_", 1);
    check("v.preview_direction", "conversations_", 1);
    check("m.author_kind", "messages_", 1);
    check("octet_length(m.payload)", "messages_", 1);
    check("c.settings", "conversations_", 1);
    check("INSERT INTO request_keys", "request_keys", 1);
    check("FROM agents", "agents", 1);
    check("FROM teams", "teams", 1);
}

TEST_CASE("Command plans: what is due and what is old is read from an index's end", "[pg][store]") {
    test::PgServer server(PlanLog::ServerSettings());
    CommandFixture fixture(server);
    Populate(fixture);
    REQUIRE_OK(fixture.Owner(
        "UPDATE request_keys SET created_at = now() - interval '2 days' WHERE key < '2'"
    ));
    PlanLog log(server, "ub_writer");
    const auto plans = log.Of([&] {
        REQUIRE(ClaimDueSnoozes(fixture.writer(), 10, Millis(0)).value().size() == 10);
        REQUIRE(DropOldRequestKeys(fixture.writer(), 10).value() == 10);
    });
    REQUIRE(plans.size() == 2);
    for (const std::string& plan : plans) {
        INFO(plan);
        CHECK(PlanLog::Executed(plan, "Seq Scan") == 0);
        CHECK(PlanLog::Executed(plan, "Sort") == 0);
        CHECK(plan.find("rows=5000 loops") == std::string::npos);
    }
}

TEST_CASE("Command plans: a page of the audit reads the newest leaf alone", "[pg][store]") {
    test::PgServer server(PlanLog::ServerSettings());
    CommandFixture fixture(server);
    const auto key = fixture.Seed(0);
    Populate(fixture);
    // Over two months, the conversation having begun in the month before that.
    REQUIRE_OK(fixture.Owner(
        "INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, actor_kind, "
        "action, changes) SELECT 1, date_trunc('month', now()) + s * interval '1 s', "
        "gen_random_uuid(), '" +
        key.conversation.ToString() + "', 1, 'append', '' FROM generate_series(-300, 300) s"
    ));
    REQUIRE_OK(fixture.Owner(
        "UPDATE conversation_counters SET first_message_at = now() - interval '60 days'"
    ));
    PlanLog log(server, "ub_gateway");
    const auto list = [&] {
        const auto page = ListConversationAudit(
            fixture.gateway(),
            kTenant,
            {},
            {.conversation = key.conversation, .count_max = 20, .after = {}},
            SteadyTime::max()
        );
        REQUIRE_OK(page);
        REQUIRE(page->commands.size() == 20);
    };
    for (int round = 0; round < 10; ++round) list();  // Then the plan is the generic one.
    const auto plans = log.Of(list);
    REQUIRE(plans.size() == 1);
    INFO(plans[0]);
    CHECK(PlanLog::Executed(plans[0], "Seq Scan") == 0);
    CHECK(
        PlanLog::Executed(plans[0], " on command_audit_") <= 2
    );  // Near midnight of a month's end.
}

}  // namespace
}  // namespace unibox::store
