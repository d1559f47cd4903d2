#include "store/admin/people.hpp"

#include "base/clock.hpp"
#include "pg/sqlstate.hpp"
#include "pg/transaction.hpp"
#include "store/admin/detail/object_sql.hpp"

#include <optional>

namespace unibox::store {
namespace {

// Each returns the id. The insert waits for one of the same name, so that the others see it.
struct PutStatements {
    pg::Statement insert;
    pg::Statement update;
    pg::Statement find;
};

// $1 tenant, $2 its name for ever, $3 … what may change, the last one the new id.
constexpr PutStatements kPutAgent = {
    {"admin_insert_agent",
     "INSERT INTO agents (tenant_id, external_id, name, email, role, disabled_at, agent_id) "
     "VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() END, $7) "
     "ON CONFLICT (tenant_id, external_id) DO NOTHING RETURNING agent_id"},
    {"admin_update_agent",
     "UPDATE agents SET name = $3, email = $4, role = $5, "
     "disabled_at = CASE WHEN $6 THEN coalesce(disabled_at, now()) END "
     "WHERE tenant_id = $1 AND external_id = $2 AND (name, email, role, disabled_at IS NOT NULL) "
     "IS DISTINCT FROM ($3, $4, $5, $6) RETURNING agent_id"},
    {"admin_agent_id", "SELECT agent_id FROM agents WHERE tenant_id = $1 AND external_id = $2"}};
constexpr PutStatements kPutTeam = {
    {"admin_insert_team",
     "INSERT INTO teams (tenant_id, slug, name, disabled_at, team_id) "
     "VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END, $5) "
     "ON CONFLICT (tenant_id, slug) DO NOTHING RETURNING team_id"},
    {"admin_update_team",
     "UPDATE teams SET name = $3, disabled_at = CASE WHEN $4 THEN coalesce(disabled_at, now()) END "
     "WHERE tenant_id = $1 AND slug = $2 AND (name, disabled_at IS NOT NULL) "
     "IS DISTINCT FROM ($3, $4) RETURNING team_id"},
    {"admin_team_id", "SELECT team_id FROM teams WHERE tenant_id = $1 AND slug = $2"}};

#define UNIBOX_AGENT_COLUMNS \
    "SELECT agent_id, external_id, name, email, role, disabled_at IS NOT NULL FROM agents "
#define UNIBOX_TEAM_COLUMNS "SELECT team_id, slug, name, disabled_at IS NOT NULL FROM teams "
constexpr pg::Statement kFindAgent{
    "admin_find_agent", UNIBOX_AGENT_COLUMNS "WHERE tenant_id = $1 AND external_id = $2"};
constexpr pg::Statement kListAgents{
    "admin_list_agents",
    UNIBOX_AGENT_COLUMNS "WHERE tenant_id = $1 AND agent_id > $2 ORDER BY agent_id LIMIT $3"};
constexpr pg::Statement kFindTeam{
    "admin_find_team", UNIBOX_TEAM_COLUMNS "WHERE tenant_id = $1 AND slug = $2"};
constexpr pg::Statement kListTeams{
    "admin_list_teams",
    UNIBOX_TEAM_COLUMNS "WHERE tenant_id = $1 AND team_id > $2 ORDER BY team_id LIMIT $3"};

// Of one kind of groups: teams, channels.
struct MemberStatements {
    pg::Statement add;
    pg::Statement remove;
    pg::Statement list;
};
#define UNIBOX_MEMBERS(table, group_id)                                              \
    {                                                                                \
        {"admin_add_" table,                                                         \
         "INSERT INTO " table "s (tenant_id, " group_id                              \
         ", agent_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"},                  \
            {"admin_remove_" table,                                                  \
             "DELETE FROM " table "s WHERE tenant_id = $1 AND " group_id             \
             " = $2 AND agent_id = $3"},                                             \
        {                                                                            \
            "admin_list_" table,                                                     \
                "SELECT agent_id FROM " table "s WHERE tenant_id = $1 AND " group_id \
                " = $2 AND agent_id > $3 ORDER BY agent_id LIMIT $4"                 \
        }                                                                            \
    }
constexpr MemberStatements kTeamMembers = UNIBOX_MEMBERS("team_member", "team_id");
constexpr MemberStatements kChannelMembers = UNIBOX_MEMBERS("channel_member", "channel_id");

struct Put {
    Uuid id;
    Change change = Change::kUnchanged;
};

// `row`: $1 and what follows, without the new id.
Result<Put> PutRow(
    pg::Pool& pool,
    TenantId tenant,
    const PutStatements& statements,
    std::string_view name,
    const pg::Params& row
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto found, tx.Execute(detail::kGetTenant, pg::Params::Of(tenant))
    );
    if (found.empty()) return NotFound("no tenant " + tenant.ToString());
    pg::Params whole = row;
    whole.Add(NewUuidV7(SystemClock().UnixMillis()));
    Put put;
    UNIBOX_ASSIGN_OR_RETURN(const auto inserted, tx.Execute(statements.insert, whole));
    if (!inserted.empty()) {
        put = {inserted[0].GetUuid(0), Change::kCreated};
    } else {
        UNIBOX_ASSIGN_OR_RETURN(const auto updated, tx.Execute(statements.update, row));
        if (!updated.empty()) {
            put = {updated[0].GetUuid(0), Change::kUpdated};
        } else {
            const auto key = pg::Params::Of(tenant, name);
            UNIBOX_ASSIGN_OR_RETURN(const auto same, tx.Execute(statements.find, key));
            if (same.empty()) return Status(Code::kAborted, "it comes and goes");
            put.id = same[0].GetUuid(0);
        }
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return put;
}

Result<pg::Rows> Read(
    pg::Pool& pool, TenantId tenant, const pg::Statement& statement, const pg::Params& params
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadOnly));
    return tx.ExecuteAndCommit(statement, params);
}

