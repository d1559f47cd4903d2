// What is counted, as whoever may see it: what a look at every conversation of theirs finds.
#include "agents_fixture.hpp"
#include "store/admin/counts.hpp"
#include "store/admin/people.hpp"
#include "store/inbox/stats.hpp"
#include "support/plan_log.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/stats_service.pb.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::AgentsFixture;
using test::GatewayFixture;

namespace {

constexpr int kCount = 60;
constexpr const char* kNobody = "00000000-0000-0000-0000-000000000000";

// Number n of kCount: status 1 + n % 3, n % 4 unread messages, on other_channel if n % 5 = 0; the
// member has it if n % 2 = 0, the team if n % 3 = 0, its customer waits if n % 6 = 0.
struct World {
    World() {
        member = agents.AddAgent(tenant(), "member", v1::AGENT_ROLE_AGENT);
        agents.AddAgent(tenant(), "outsider", v1::AGENT_ROLE_AGENT);
        gateway().AddConversations(tenant(), 1, kCount, false);
        gateway().Sql(fmt::format(
            "UPDATE conversations SET assignee_id = CASE WHEN version % 2 = 0 THEN '{0}'::uuid "
            "END, "
            "team_id = CASE WHEN version % 3 = 0 THEN '{1}'::uuid END, "
            "waiting_since = CASE WHEN version % 6 = 0 "
            "THEN timestamptz '2026-07-01 00:00:00+00' + version * interval '1 minute' END; "
            "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) "
            "VALUES ({2}, '{3}', 'a', 'a', 1, 'a'), ({2}, '{4}', 'b', 'b', 2, 'b')",
            member.ToString(),
            team,
            tenant().id.value,
            tenant().channel,
            tenant().other_channel
        ));
        Join(tenant().channel, member);
        const auto recount = store::RecountInbox(gateway().admin(), tenant().id, true);
        REQUIRE_OK(recount);
        REQUIRE_FALSE(recount->differences.empty());
    }

    GatewayFixture& gateway() { return agents.gateway; }
    const test::TestTenant& tenant() const { return agents.tenant; }
    std::string Token(const std::string& role, const std::string& subject) const {
        return agents.Token(AgentsFixture::Claims(role, subject));
    }
    void Join(const std::string& channel, AgentId agent) {
        REQUIRE_OK(store::AddChannelMember(
            gateway().admin(), tenant().id, ChannelId{Uuid::Parse(channel).value()}, agent
        ));
    }
    template <class Response>
    Response Get(const std::string& target, const std::string& credential) {
        const auto answer = gateway().Get(target, credential);
        INFO(answer.body);
        REQUIRE(answer.status == 200);
        Response response;
        REQUIRE(google::protobuf::util::JsonStringToMessage(answer.body, &response).ok());
        return response;
    }
    v1::CountConversationsResponse Counts(
        const std::string& credential, const std::string& query = ""
    ) {
        return Get<v1::CountConversationsResponse>("/v1/conversations:counts" + query, credential);
    }
    // So many hours ago, on a channel, by an agent.
    void AddVolume(
        int hours_ago, const std::string& channel, const std::string& agent, int shard, int count
    ) {
        gateway().Sql(fmt::format(
            "INSERT INTO inbox_volumes VALUES ({}, 1, date_trunc('hour', now() - {} * interval "
            "'1 hour', 'UTC'), '{}', '{}', {}, {}, {}, 0, 0, 0, {}, {}, {}, {}, {}, {})",
            tenant().id.value,
            hours_ago,
            channel,
            agent,
            shard,
            count,
            10 * count,
            count,
            count * 1000,
            count,
            count * 2000,
            count,
            count * 5000
        ));
    }

