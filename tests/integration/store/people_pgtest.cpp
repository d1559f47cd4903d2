#include "store/admin/audit.hpp"
#include "store/admin/people.hpp"
#include "store_fixture.hpp"

#include <set>
#include <string>
#include <thread>

namespace unibox::store {
namespace {

using test::HasCode;
using test::StoreFixture;

AgentSpec Anna() {
    return {"anna@idp", "Anna", "anna@example.com", v1::AGENT_ROLE_AGENT, false};
}

TEST_CASE("People: an agent is made, changed, disabled, listed", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    const TenantId other = fixture.Tenant("other");
    const auto made = PutAgent(fixture.admin(), tenant, Anna());
    REQUIRE_OK(made);
    CHECK(made->change == Change::kCreated);
    CHECK(PutAgent(fixture.admin(), tenant, Anna())->change == Change::kUnchanged);
    AgentSpec changed = Anna();
    changed.name = "Anna B.";
    changed.role = v1::AGENT_ROLE_ADMIN;
    changed.disabled = true;
    const auto updated = PutAgent(fixture.admin(), tenant, changed);
    REQUIRE_OK(updated);
    CHECK(updated->change == Change::kUpdated);
    CHECK(updated->agent == made->agent);
    const auto since = fixture.Owner("SELECT disabled_at::text FROM agents");
    REQUIRE(PutAgent(fixture.admin(), tenant, changed)->change == Change::kUnchanged);
    changed.email = "b@example.com";  // Disabled since then all the same.
    REQUIRE(PutAgent(fixture.admin(), tenant, changed)->change == Change::kUpdated);
    CHECK(
        fixture.Owner("SELECT disabled_at::text FROM agents").value()[0].Text(0) ==
        since.value()[0].Text(0)
    );
    // The same person of another tenant is somebody else.
    CHECK(PutAgent(fixture.admin(), other, Anna())->change == Change::kCreated);

    const auto found = FindAgent(fixture.admin(), tenant, "anna@idp");
    REQUIRE_OK(found);
    CHECK(found->agent == made->agent);
    CHECK(found->spec.name == "Anna B.");
    CHECK(found->spec.email == "b@example.com");
    CHECK(found->spec.role == v1::AGENT_ROLE_ADMIN);
    CHECK(found->spec.disabled);
    CHECK_THAT(FindAgent(fixture.admin(), tenant, "bob").status(), HasCode(Code::kNotFound));
    for (const char* id : {"b", "c", "d"}) {
        REQUIRE_OK(PutAgent(fixture.admin(), tenant, {id, id, "", v1::AGENT_ROLE_AGENT, false}));
    }
    const auto first = ListAgents(fixture.admin(), tenant, {}, 3).value();
    REQUIRE(first.size() == 3);
    const auto rest = ListAgents(fixture.admin(), tenant, first[2].agent, 3).value();
    REQUIRE(rest.size() == 1);
    // Ids of one millisecond have no order.
    std::set<std::string> names{rest[0].spec.external_id};
    for (const auto& agent : first) names.insert(agent.spec.external_id);
    CHECK(names == std::set<std::string>{"anna@idp", "b", "c", "d"});
}

TEST_CASE("People: what is wrong is refused by its field", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    AgentSpec spec = Anna();
    spec.external_id.clear();
    CHECK(PutAgent(fixture.admin(), tenant, spec).status().field() == "external_id");
    spec = Anna();
    spec.role = v1::AGENT_ROLE_UNSPECIFIED;
    CHECK(PutAgent(fixture.admin(), tenant, spec).status().field() == "role");
    spec.role = static_cast<v1::AgentRole>(99);
    CHECK(PutAgent(fixture.admin(), tenant, spec).status().field() == "role");
    CHECK(PutTeam(fixture.admin(), tenant, {"", "Nameless", false}).status().field() == "name");
    const TenantId nobody{9'999};
    CHECK_THAT(PutAgent(fixture.admin(), nobody, Anna()).status(), HasCode(Code::kNotFound));
    CHECK_THAT(
        PutTeam(fixture.admin(), nobody, {"a", "A", false}).status(), HasCode(Code::kNotFound)
    );
}

TEST_CASE("People: eight at once make one agent", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    pg::Pool& pool = fixture.admin();
    std::vector<Result<AgentPut>> puts(8);
    std::vector<std::thread> threads;
    for (auto& put : puts) threads.emplace_back([&] { put = PutAgent(pool, tenant, Anna()); });
    for (std::thread& thread : threads) thread.join();
    int created = 0;
    for (const auto& put : puts) {
        REQUIRE_OK(put);
        CHECK(put->agent == puts[0]->agent);
        created += put->change == Change::kCreated ? 1 : 0;
    }
    CHECK(created == 1);
}

TEST_CASE("People: teams and channels have members, of their own tenant alone", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    const TenantId other = fixture.Tenant("other");
    pg::Pool& pool = fixture.admin();
    const auto team = PutTeam(pool, tenant, {"sales", "Sales", false}).value();
    CHECK(team.change == Change::kCreated);
    CHECK(PutTeam(pool, tenant, {"sales", "Sales", false})->change == Change::kUnchanged);
    const auto renamed = PutTeam(pool, tenant, {"sales", "Sales EU", true});
    REQUIRE_OK(renamed);
    CHECK(renamed->change == Change::kUpdated);
    CHECK(renamed->team == team.team);
    CHECK(FindTeam(pool, tenant, "sales")->spec.disabled);
    CHECK(ListTeams(pool, tenant, {}, 10)->size() == 1);
    CHECK(ListTeams(pool, other, {}, 10)->empty());
    CHECK_THAT(FindTeam(pool, other, "sales").status(), HasCode(Code::kNotFound));

    const auto channel = PutChannel(pool, tenant, StoreFixture::Channel("wa", "1")).value().channel;
    std::vector<AgentId> agents;
    for (const char* id : {"a", "b", "c"}) {
        agents.push_back(
            PutAgent(pool, tenant, {id, id, "", v1::AGENT_ROLE_AGENT, false}).value().agent
        );
        CHECK(AddTeamMember(pool, tenant, team.team, agents.back()).value() == Change::kCreated);
        CHECK(AddChannelMember(pool, tenant, channel, agents.back()).value() == Change::kCreated);
    }
    CHECK(AddTeamMember(pool, tenant, team.team, agents[0]).value() == Change::kUnchanged);
    CHECK(AddChannelMember(pool, tenant, channel, agents[0]).value() == Change::kUnchanged);
    CHECK(ListTeamMembers(pool, tenant, team.team, {}, 2).value().size() == 2);
    CHECK(ListTeamMembers(pool, tenant, team.team, agents[1], 2).value() == std::vector{agents[2]});
    CHECK(ListChannelMembers(pool, tenant, channel, {}, 9).value() == agents);
    CHECK(RemoveTeamMember(pool, tenant, team.team, agents[0]).value() == Change::kUpdated);
    CHECK(RemoveTeamMember(pool, tenant, team.team, agents[0]).value() == Change::kUnchanged);
    CHECK(RemoveChannelMember(pool, tenant, channel, agents[0]).value() == Change::kUpdated);
    CHECK(ListChannelMembers(pool, tenant, channel, {}, 9).value().size() == 2);

    const auto refused = AddTeamMember(pool, tenant, team.team, AgentId{});
    CHECK_THAT(refused.status(), HasCode(Code::kNotFound));
    CHECK(refused.status().field() == "agent_id");
    CHECK_THAT(AddTeamMember(pool, other, team.team, agents[0]).status(), HasCode(Code::kNotFound));
    CHECK_THAT(
        AddChannelMember(pool, tenant, ChannelId{}, agents[0]).status(), HasCode(Code::kNotFound)
    );
}

TEST_CASE("People: each change is in the audit of administration", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    pg::Pool& pool = fixture.admin();
    const auto agent = PutAgent(pool, tenant, Anna()).value().agent;
    REQUIRE_OK(PutAgent(pool, tenant, Anna()));  // Changes nothing, so it is not told.
    const auto team = PutTeam(pool, tenant, {"sales", "Sales", false}).value().team;
    REQUIRE_OK(AddTeamMember(pool, tenant, team, agent));
    REQUIRE_OK(RemoveTeamMember(pool, tenant, team, agent));
    const auto told = fixture.Owner(
        "SELECT string_agg(kind || ' ' || name || CASE WHEN old_value IS NULL THEN ' +' WHEN "
        "new_value IS NULL THEN ' -' ELSE ' *' END, ', ' ORDER BY id) FROM admin_audit "
        "WHERE kind <> 'tenant' AND tenant IS NOT NULL"
    );
    REQUIRE_OK(told);
    const std::string member = "team_member " + agent.ToString();
    CHECK((*told)[0].Text(0) == "agent Anna +, team sales +, " + member + " +, " + member + " -");
}

}  // namespace
}  // namespace unibox::store
