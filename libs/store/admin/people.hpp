// Who works in a tenant's inbox: agents, teams, and the channels that agents belong to. Role
// ub_admin.
//
// Every Put is idempotent: it changes what differs and says what it did; nobody is ever removed,
// but disabled. NOT_FOUND: no such tenant, agent, team or channel. INVALID_ARGUMENT: the field is
// named. Thread safety: any thread; concurrent Puts of the same object end in one of both states.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/admin/objects.hpp"
#include "unibox/v1/agent.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

struct AgentSpec {
    std::string external_id;  // as the tenant's identity provider calls the person
    std::string name;
    std::string email;
    v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
    bool disabled = false;
};
struct AgentPut {
    AgentId agent;
    Change change = Change::kUnchanged;
};
struct StoredAgent {
    AgentId agent;
    AgentSpec spec;
};

struct TeamSpec {
    std::string slug;
    std::string name;
    bool disabled = false;
};
struct TeamPut {
    TeamId team;
    Change change = Change::kUnchanged;
};
struct StoredTeam {
    TeamId team;
    TeamSpec spec;
};

// Found by external_id, which never changes.
Result<AgentPut> PutAgent(pg::Pool& pool, TenantId tenant, const AgentSpec& spec);
Result<StoredAgent> FindAgent(pg::Pool& pool, TenantId tenant, std::string_view external_id);
// By id (the order in which they were made), above `after`, at most `count_max`.
Result<std::vector<StoredAgent>> ListAgents(
    pg::Pool& pool, TenantId tenant, const AgentId& after, std::int32_t count_max
);

// Found by slug, which never changes.
Result<TeamPut> PutTeam(pg::Pool& pool, TenantId tenant, const TeamSpec& spec);
Result<StoredTeam> FindTeam(pg::Pool& pool, TenantId tenant, std::string_view slug);
Result<std::vector<StoredTeam>> ListTeams(
    pg::Pool& pool, TenantId tenant, const TeamId& after, std::int32_t count_max
);

// kCreated, or kUnchanged if it was a member.
Result<Change> AddTeamMember(
    pg::Pool& pool, TenantId tenant, const TeamId& team, const AgentId& agent
);
// kUpdated, or kUnchanged if it was none.
Result<Change> RemoveTeamMember(
    pg::Pool& pool, TenantId tenant, const TeamId& team, const AgentId& agent
);
// In order, above `after`, at most `count_max`.
Result<std::vector<AgentId>> ListTeamMembers(
    pg::Pool& pool,
    TenantId tenant,
    const TeamId& team,
    const AgentId& after,
    std::int32_t count_max
);

// The same of a channel: agents of role AGENT work in the conversations of their channels alone.
Result<Change> AddChannelMember(
    pg::Pool& pool, TenantId tenant, const ChannelId& channel, const AgentId& agent
);
Result<Change> RemoveChannelMember(
    pg::Pool& pool, TenantId tenant, const ChannelId& channel, const AgentId& agent
);
Result<std::vector<AgentId>> ListChannelMembers(
    pg::Pool& pool,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& after,
    std::int32_t count_max
);

}  // namespace unibox::store