    AgentsFixture agents;
    AgentId member;
    const std::string team = "bcbcbcbc-0000-7000-8000-000000000001";
};

template <class Condition>
int CountIf(const Condition& condition) {
    int count = 0;
    for (int n = 1; n <= kCount; ++n) count += condition(n) ? 1 : 0;
    return count;
}

// That the numbers are those of the conversations for which `seen` holds.
template <class Seen>
void CheckCounts(const v1::CountConversationsResponse& counts, bool is_member, const Seen& seen) {
    CHECK(counts.all().conversation_count() == CountIf(seen));
    CHECK(counts.all().unread_count() == CountIf([&](int n) { return seen(n) && n % 4 > 0; }));
    CHECK(counts.all().waiting_count() == CountIf([&](int n) { return seen(n) && n % 6 == 0; }));
    int unread_messages = 0;
    for (int n = 1; n <= kCount; ++n) unread_messages += seen(n) ? n % 4 : 0;
    CHECK(counts.all().unread_message_count() == unread_messages);
    for (const auto& entry : counts.statuses()) {
        const auto same = [&](int n) { return seen(n) && 1 + n % 3 == entry.status(); };
        CHECK(entry.counts().conversation_count() == CountIf(same));
    }
    const int assigned = CountIf([&](int n) { return seen(n) && n % 2 == 0; });
    CHECK(counts.mine().conversation_count() == (is_member ? assigned : 0));
    CHECK(counts.others().conversation_count() == (is_member ? 0 : assigned));
    CHECK(counts.unassigned().conversation_count() == CountIf(seen) - assigned);
    const int of_team = CountIf([&](int n) { return seen(n) && n % 3 == 0; });
    for (const auto& entry : counts.teams()) {
        const int expected = entry.team_id().empty() ? CountIf(seen) - of_team : of_team;
        CHECK(entry.counts().conversation_count() == expected);
    }
}

bool IsOfOtherChannel(int n) {
    return n % 5 == 0;
}

}  // namespace

TEST_CASE("Counts: everybody counts what they see", "[pg][gateway]") {
    World world;
    const auto everything = [](int) { return true; };
    const auto by_key = world.Counts(world.tenant().key);
    CHECK(by_key.statuses_size() == 3);
    CHECK(by_key.teams_size() == 2);
    CheckCounts(by_key, false, everything);
    CheckCounts(world.Counts(world.Token("supervisor", "agent-1")), false, everything);
    CheckCounts(world.Counts(world.Token("agent", "member")), true, [](int n) {
        return !IsOfOtherChannel(n);
    });
    CheckCounts(world.Counts(world.Token("agent", "outsider")), false, [](int) { return false; });
    world.Join(world.tenant().other_channel, world.member);
    CheckCounts(world.Counts(world.Token("agent", "member")), true, everything);
    const auto other = world.gateway().AddTenant("other");
    CheckCounts(world.Counts(other.key), false, [](int) { return false; });
}

TEST_CASE("Counts: of some channels, of a team", "[pg][gateway]") {
    World world;
    const std::string& key = world.tenant().key;
    CheckCounts(
        world.Counts(key, "?channelIds=" + world.tenant().other_channel), false, IsOfOtherChannel
    );
    CheckCounts(world.Counts(key, "?teamId=" + world.team), false, [](int n) {
        return n % 3 == 0;
    });
    // What is not seen is not counted, by whatever name it is asked for.
    CheckCounts(
        world.Counts(world.Token("agent", "member"), "?channelIds=" + world.tenant().other_channel),
        true,
        [](int) { return false; }
    );
    CHECK(world.gateway().Get("/v1/conversations:counts?teamId=x", key).status == 400);
}

TEST_CASE("Counts: totals and what is not folded yet are one", "[pg][gateway]") {
    World world;
    const auto before = world.Counts(world.tenant().key);
    world.gateway().Sql(
        "INSERT INTO conversation_tallies SELECT tenant_id, channel_id, status, assignee_id, "
        "team_id, 1005, -conversation_count, 0, 7, 0 FROM conversation_tallies LIMIT 1"
    );
    const auto after = world.Counts(world.tenant().key);
    CHECK(after.all().conversation_count() < before.all().conversation_count());
    CHECK(after.all().unread_message_count() == before.all().unread_message_count() + 7);
}

