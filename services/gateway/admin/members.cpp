// Which agents belong to which teams and channels.
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"
#include "gateway/page_token.hpp"
#include "store/admin/people.hpp"

namespace unibox::gateway {
namespace {

struct Page {
    std::int32_t count_max = 0;
    AgentId after;
};

template <class Request>
Result<Page> PageOf(const AdminCall& call, const std::string& list, const Request& request) {
    Page page;
    UNIBOX_ASSIGN_OR_RETURN(page.count_max, PageSizeOf(request.page_size()));
    UNIBOX_ASSIGN_OR_RETURN(page.after.value, PlaceOf(call.tenant(), list, request.page_token()));
    return page;
}

// `agents`: one more than the page, if there are more.
template <class Response>
void Show(
    const AdminCall& call,
    const std::string& list,
    const Page& page,
    std::vector<AgentId> agents,
    Response& response
) {
    const auto size = static_cast<std::size_t>(page.count_max);
    const bool has_more = agents.size() > size;
    if (has_more) agents.resize(size);
    for (const AgentId& agent : agents) response.add_agent_ids(agent.ToString());
    if (has_more) {
        response.set_next_page_token(TokenAfter(call.tenant(), list, agents.back().value));
    }
}

Status NotFoundAs(Status status, const char* reason) {
    if (status.code() != Code::kNotFound) return status;
    const bool of_agent = status.field() == "agent_id";
    return std::move(status).WithReason(of_agent ? "AGENT_NOT_FOUND" : reason);
}

Status Exists(const AdminCall& call, const TeamId& team) {
    const auto found = store::GetRow<store::TeamSpec>(call.access(), call.tenant(), team.value);
    return found.ok() ? Status() : NotFoundAs(found.status(), "TEAM_NOT_FOUND");
}
Status Exists(const AdminCall& call, const ChannelId& channel) {
    const auto found = store::GetChannel(call.access(), call.tenant(), channel);
    return found.ok() ? Status() : NotFoundAs(found.status(), "CHANNEL_NOT_FOUND");
}

Status ListOfTeam(
    const AdminCall& call,
    const v1::ListTeamMembersRequest& request,
    v1::ListTeamMembersResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto team, ParseId<TeamId>("team_id", request.team_id()));
    const std::string list = "team_members/" + team.ToString();
    UNIBOX_ASSIGN_OR_RETURN(const Page page, PageOf(call, list, request));
    UNIBOX_RETURN_IF_ERROR(Exists(call, team));
    UNIBOX_ASSIGN_OR_RETURN(
        auto agents,
        store::ListTeamMembers(call.access(), call.tenant(), team, page.after, page.count_max + 1)
    );
    Show(call, list, page, std::move(agents), response);
    return {};
}

Status ListOfChannel(
    const AdminCall& call,
    const v1::ListChannelMembersRequest& request,
    v1::ListChannelMembersResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto channel, ParseId<ChannelId>("channel_id", request.channel_id())
    );
    const std::string list = "channel_members/" + channel.ToString();
    UNIBOX_ASSIGN_OR_RETURN(const Page page, PageOf(call, list, request));
    UNIBOX_RETURN_IF_ERROR(Exists(call, channel));
    UNIBOX_ASSIGN_OR_RETURN(
        auto agents,
        store::ListChannelMembers(
            call.access(), call.tenant(), channel, page.after, page.count_max + 1
        )
    );
    Show(call, list, page, std::move(agents), response);
    return {};
}

template <class Request, class ChangeMember>
Status ChangeOfTeam(const AdminCall& call, const Request& request, const ChangeMember& change) {
    UNIBOX_ASSIGN_OR_RETURN(const auto team, ParseId<TeamId>("team_id", request.team_id()));
    UNIBOX_ASSIGN_OR_RETURN(const auto agent, ParseId<AgentId>("agent_id", request.agent_id()));
    UNIBOX_RETURN_IF_ERROR(Exists(call, team));
    const auto done = change(call.access(), call.tenant(), team, agent);
    return done.ok() ? Status() : NotFoundAs(done.status(), "TEAM_NOT_FOUND");
}

template <class Request, class ChangeMember>
Status ChangeOfChannel(const AdminCall& call, const Request& request, const ChangeMember& change) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto channel, ParseId<ChannelId>("channel_id", request.channel_id())
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto agent, ParseId<AgentId>("agent_id", request.agent_id()));
    UNIBOX_RETURN_IF_ERROR(Exists(call, channel));
    const auto done = change(call.access(), call.tenant(), channel, agent);
    return done.ok() ? Status() : NotFoundAs(done.status(), "CHANNEL_NOT_FOUND");
}

Status AddToTeam(
    const AdminCall& call,
    const v1::AddTeamMemberRequest& request,
    v1::AddTeamMemberResponse& response
) {
    response.Clear();
    return ChangeOfTeam(call, request, store::AddTeamMember);
}
Status RemoveFromTeam(
    const AdminCall& call,
    const v1::RemoveTeamMemberRequest& request,
    v1::RemoveTeamMemberResponse& response
) {
    response.Clear();
    return ChangeOfTeam(call, request, store::RemoveTeamMember);
}
Status AddToChannel(
    const AdminCall& call,
    const v1::AddChannelMemberRequest& request,
    v1::AddChannelMemberResponse& response
) {
    response.Clear();
    return ChangeOfChannel(call, request, store::AddChannelMember);
}
Status RemoveFromChannel(
    const AdminCall& call,
    const v1::RemoveChannelMemberRequest& request,
    v1::RemoveChannelMemberResponse& response
) {
    response.Clear();
    return ChangeOfChannel(call, request, store::RemoveChannelMember);
}

}  // namespace

std::vector<Method> MemberMethods(const Admin& admin) {
    constexpr auto kReads = auth::kScopeInboxRead;
    constexpr auto kWrites = auth::kScopeAdminWrite;
    constexpr auto kSets = Repetition::kIdempotent;
    return {
        AdminRow("ListTeamMembers", kReads, Repetition::kReads, admin, ListOfTeam),
        AdminRow("AddTeamMember", kWrites, kSets, admin, AddToTeam),
        AdminRow("RemoveTeamMember", kWrites, kSets, admin, RemoveFromTeam),
        AdminRow("ListChannelMembers", kReads, Repetition::kReads, admin, ListOfChannel),
        AdminRow("AddChannelMember", kWrites, kSets, admin, AddToChannel),
        AdminRow("RemoveChannelMember", kWrites, kSets, admin, RemoveFromChannel)};
}

}  // namespace unibox::gateway
