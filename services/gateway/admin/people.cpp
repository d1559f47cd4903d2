// Agents and teams.
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"

#include <array>

namespace unibox::gateway {

template <>
struct Resource<v1::Agent> {
    using Spec = store::AgentSpec;
    static constexpr const char* kField = "agent";
    static constexpr std::array<std::string_view, 3> kSettable = {"name", "email", "role"};
    static void Show(const Spec& spec, v1::Agent* agent) {
        agent->set_external_id(spec.external_id);
        agent->set_name(spec.name);
        agent->set_email(spec.email);
        agent->set_role(spec.role);
    }
    static Status ToSpec(const v1::Agent& agent, Spec* spec) {
        spec->external_id = agent.external_id();
        spec->name = agent.name();
        spec->email = agent.email();
        spec->role = agent.role();
        return {};
    }
    static Status CheckChange(const AdminCall& call, const Spec* before, const Spec& after) {
        const bool gives = before == nullptr || before->role != after.role ||
                           (before->disabled && !after.disabled);
        if (!gives) return {};
        return call.MayGive(RoleOf(after.role), "agent.role");
    }
    static auth::Role RoleOf(v1::AgentRole role) {
        switch (role) {
            case v1::AGENT_ROLE_AGENT:
                return auth::Role::kAgent;
            case v1::AGENT_ROLE_SUPERVISOR:
                return auth::Role::kSupervisor;
            default:  // CheckSpec lets no other through.
                return auth::Role::kAdmin;
        }
    }
};

template <>
struct Resource<v1::Team> {
    using Spec = store::TeamSpec;
    static constexpr const char* kField = "team";
    static constexpr std::array<std::string_view, 1> kSettable = {"display_name"};
    static void Show(const Spec& spec, v1::Team* team) {
        team->set_name(spec.slug);
        team->set_display_name(spec.name);
    }
    static Status ToSpec(const v1::Team& team, Spec* spec) {
        spec->slug = team.name();
        spec->name = OrName(team.display_name(), team.name());
        return {};
    }
    static Status CheckChange(const AdminCall&, const Spec*, const Spec&) { return {}; }
};

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
