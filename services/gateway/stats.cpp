#include "gateway/stats.hpp"

#include "gateway/conversation_lists.hpp"
#include "gateway/fields.hpp"
#include "gateway/page_token.hpp"
#include "gateway/read_failure.hpp"
#include "gateway/viewer.hpp"
#include "store/inbox/stats.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kHoursMax = 744;
constexpr std::int64_t kDaysMax = 366;
const std::string kAgentsList = "stats/agents";

Result<store::CountQuery> QueryOf(
    const auth::Principal& principal, const v1::CountConversationsRequest& request
) {
    v1::ConversationFilter fields;
    *fields.mutable_channel_ids() = request.channel_ids();
    fields.set_team_id(request.team_id());
    UNIBOX_ASSIGN_OR_RETURN(auto filter, FilterOf(principal, fields));
    store::CountQuery query;
    query.channels = std::move(filter.channels);
    query.team = filter.team;
    if (principal.kind == auth::Principal::Kind::kAgent) query.me = principal.agent;
    return query;
}

Result<store::VolumeQuery> QueryOf(const v1::ListVolumesRequest& request, std::int64_t now_ms) {
    if (!v1::StatsGranularity_IsValid(request.granularity())) {
        return WrongField("granularity", "HOUR or DAY");
    }
    store::VolumeQuery query;
    query.by_hour = request.granularity() == v1::STATS_GRANULARITY_HOUR;
    const std::int64_t period_ms = query.by_hour ? kHourMs : kDayMs;
    query.until_ms = now_ms;
    if (request.has_end_time()) {
        UNIBOX_ASSIGN_OR_RETURN(query.until_ms, UnixMillisOf("end_time", request.end_time()));
    }
    query.from_ms = query.until_ms - (query.by_hour ? kDayMs : 7 * kDayMs);
    if (request.has_start_time()) {
        UNIBOX_ASSIGN_OR_RETURN(query.from_ms, UnixMillisOf("start_time", request.start_time()));
    }
    query.from_ms -= query.from_ms % period_ms;
    if (query.until_ms <= query.from_ms) {
        return WrongField("end_time", "later than start_time");
    }
    const std::int64_t count_max = query.by_hour ? kHoursMax : kDaysMax;
    if (query.until_ms - query.from_ms > (count_max + 1) * period_ms) {
        return WrongField(
            "start_time", query.by_hour ? "at most 744 hours ago" : "at most 366 days before it"
        );
    }
    if (!request.channel_id().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            query.channel, ParseId<ChannelId>("channel_id", request.channel_id())
        );
    }
    return query;
}

Result<std::optional<AgentId>> AfterOf(TenantId tenant, const v1::ListAgentStatsRequest& request) {
    if (request.page_token().empty()) return std::optional<AgentId>();
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string place, DecodePageToken(tenant, kAgentsList, request.page_token())
    );
    const auto id = Uuid::FromBytes(place);
    if (!id.ok()) return PageTokenInvalid();
    return std::optional(AgentId{*id});
}

}  // namespace

Status Stats::CountConversations(
    const Caller& caller,
    const v1::CountConversationsRequest& request,
    v1::CountConversationsResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto query, QueryOf(caller.principal, request));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto counts = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        const auto viewer = ViewerOf(caller.principal);
        return store::CountConversations(pool, caller.principal.tenant, viewer, query, deadline);
    });
    if (!counts.ok()) return ReadFailure(counts.status(), outage_);
    response = std::move(counts).value();
    return {};
}

Status Stats::GetDashboard(
    const Caller& caller, const v1::GetDashboardRequest& request, v1::Dashboard& response
) const {
    if (ViewerOf(caller.principal).member) {
        return Status(Code::kPermissionDenied, "the dashboard is for supervisors and admins")
            .WithReason("ROLE_FORBIDDEN");
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto found = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::ReadDashboard(pool, caller.principal.tenant, deadline);
    });
    if (!found.ok()) return ReadFailure(found.status(), outage_);
    response = std::move(found).value();
    return {};
}

Status Stats::ListAgentStats(
    const Caller& caller,
    const v1::ListAgentStatsRequest& request,
    v1::ListAgentStatsResponse& response
) const {
    const TenantId tenant = caller.principal.tenant;
    UNIBOX_ASSIGN_OR_RETURN(const std::int32_t count_max, PageSizeOf(request.page_size()));
    UNIBOX_ASSIGN_OR_RETURN(const auto after, AfterOf(tenant, request));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto page = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        const auto viewer = ViewerOf(caller.principal);
        return store::ListAgentStats(pool, tenant, viewer, after, count_max, deadline);
    });
    if (!page.ok()) return ReadFailure(page.status(), outage_);
    for (v1::AgentStats& stats : page->agents) *response.add_agents() = std::move(stats);
    if (page->more) {
        const std::string& last = response.agents(response.agents_size() - 1).agent_id();
        UNIBOX_ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(last));
        response.set_next_page_token(EncodePageToken(tenant, kAgentsList, id.ToBytes()));
    }
    return {};
}

Status Stats::ListVolumes(
    const Caller& caller, const v1::ListVolumesRequest& request, v1::ListVolumesResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto query, QueryOf(request, clock_.UnixMillis()));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto found = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        const auto viewer = ViewerOf(caller.principal);
        return store::ListVolumes(pool, caller.principal.tenant, viewer, query, deadline);
    });
    if (!found.ok() && found.status().reason() == store::kTooManyEntries) return found.status();
    if (!found.ok()) return ReadFailure(found.status(), outage_);
    for (v1::Volume& volume : *found) *response.add_volumes() = std::move(volume);
    return {};
}

}  // namespace unibox::gateway
