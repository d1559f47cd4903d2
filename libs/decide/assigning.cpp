#include "decide/assigning.hpp"

#include "decide/messages.hpp"

#include <optional>

namespace unibox::decide {
namespace {

// Nothing: nobody.
template <typename Id>
std::optional<Id> IdOf(const std::string& bytes) {
    if (bytes.empty()) return std::nullopt;
    return Id{Uuid::FromBytes(bytes).value()};
}

Status CheckAgent(const CommandContext& context, const AgentId& id) {
    const domain::ConversationWrite& write = context.conversation.write;
    const domain::AgentRow* agent = context.state.FindAgent(write.key.tenant, id);
    if (agent == nullptr) {
        return NotFound("no such agent").WithReason("AGENT_NOT_FOUND").WithField("assignee_id");
    }
    if (agent->disabled) {
        return FailedPrecondition("the agent " + agent->name + " is disabled")
            .WithReason("AGENT_DISABLED")
            .WithField("assignee_id");
    }
    const bool sees_all = agent->role != v1::AGENT_ROLE_AGENT;
    if (sees_all || agent->channels.contains(write.row.channel)) return {};
    return FailedPrecondition(
               "the agent " + agent->name + " does not belong to the channel: add it as a member"
    )
        .WithReason("NOT_A_MEMBER")
        .WithField("assignee_id");
}

Status CheckTeam(const CommandContext& context, const TeamId& id) {
    const TenantId tenant = context.conversation.write.key.tenant;
    const std::optional<bool> disabled = context.state.FindTeam(tenant, id);
    if (!disabled) {
        return NotFound("no such team").WithReason("TEAM_NOT_FOUND").WithField("team_id");
    }
    if (!*disabled) return {};
    return FailedPrecondition("the team is disabled")
        .WithReason("TEAM_DISABLED")
        .WithField("team_id");
}

}  // namespace

Status Assign(const CommandContext& context, domain::ConversationWrite* to) {
    if (IsClosed(to->counters)) {
        return FailedPrecondition("the conversation is closed: open it first")
            .WithReason("CONVERSATION_CLOSED");
    }
    const auto& body = context.command.assign();
    if (body.has_assignee_id()) {
        const auto assignee = IdOf<AgentId>(body.assignee_id());
        const bool is_new = assignee && assignee != to->row.assignee;
        if (is_new) UNIBOX_RETURN_IF_ERROR(CheckAgent(context, *assignee));
        to->row.assignee = assignee;
    }
    if (body.has_team_id()) {
        const auto team = IdOf<TeamId>(body.team_id());
        if (team && team != to->row.team) UNIBOX_RETURN_IF_ERROR(CheckTeam(context, *team));
        to->row.team = team;
    }
    return {};
}

}  // namespace unibox::decide