TEST_CASE("Agent stats: each has what a look finds; an agent is told its own", "[pg][gateway]") {
    World world;
    const std::string path = "/v1/stats/agents";
    const auto all = world.Get<v1::ListAgentStatsResponse>(path, world.tenant().key);
    REQUIRE(all.agents_size() == 3);
    int found = 0;
    for (const v1::AgentStats& stats : all.agents()) {
        if (stats.agent_id() != world.member.ToString()) {
            CHECK(stats.counts().conversation_count() == 0);
            CHECK_FALSE(stats.has_oldest_waiting_since_time());
            continue;
        }
        ++found;
        CHECK(stats.name() == "Agent member");
        CHECK(stats.counts().conversation_count() == 30);
        CHECK(stats.counts().unread_count() == 15);
        CHECK(stats.counts().waiting_count() == 10);
        CHECK(stats.oldest_waiting_since_time().seconds() == 1'782'864'000 + 6 * 60);
    }
    CHECK(found == 1);
    const auto own = world.Get<v1::ListAgentStatsResponse>(path, world.Token("agent", "member"));
    REQUIRE(own.agents_size() == 1);
    CHECK(own.agents(0).agent_id() == world.member.ToString());
    CHECK(own.agents(0).counts().conversation_count() == 24);  // without the other channel
    std::string token;
    int pages = 0;
    do {
        const auto page = world.Get<v1::ListAgentStatsResponse>(
            path + "?pageSize=1&pageToken=" + token, world.tenant().key
        );
        REQUIRE(page.agents_size() == 1);
        CHECK(page.agents(0).agent_id() == all.agents(pages).agent_id());
        token = page.next_page_token();
        ++pages;
    } while (!token.empty() && pages < 10);
    CHECK(pages == 3);
}

TEST_CASE("Volumes: by hour and day, of what the caller may know", "[pg][gateway]") {
    World world;
    const std::string member = world.member.ToString();
    world.AddVolume(1, world.tenant().channel, kNobody, 0, 2);
    world.AddVolume(1, world.tenant().channel, kNobody, 1003, 1);
    world.AddVolume(1, world.tenant().channel, member, 1003, 4);
    world.AddVolume(2, world.tenant().other_channel, kNobody, 1003, 8);
    world.AddVolume(100, world.tenant().channel, kNobody, 1003, 16);
    const std::string hours = "/v1/stats:volume?granularity=STATS_GRANULARITY_HOUR";
    const auto by_hour = world.Get<v1::ListVolumesResponse>(hours, world.tenant().key);
    REQUIRE(by_hour.volumes_size() == 2);
    CHECK(by_hour.volumes(0).channel_id() == world.tenant().other_channel);
    CHECK(by_hour.volumes(0).begun_count() == 8);
    const v1::Volume& last = by_hour.volumes(1);
    CHECK(last.begun_count() == 7);
    CHECK(last.inbound_count() == 70);
    CHECK(last.average_response_ms() == 1'000);
    CHECK(last.average_first_response_ms() == 2'000);
    CHECK(last.average_resolution_ms() == 5'000);
    const auto own = world.Get<v1::ListVolumesResponse>(hours, world.Token("agent", "member"));
    REQUIRE(own.volumes_size() == 1);
    CHECK(own.volumes(0).begun_count() == 4);
    const auto by_day = world.Get<v1::ListVolumesResponse>("/v1/stats:volume", world.tenant().key);
    std::int64_t begun = 0;
    for (const v1::Volume& volume : by_day.volumes()) {
        begun += volume.begun_count();
        CHECK(volume.start_time().seconds() % 86'400 == 0);
    }
    CHECK(begun == 7 + 8 + 16 - 2);  // Of the days, what was folded is in rows of its own.
    const std::string& key = world.tenant().key;
    for (const std::string wrong :
         {"granularity=9",
          "startTime=2026-07-02T00:00:00Z&endTime=2026-07-01T00:00:00Z",
          "startTime=2024-07-02T00:00:00Z&endTime=2026-07-01T00:00:00Z",
          "channelId=x"}) {
        INFO(wrong);
        CHECK(world.gateway().Get("/v1/stats:volume?" + wrong, key).status == 400);
    }
}

TEST_CASE("Dashboard: eight figures, and by provider", "[pg][gateway]") {
    World world;
    world.gateway().Sql("DELETE FROM inbox_volumes");
    world.AddVolume(1, world.tenant().channel, kNobody, 1003, 1);
    world.AddVolume(24 * 10, world.tenant().other_channel, kNobody, 1003, 2);
    world.AddVolume(24 * 40, world.tenant().channel, kNobody, 1004, 4);
    world.gateway().Sql(fmt::format(
        "INSERT INTO inbox_volumes VALUES ({}, 3, '-infinity', '{}', '{}', 0, 100, 1000, 0, 50, 0, "
        "0, 0, 0, 0, 0, 0)",
        world.tenant().id.value,
        world.tenant().channel,
        kNobody
    ));
    const auto dashboard = world.Get<v1::Dashboard>("/v1/stats:dashboard", world.tenant().key);
    CHECK(dashboard.conversation_count() == 107);
    CHECK(dashboard.last_month_conversation_count() == 3);
    CHECK(dashboard.active_conversation_count() == kCount);
    CHECK(dashboard.message_count() == 1'120);
    CHECK(dashboard.last_week_message_count() == 10);
    CHECK(dashboard.bot_message_count() == 50);
    CHECK(dashboard.average_response_ms() == 1'000);
    CHECK(dashboard.average_first_response_ms() == 2'000);
    REQUIRE(dashboard.providers_size() == 2);
    CHECK(dashboard.providers(0).provider() == v1::PROVIDER_TELEGRAM);
    CHECK(dashboard.providers(0).conversation_count() == 105);
    CHECK(dashboard.providers(1).active_conversation_count() == 12);
    const auto supervisor = world.Token("supervisor", "agent-1");
    CHECK(world.gateway().Get("/v1/stats:dashboard", supervisor).status == 200);
    CHECK(world.gateway().Get("/v1/stats:dashboard", world.Token("agent", "member")).status == 403);
    CHECK(world.gateway().Get("/v1/stats:dashboard", "").status == 401);
}

TEST_CASE(
    "Counts: no plan looks at conversations, or at another tenant's counts", "[pg][gateway]"
) {
    test::PgServer server(test::PlanLog::ServerSettings());
    auto config = GatewayFixture::DefaultConfig();
    config.api_keys.known_ms_max = 3'600'000;
    GatewayFixture fixture(server, config);
    const auto tenant = fixture.AddTenant("grown");
    fixture.AddConversations(tenant, 1, 3'000, false);
    // 300 tenants, of each 100 kinds and 300 hours, some of them not folded.
    fixture.Sql(fmt::format(
        "INSERT INTO agents (tenant_id, agent_id, external_id, name, role) "
        "SELECT {0}, gen_random_uuid(), n::text, 'a', 1 FROM generate_series(1, 20) n;"
        "INSERT INTO conversation_tallies SELECT {0} + t, gen_random_uuid(), 1 + n % 3, "
        "gen_random_uuid(), '{1}', n % 2, 1, 1, 1, 1 "
        "FROM generate_series(0, 299) t, generate_series(1, 100) n;"
        "INSERT INTO inbox_volumes SELECT {0} + t, p, date_trunc('hour', now()) - n * interval "
        "'1 hour', gen_random_uuid(), '{1}', CASE WHEN p = 1 THEN n % 2 ELSE 0 END, "
        "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 "
        "FROM generate_series(0, 299) t, generate_series(1, 100) n, generate_series(1, 3) p;"
        "ANALYZE",
        tenant.id.value,
        kNobody
    ));
    test::PlanLog log(server, "ub_gateway");
    for (const std::string target :
         {"/v1/conversations:counts",
          "/v1/stats:dashboard",
          "/v1/stats/agents",
          "/v1/stats:volume?granularity=STATS_GRANULARITY_HOUR"}) {
        INFO(target);
        for (int round = 0; round < 30; ++round) {  // Until the plan is one for all.
            REQUIRE(fixture.Get(target, tenant.key).status == 200);
        }
        const auto plans = log.Of([&] { REQUIRE(fixture.Get(target, tenant.key).status == 200); });
        REQUIRE(plans.size() == 1);
        INFO(plans[0]);
        CHECK(test::PlanLog::Executed(plans[0], "Seq Scan on conversation_tallies") == 0);
        CHECK(test::PlanLog::Executed(plans[0], "Seq Scan on inbox_volumes") == 0);
        CHECK(test::PlanLog::Executed(plans[0], " on conversations_") == 0);
    }
}
