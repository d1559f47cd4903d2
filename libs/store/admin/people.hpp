// Who works in a tenant's inbox: agents, teams (rows.hpp), and the channels that agents belong to.
// Roles ub_admin and ub_console.
//
// Every Put is idempotent: it changes what differs and says what it did; nobody is ever removed,
// but disabled. NOT_FOUND: no such tenant, agent, team or channel. INVALID_ARGUMENT: the field is
// named. Thread safety: any thread; concurrent Puts of the same object end in one of both states.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "store/admin/administration.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/specs.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

struct AgentPut {
    AgentId agent;
    Change change = Change::kUnchanged;
};
struct StoredAgent {
    AgentId agent;
    AgentSpec spec;
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
Result<AgentPut> PutAgent(
    const Administration& administration, TenantId tenant, const AgentSpec& spec
);
Result<StoredAgent> FindAgent(
    const Administration& administration, TenantId tenant, std::string_view external_id
);
// By id (the order in which they were made), above `after`, at most `count_max`.
Result<std::vector<StoredAgent>> ListAgents(
    const Administration& administration,
    TenantId tenant,
    const AgentId& after,
    std::int32_t count_max
);

// Found by slug, which never changes.
Result<TeamPut> PutTeam(
    const Administration& administration, TenantId tenant, const TeamSpec& spec
);
Result<StoredTeam> FindTeam(
    const Administration& administration, TenantId tenant, std::string_view slug
);
Result<std::vector<StoredTeam>> ListTeams(
    const Administration& administration,
    TenantId tenant,
    const TeamId& after,
    std::int32_t count_max
);

// kCreated, or kUnchanged if it was a member.
Result<Change> AddTeamMember(
    const Administration& administration, TenantId tenant, const TeamId& team, const AgentId& agent
);
// kUpdated, or kUnchanged if it was none.
Result<Change> RemoveTeamMember(
    const Administration& administration, TenantId tenant, const TeamId& team, const AgentId& agent
);
// In order, above `after`, at most `count_max`.
Result<std::vector<AgentId>> ListTeamMembers(
    const Administration& administration,
    TenantId tenant,
    const TeamId& team,
    const AgentId& after,
    std::int32_t count_max
);

// The same of a channel: agents of role AGENT work in the conversations of their channels alone.
Result<Change> AddChannelMember(
    const Administration& administration,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& agent
);
Result<Change> RemoveChannelMember(
    const Administration& administration,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& agent
);
Result<std::vector<AgentId>> ListChannelMembers(
    const Administration& administration,
    TenantId tenant,
    const ChannelId& channel,
    const AgentId& after,
    std::int32_t count_max
);

}  // namespace unibox::store
