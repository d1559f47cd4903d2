// The server's own account of what each read did.
#include "gateway_fixture.hpp"
#include "support/plan_log.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;
using test::PlanLog;

namespace {

// Runs requests and finds the plans of what ub_gateway executed for them.
class Plans {
public:
    explicit Plans(GatewayFixture& fixture)
        : fixture_(fixture), log_(fixture.server(), "ub_gateway") {}

    // The plans of one request, without those of authentication.
    std::vector<std::string> Of(const std::string& target, const std::string& key) {
        REQUIRE(fixture_.Get(target, key).status == 200);  // The key is known from here on.
        return log_.Of([&] { REQUIRE(fixture_.Get(target, key).status == 200); });
    }

private:
    GatewayFixture& fixture_;
    PlanLog log_;
};

// Enough for the planner to prefer indexes where they help, and several months of leaves.
void Populate(GatewayFixture& fixture, const test::TestTenant& tenant) {
    fixture.AddConversations(tenant, 1, 300, false);
    for (int i = 0; i < 20; ++i) {
        fixture.AddConversations(fixture.AddTenant(fmt::format("filler-{}", i)), 1, 300, false);
    }
    fixture.Sql(
        "UPDATE conversations SET status = 4, closed_at = date_trunc('month', now()) - "
        "interval '1 day' WHERE version > 280"
    );
    fixture.Sql(
        "UPDATE conversation_counters n SET closed_at = c.closed_at FROM conversations c WHERE "
        "c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id AND c.version > 280"
    );
    fixture.Sql(
        "UPDATE conversations SET labels = CASE WHEN version % 3 = 0 THEN '{vip}' ELSE '{}' "
        "END::text[], assignee_id = CASE WHEN version % 2 = 0 THEN "
        "'abababab-0000-7000-8000-000000000001'::uuid END, team_id = channel_id, "
        "waiting_since = CASE WHEN version % 2 = 0 THEN last_activity_at END"
    );
    fixture.Sql(
        "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
        "channel_id, direction, kind, body, received_at, version) SELECT tenant_id, "
        "conversation_id, s, date_trunc('month', now()) + s * interval '1 minute', "
        "gen_random_uuid(), gen_random_uuid(), 1, 1, 'text', now(), 1 "
        "FROM conversation_counters, generate_series(1, 5) s"
    );
    fixture.Sql(
        "UPDATE conversation_counters SET last_seq = 5, first_message_at = date_trunc('month', "
        "now()) + "
        "interval '1 minute', last_message_at = date_trunc('month', now()) + interval '5 minute'"
    );
    fixture.Sql("ANALYZE");
}

// Each filter and order by the index that is for it, on the live leaf alone.
void CheckFilters(GatewayFixture& fixture, const test::TestTenant& tenant, Plans& plans) {
    const std::string agent = "abababab-0000-7000-8000-000000000001";
    const std::string by_activity =
        "conversations_live_tenant_id_last_activity_at_conversation__idx";
    const std::string by_channel =
        "conversations_live_tenant_id_channel_id_last_activity_at_co_idx";
    const std::string waiting = "orderBy=CONVERSATION_ORDER_LONGEST_WAITING";
    struct Case {
        std::string query;
        std::string index;
    };
    const std::vector<Case> cases = {
        {"assignee=" + agent, "conversations_live_by_assignee"},
        {"assignee=" + agent + "&labels=vip&unread=true", "conversations_live_by_assignee"},
        {"assignee=none", by_activity},
        {"teamId=" + tenant.channel, by_activity},
        {"labels=vip&labels=late", by_activity},
        {"priorities=PRIORITY_HIGH", by_activity},
        {"statuses=1&statuses=2", by_activity},
        {"waiting=true", by_activity},
        {"channelIds=" + tenant.channel + "&channelIds=" + tenant.other_channel, by_channel},
        {"channelIds=" + tenant.channel + "&labels=vip", by_channel},
        {waiting, "conversations_live_waiting"},
        {waiting + "&labels=vip&assignee=none", "conversations_live_waiting"},
        {waiting + "&assignee=" + agent, "conversations_live_by_assignee"}};
    for (const Case& one : cases) {
        const std::string target = "/v1/conversations?" + one.query;
        for (int round = 0; round < 30; ++round) {
            REQUIRE(fixture.Get(target, tenant.key).status == 200);
        }
        const auto found = plans.Of(target, tenant.key);
        INFO(target);
        REQUIRE(found.size() == 1);
        INFO(found[0]);
        CHECK(PlanLog::Executed(found[0], "Seq Scan") == 0);
        CHECK(PlanLog::Executed(found[0], " on conversations_live conversations") == 1);
        CHECK(PlanLog::Executed(found[0], " on conversations_2") == 0);  // No month.
        CHECK(PlanLog::Executed(found[0], one.index) == 1);
        // The place is found, not passed by.
        CHECK(found[0].find("Filter: ((closed_at") == std::string::npos);
    }
}

}  // namespace