StoredAgent ToAgent(const pg::Row& row) {
    return {
        row.GetId<AgentId>(0),
        {.external_id = std::string(row.Text(1)),
         .name = std::string(row.Text(2)),
         .email = std::string(row.Text(3)),
         .role = static_cast<v1::AgentRole>(row.Int16(4)),
         .disabled = row.Bool(5)}};
}

StoredTeam ToTeam(const pg::Row& row) {
    return {
        row.GetId<TeamId>(0),
        {.slug = std::string(row.Text(1)),
         .name = std::string(row.Text(2)),
         .disabled = row.Bool(3)}};
}

// How many rows it changed. A group or agent that is not there is a foreign key that leads nowhere.
Result<std::int64_t> ChangeMember(
    pg::Pool& pool,
    TenantId tenant,
    const pg::Statement& statement,
    const Uuid& group,
    const AgentId& agent
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    const auto done = tx.ExecuteAndCommit(statement, pg::Params::Of(tenant, group, agent));
    if (done.ok()) return done->affected();
    const Status& refused = done.status();
    if (refused.reason() != pg::kForeignKeyViolation) return refused;
    const bool of_agent = pg::ErrorConstraint(refused).find("agent_id") != std::string::npos;
    return of_agent ? NotFound("no such agent").WithField("agent_id")
                    : NotFound("no such team or channel");
}

Result<Change> Add(
    pg::Pool& pool,
    TenantId tenant,
    const MemberStatements& statements,
    const Uuid& group,
    const AgentId& agent
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto count, ChangeMember(pool, tenant, statements.add, group, agent)
    );
    return count == 0 ? Change::kUnchanged : Change::kCreated;
}

Result<Change> Remove(
    pg::Pool& pool,
    TenantId tenant,
    const MemberStatements& statements,
    const Uuid& group,
    const AgentId& agent
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto count, ChangeMember(pool, tenant, statements.remove, group, agent)
    );
    return count == 0 ? Change::kUnchanged : Change::kUpdated;
}

Result<std::vector<AgentId>> List(
    pg::Pool& pool,
    TenantId tenant,
    const MemberStatements& statements,
    const pg::Params& group_and_place
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Read(pool, tenant, statements.list, group_and_place));
    std::vector<AgentId> agents;
    for (const pg::Row row : rows) agents.push_back(row.GetId<AgentId>(0));
    return agents;
}

}  // namespace

