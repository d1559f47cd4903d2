// Agents and teams.
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"

namespace unibox::gateway {

namespace {

auth::Role RoleOf(v1::AgentRole role) {
    switch (role) {
        case v1::AGENT_ROLE_AGENT:
            return auth::Role::kAgent;
        case v1::AGENT_ROLE_SUPERVISOR:
            return auth::Role::kSupervisor;
        default:  // CheckSpec lets no other through.
            return auth::Role::kAdmin;
    }
}

}  // namespace

template <>
Status MayChange<v1::Agent>(
    const AdminCall& call, const store::AgentSpec* before, const store::AgentSpec& after
) {
    const bool gives =
        before == nullptr || before->role != after.role || (before->disabled && !after.disabled);
    if (!gives) return {};
    return call.MayGive(RoleOf(after.role), "agent.role");
}

std::vector<Method> PeopleMethods(const Admin& admin) {
    return {
        UNIBOX_LIST(Agents, agents, Agent, auth::kScopeInboxRead),
        UNIBOX_GET(Agent, auth::kScopeInboxRead),
        UNIBOX_CREATE(Agent, agent),
        UNIBOX_UPDATE(Agent, agent),
        UNIBOX_SWITCH(Disable, Agent, true),
        UNIBOX_SWITCH(Enable, Agent, false),
        UNIBOX_LIST(Teams, teams, Team, auth::kScopeInboxRead),
        UNIBOX_GET(Team, auth::kScopeInboxRead),
        UNIBOX_CREATE(Team, team),
        UNIBOX_UPDATE(Team, team),
        UNIBOX_SWITCH(Disable, Team, true),
        UNIBOX_SWITCH(Enable, Team, false)};
}

}  // namespace unibox::gateway