TEST_CASE("Plans: lists go by index also before the first ANALYZE", "[pg][gateway]") {
    auto options = PlanLog::ServerSettings();
    options.emplace_back("autovacuum = off");
    test::PgServer server(options);
    auto config = GatewayFixture::DefaultConfig();
    config.api_keys.known_ms_max = 3'600'000;
    GatewayFixture fixture(server, config);
    const auto tenant = fixture.AddTenant("imported");
    fixture.AddConversations(tenant, 1, 12'000, false);
    Plans plans(fixture);
    const std::string list = "/v1/conversations";
    for (const std::string& target :
         {list, list + "?unread=true", list + "?channelId=" + tenant.channel}) {
        const auto found = plans.Of(target, tenant.key);
        INFO(target);
        REQUIRE(found.size() == 1);
        INFO(found[0]);
        // What channels have is merged: of each no more than a page.
        const bool merges = target.find("channelId") != std::string::npos;
        CHECK(PlanLog::Executed(found[0], "->  Sort") == (merges ? 1 : 0));
        CHECK(PlanLog::Executed(found[0], "Seq Scan") == 0);
        CHECK(found[0].find("rows=12000") == std::string::npos);
    }
}

TEST_CASE("Plans: each read is one statement, by index, on the leaves it needs", "[pg][gateway]") {
    test::PgServer server(PlanLog::ServerSettings());
    auto config = GatewayFixture::DefaultConfig();
    config.api_keys.known_ms_max = 3'600'000;  // No look-up of the key comes between.
    GatewayFixture fixture(server, config);
    const auto tenant = fixture.AddTenant("plans");
    Populate(fixture, tenant);
    Plans plans(fixture);
    const std::string live = GatewayFixture::ConversationUuid(tenant, 7);
    const std::string closed = GatewayFixture::ConversationUuid(tenant, 290);
    const std::string list = "/v1/conversations";
    struct Case {
        std::string target;
        std::string table;
        int scans;
    };
    const std::vector<Case> cases = {
        {list, "conversations_", 1},
        {list + "?unread=true", "conversations_", 1},
        {list + "?channelId=" + tenant.channel, "conversations_", 1},
        {list + "?status=2&pageSize=5", "conversations_", 1},
        {list + "/" + live, "conversations_", 1},
        {list + "/" + closed, "conversations_", 1},
        {list + "/" + live + "/messages", "messages_", 1},
        {list + "/" + live + "/messages?order=2&afterSeq=2", "messages_", 1},
        {"/v1/contacts/" + GatewayFixture::ContactUuid(tenant, 3), "contacts", 4},
    };
    for (const Case& one : cases) {
        // Also after PostgreSQL has settled on a generic plan (from the sixth execution of a
        // connection on).
        for (int round = 0; round < 30; ++round) {
            REQUIRE(fixture.Get(one.target, tenant.key).status == 200);
        }
        const auto found = plans.Of(one.target, tenant.key);
        INFO(one.target);
        REQUIRE(found.size() == 1);
        INFO(found[0]);
        CHECK(PlanLog::Executed(found[0], "Seq Scan") == 0);
        CHECK(PlanLog::Executed(found[0], " on " + one.table) == one.scans);
    }
    CheckFilters(fixture, tenant, plans);
    // The closed list reads every leaf but the live one.
    const auto found = plans.Of(list + "?status=CONVERSATION_STATUS_CLOSED", tenant.key);
    REQUIRE(found.size() == 1);
    INFO(found[0]);
    CHECK(found[0].find(" on conversations_live") == std::string::npos);
}
