// Which agents belong to which teams and channels: a part of MakePlan.
#include "uniboxctl/planner.hpp"

#include <fmt/format.h>

namespace unibox::ctl {
namespace {

// The agents of one tenant once the plan is written, both ways.
class Agents {
public:
    Agents(const TenantPlan& tenant, const store::StoredTenant* before) {
        if (before != nullptr) {
            for (const auto& row : before->rows.Of<store::AgentSpec>()) {
                Add(row.spec.external_id, AgentId{row.id});
            }
        }
        for (const auto& row : std::get<RowPlans<v1::Agent>>(tenant.rows)) {
            Add(row.entry->name, AgentId{row.write.id});
        }
    }
    const AgentId* Find(const std::string& external_id) const {
        const auto found = ids_.find(external_id);
        return found == ids_.end() ? nullptr : &found->second;
    }
    std::vector<std::string> NamesOf(const std::set<AgentId>& agents) const {
        std::set<std::string> names;
        for (const AgentId& agent : agents) names.insert(names_.at(agent));
        return {names.begin(), names.end()};
    }

private:
    void Add(const std::string& external_id, AgentId id) {
        ids_.emplace(external_id, id);
        names_.emplace(id, external_id);
    }

    std::map<std::string, AgentId> ids_;
    std::map<AgentId, std::string> names_;
};

// Members of one team or channel: what stands there, and what the file says.
struct Group {
    store::GroupKind kind;
    Uuid id;
    const Entry& entry;
    const Given<std::vector<std::string>>& wanted;
    std::set<AgentId> before = {};
};

std::set<AgentId> MembersOf(const std::vector<store::Member>& members, const Uuid& group) {
    std::set<AgentId> agents;
    for (const store::Member& member : members) {
        if (member.group == group) agents.insert(member.agent);
    }
    return agents;
}

void PlanChanges(
    const Group& group,
    const std::set<AgentId>& wanted,
    const Agents& agents,
    TenantPlan& tenant,
    std::vector<FieldChange>& fields
) {
    const auto add = [&](const AgentId& agent, bool remove) {
        tenant.members.push_back({tenant.write.tenant, group.kind, {group.id, agent}, remove});
    };
    for (const AgentId& agent : wanted) {
        if (!group.before.contains(agent)) add(agent, false);
    }
    for (const AgentId& agent : group.before) {
        if (!wanted.contains(agent)) add(agent, true);
    }
    std::vector<std::string> shown = agents.NamesOf(group.before);
    Set(fields, "members", shown, agents.NamesOf(wanted));
}

}  // namespace

void Planner::PlanMembers(TenantPlan& tenant, const store::StoredTenant* before) {
    const Agents agents(tenant, before);
    const auto plan = [&](Group group, std::vector<FieldChange>& fields) {
        if (group.entry.has_mistakes || !group.wanted) return;
        if (before != nullptr) {
            const bool of_team = group.kind == store::GroupKind::kTeam;
            group.before =
                MembersOf(of_team ? before->team_members : before->channel_members, group.id);
        }
        std::set<AgentId> wanted;
        for (const std::string& external_id : *group.wanted) {
            if (const AgentId* agent = agents.Find(external_id)) {
                wanted.insert(*agent);
            } else {
                const auto text = fmt::format("there is no agent \"{}\"", external_id);
                Mistake(group.entry, group.wanted.line, "members", text);
            }
        }
        PlanChanges(group, wanted, agents, tenant, fields);
    };
    for (auto& team : std::get<RowPlans<v1::Team>>(tenant.rows)) {
        const auto& entry = *team.entry;
        plan({store::GroupKind::kTeam, team.write.id, entry, entry.members}, team.fields);
    }
    for (ChannelPlan& channel : tenant.channels) {
        const ChannelEntry& entry = *channel.entry;
        const Uuid id = channel.write.channel.value;
        plan({store::GroupKind::kChannel, id, entry, entry.members}, channel.fields);
    }
}

}  // namespace unibox::ctl
