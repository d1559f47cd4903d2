#include "store/admin/people.hpp"

#include "pg/sqlstate.hpp"
#include "pg/transaction.hpp"
#include "store/admin/detail/member_sql.hpp"
#include "store/admin/rows.hpp"

#include <optional>

namespace unibox::store {
namespace {

using detail::kChannelMembers;
using detail::kTeamMembers;
using detail::MemberStatements;

Result<pg::Rows> Read(
    const Administration& administration,
    TenantId tenant,
    const pg::Statement& statement,
    const pg::Params& params
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    return tx.ExecuteAndCommit(statement, params);
}

// How many rows it changed. A group or agent that is not there is a foreign key that leads nowhere.
Result<std::int64_t> ChangeMember(
    const Administration& administration,
    TenantId tenant,
    const pg::Statement& statement,
    const Uuid& group,
    const AgentId& agent
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto done = tx.ExecuteAndCommit(statement, pg::Params::Of(tenant, group, agent));
    if (done.ok()) return done->affected();
    const Status& refused = done.status();
    if (refused.reason() != pg::kForeignKeyViolation) return refused;
    const bool of_agent = pg::ErrorConstraint(refused).find("agent_id") != std::string::npos;
    return of_agent ? NotFound("no such agent").WithField("agent_id")
                    : NotFound("no such team or channel");
}

Result<Change> Add(
    const Administration& administration,
    TenantId tenant,
    const MemberStatements& statements,
    const Uuid& group,
    const AgentId& agent
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto count, ChangeMember(administration, tenant, statements.add, group, agent)
    );
    return count == 0 ? Change::kUnchanged : Change::kCreated;
}

Result<Change> Remove(
    const Administration& administration,
    TenantId tenant,
    const MemberStatements& statements,
    const Uuid& group,
    const AgentId& agent
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto count, ChangeMember(administration, tenant, statements.remove, group, agent)
    );
    return count == 0 ? Change::kUnchanged : Change::kUpdated;
}

Result<std::vector<AgentId>> List(
    const Administration& administration,
    TenantId tenant,
    const MemberStatements& statements,
    const pg::Params& group_and_place
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Read(administration, tenant, statements.list, group_and_place)
    );
    std::vector<AgentId> agents;
    for (const pg::Row row : rows) agents.push_back(row.GetId<AgentId>(0));
    return agents;
}

}  // namespace

Result<AgentPut> PutAgent(
    const Administration& administration, TenantId tenant, const AgentSpec& spec
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto put, PutRow(administration, tenant, spec));
    return AgentPut{AgentId{put.id}, put.change};
}

Result<StoredAgent> FindAgent(
    const Administration& administration, TenantId tenant, std::string_view external_id
) {
    UNIBOX_ASSIGN_OR_RETURN(auto found, FindRow<AgentSpec>(administration, tenant, external_id));
    return StoredAgent{AgentId{found.id}, std::move(found.spec)};
}

Result<std::vector<StoredAgent>> ListAgents(
    const Administration& administration,
    TenantId tenant,
    const AgentId& after,
    std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto rows, ListRows<AgentSpec>(administration, tenant, after.value, count_max)
    );
    std::vector<StoredAgent> agents;
    for (auto& row : rows) agents.push_back({AgentId{row.id}, std::move(row.spec)});
    return agents;
}

Result<TeamPut> PutTeam(
    const Administration& administration, TenantId tenant, const TeamSpec& spec
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto put, PutRow(administration, tenant, spec));
    return TeamPut{TeamId{put.id}, put.change};
}

Result<StoredTeam> FindTeam(
    const Administration& administration, TenantId tenant, std::string_view slug
) {
    UNIBOX_ASSIGN_OR_RETURN(auto found, FindRow<TeamSpec>(administration, tenant, slug));
    return StoredTeam{TeamId{found.id}, std::move(found.spec)};
}

Result<std::vector<StoredTeam>> ListTeams(
    const Administration& administration,
    TenantId tenant,
    const TeamId& after,
    std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto rows, ListRows<TeamSpec>(administration, tenant, after.value, count_max)
    );
    std::vector<StoredTeam> teams;
    for (auto& row : rows) teams.push_back({TeamId{row.id}, std::move(row.spec)});
    return teams;
}

Result<Change> AddTeamMember(
    const Administration& administration, TenantId tenant, const TeamId& team, const AgentId& agent
) {
    return Add(administration, tenant, kTeamMembers, team.value, agent);
}

Result<Change> RemoveTeamMember(
    const Administration& administration, TenantId tenant, const TeamId& team, const AgentId& agent
) {
    return Remove(administration, tenant, kTeamMembers, team.value, agent);
}

Result<std::vector<AgentId>> ListTeamMembers(
    const Administration& administration,
    TenantId tenant,
    const TeamId& team,
    const AgentId& after,
    std::int32_t count_max
) {
    const auto place = pg::Params::Of(tenant, team, after, std::int64_t{count_max});
    return List(administration, tenant, kTeamMembers, place);
}

Result<Change> AddChannelMember(
    const Administration& administration,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& agent
) {
    return Add(administration, tenant, kChannelMembers, channel.value, agent);
}

Result<Change> RemoveChannelMember(
    const Administration& administration,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& agent
) {
    return Remove(administration, tenant, kChannelMembers, channel.value, agent);
}

Result<std::vector<AgentId>> ListChannelMembers(
    const Administration& administration,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& after,
    std::int32_t count_max
) {
    const auto place = pg::Params::Of(tenant, channel, after, std::int64_t{count_max});
    return List(administration, tenant, kChannelMembers, place);
}

}  // namespace unibox::store