Result<AgentPut> PutAgent(pg::Pool& pool, TenantId tenant, const AgentSpec& spec) {
    if (spec.external_id.empty()) return InvalidArgument("empty").WithField("external_id");
    if (spec.role == v1::AGENT_ROLE_UNSPECIFIED || !v1::AgentRole_IsValid(spec.role)) {
        return InvalidArgument("must be one of the roles").WithField("role");
    }
    const auto row = pg::Params::Of(
        tenant,
        spec.external_id,
        spec.name,
        spec.email,
        static_cast<std::int16_t>(spec.role),
        spec.disabled
    );
    UNIBOX_ASSIGN_OR_RETURN(const Put put, PutRow(pool, tenant, kPutAgent, spec.external_id, row));
    return AgentPut{AgentId{put.id}, put.change};
}

Result<StoredAgent> FindAgent(pg::Pool& pool, TenantId tenant, std::string_view external_id) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Read(pool, tenant, kFindAgent, pg::Params::Of(tenant, external_id))
    );
    if (rows.empty()) return NotFound("no agent " + std::string(external_id));
    return ToAgent(rows[0]);
}

Result<std::vector<StoredAgent>> ListAgents(
    pg::Pool& pool, TenantId tenant, const AgentId& after, std::int32_t count_max
) {
    const auto params = pg::Params::Of(tenant, after, std::int64_t{count_max});
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Read(pool, tenant, kListAgents, params));
    std::vector<StoredAgent> agents;
    for (const pg::Row row : rows) agents.push_back(ToAgent(row));
    return agents;
}

Result<TeamPut> PutTeam(pg::Pool& pool, TenantId tenant, const TeamSpec& spec) {
    if (spec.slug.empty()) return InvalidArgument("empty").WithField("slug");
    const auto row = pg::Params::Of(tenant, spec.slug, spec.name, spec.disabled);
    UNIBOX_ASSIGN_OR_RETURN(const Put put, PutRow(pool, tenant, kPutTeam, spec.slug, row));
    return TeamPut{TeamId{put.id}, put.change};
}

Result<StoredTeam> FindTeam(pg::Pool& pool, TenantId tenant, std::string_view slug) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Read(pool, tenant, kFindTeam, pg::Params::Of(tenant, slug))
    );
    if (rows.empty()) return NotFound("no team " + std::string(slug));
    return ToTeam(rows[0]);
}

Result<std::vector<StoredTeam>> ListTeams(
    pg::Pool& pool, TenantId tenant, const TeamId& after, std::int32_t count_max
) {
    const auto params = pg::Params::Of(tenant, after, std::int64_t{count_max});
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Read(pool, tenant, kListTeams, params));
    std::vector<StoredTeam> teams;
    for (const pg::Row row : rows) teams.push_back(ToTeam(row));
    return teams;
}

Result<Change> AddTeamMember(
    pg::Pool& pool, TenantId tenant, const TeamId& team, const AgentId& agent
) {
    return Add(pool, tenant, kTeamMembers, team.value, agent);
}

Result<Change> RemoveTeamMember(
    pg::Pool& pool, TenantId tenant, const TeamId& team, const AgentId& agent
) {
    return Remove(pool, tenant, kTeamMembers, team.value, agent);
}

Result<std::vector<AgentId>> ListTeamMembers(
    pg::Pool& pool,
    TenantId tenant,
    const TeamId& team,
    const AgentId& after,
    std::int32_t count_max
) {
    const auto place = pg::Params::Of(tenant, team, after, std::int64_t{count_max});
    return List(pool, tenant, kTeamMembers, place);
}

Result<Change> AddChannelMember(
    pg::Pool& pool, TenantId tenant, const ChannelId& channel, const AgentId& agent
) {
    return Add(pool, tenant, kChannelMembers, channel.value, agent);
}

Result<Change> RemoveChannelMember(
    pg::Pool& pool, TenantId tenant, const ChannelId& channel, const AgentId& agent
) {
    return Remove(pool, tenant, kChannelMembers, channel.value, agent);
}

Result<std::vector<AgentId>> ListChannelMembers(
    pg::Pool& pool,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& after,
    std::int32_t count_max
) {
    const auto place = pg::Params::Of(tenant, channel, after, std::int64_t{count_max});
    return List(pool, tenant, kChannelMembers, place);
}

}  // namespace unibox::store
