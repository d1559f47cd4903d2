#include "store/inbox/stats.hpp"

#include "domain/timestamps.hpp"
#include "store/inbox/detail/reader.hpp"
#include "store/inbox/detail/stats_sql.hpp"

#include <string>
#include <utility>

namespace unibox::store {
namespace {

using detail::AgentStatsColumn;
using detail::CountColumn;
using detail::CountKind;
using detail::DashboardColumn;
using detail::VolumeColumn;
using detail::Whose;

// From four columns.
v1::ConversationCounts CountsOf(const pg::Row& row, int first) {
    v1::ConversationCounts counts;
    counts.set_conversation_count(row.Int64(first));
    counts.set_unread_count(row.Int64(first + 1));
    counts.set_unread_message_count(row.Int64(first + 2));
    counts.set_waiting_count(row.Int64(first + 3));
    return counts;
}

void AddCounts(const pg::Row& row, v1::CountConversationsResponse& response) {
    const v1::ConversationCounts counts = CountsOf(row, CountColumn::kCounts);
    switch (static_cast<CountKind>(row.Int64(CountColumn::kKind))) {
        case CountKind::kAll:
            *response.mutable_all() = counts;
            return;
        case CountKind::kStatus: {
            if (counts.conversation_count() == 0) return;
            auto* entry = response.add_statuses();
            const std::int64_t status = row.Int64(CountColumn::kStatus);
            entry->set_status(static_cast<v1::ConversationStatus>(status));
            *entry->mutable_counts() = counts;
            return;
        }
        case CountKind::kWhose: {
            const auto whose = static_cast<Whose>(row.Int64(CountColumn::kWhose));
            auto* part = whose == Whose::kNobodys ? response.mutable_unassigned()
                         : whose == Whose::kMine  ? response.mutable_mine()
                                                  : response.mutable_others();
            *part = counts;
            return;
        }
        case CountKind::kTeam: {
            if (counts.conversation_count() == 0) return;
            auto* entry = response.add_teams();
            if (!row.IsNull(CountColumn::kTeam)) {
                entry->set_team_id(row.GetUuid(CountColumn::kTeam).ToString());
            }
            *entry->mutable_counts() = counts;
            return;
        }
    }
}

std::int64_t Average(std::int64_t sum, std::int64_t count) {
    return count == 0 ? 0 : sum / count;
}

void AddProvider(const pg::Row& row, v1::Dashboard& dashboard) {
    const std::int64_t begun = row.Int64(DashboardColumn::kBegun);
    const std::int64_t messages = row.Int64(DashboardColumn::kMessages);
    const std::int64_t active = row.Int64(DashboardColumn::kActive);
    if (begun == 0 && messages == 0 && active == 0) return;
    v1::ProviderStats* stats = dashboard.add_providers();
    stats->set_provider(static_cast<v1::Provider>(row.Int64(DashboardColumn::kProvider)));
    stats->set_conversation_count(begun);
    stats->set_message_count(messages);
    stats->set_active_conversation_count(active);
}

v1::Volume ToVolume(const pg::Row& row) {
    const auto count = [&row](int number) { return row.Int64(VolumeColumn::kFirstCount + number); };
    v1::Volume volume;
    domain::SetTime(row.Timestamp(VolumeColumn::kStart).unix_ms, volume.mutable_start_time());
    volume.set_channel_id(row.GetUuid(VolumeColumn::kChannel).ToString());
    volume.set_begun_count(count(0));
    volume.set_inbound_count(count(1));
    volume.set_agent_message_count(count(2));
    volume.set_bot_message_count(count(3));
    volume.set_other_message_count(count(4));
    volume.set_response_count(count(5));
    volume.set_average_response_ms(Average(count(6), count(5)));
    volume.set_first_response_count(count(7));
    volume.set_average_first_response_ms(Average(count(8), count(7)));
    volume.set_closed_count(count(9));
    volume.set_average_resolution_ms(Average(count(10), count(9)));
    return volume;
}

}  // namespace

Result<v1::CountConversationsResponse> CountConversations(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const CountQuery& query,
    SteadyTime deadline
) {
    auto params = pg::Params::Of(tenant);
    params.AddArray(query.channels).Add(viewer.member).Add(query.team).Add(query.me);
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, reader.Read(detail::kCountConversations, params));
    v1::CountConversationsResponse response;
    response.mutable_all();
    response.mutable_mine();
    response.mutable_unassigned();
    response.mutable_others();
    for (const pg::Row row : rows) AddCounts(row, response);
    return response;
}

Result<v1::Dashboard> ReadDashboard(pg::Pool& pool, TenantId tenant, SteadyTime deadline) {
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(detail::kDashboard, pg::Params::Of(tenant))
    );
    const auto sum = [&rows](int column) {
        std::int64_t all = 0;
        for (const pg::Row row : rows) all += row.Int64(column);
        return all;
    };
    v1::Dashboard dashboard;
    dashboard.set_conversation_count(sum(DashboardColumn::kBegun));
    dashboard.set_last_month_conversation_count(sum(DashboardColumn::kMonthBegun));
    dashboard.set_active_conversation_count(sum(DashboardColumn::kActive));
    dashboard.set_message_count(sum(DashboardColumn::kMessages));
    dashboard.set_last_week_message_count(sum(DashboardColumn::kWeekMessages));
    dashboard.set_bot_message_count(sum(DashboardColumn::kBotMessages));
    dashboard.set_average_response_ms(
        Average(sum(DashboardColumn::kResponseMs), sum(DashboardColumn::kResponses))
    );
    dashboard.set_average_first_response_ms(
        Average(sum(DashboardColumn::kFirstResponseMs), sum(DashboardColumn::kFirstResponses))
    );
    for (const pg::Row row : rows) AddProvider(row, dashboard);
    return dashboard;
}

Result<AgentStatsPage> ListAgentStats(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    std::optional<AgentId> after,
    std::int32_t count_max,
    SteadyTime deadline
) {
    const auto params = pg::Params::Of(
        tenant, viewer.member, after.value_or(AgentId{}), std::int64_t{count_max} + 1
    );
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, reader.Read(detail::kListAgentStats, params));
    AgentStatsPage page;
    for (const pg::Row row : rows) {
        page.more = std::cmp_equal(page.agents.size(), count_max);
        if (page.more) break;
        v1::AgentStats& stats = page.agents.emplace_back();
        stats.set_agent_id(row.GetUuid(AgentStatsColumn::kAgent).ToString());
        stats.set_name(std::string(row.Text(AgentStatsColumn::kName)));
        stats.set_disabled(row.Bool(AgentStatsColumn::kDisabled));
        *stats.mutable_counts() = CountsOf(row, AgentStatsColumn::kCounts);
        if (const auto since = row.OptionalTimestamp(AgentStatsColumn::kOldestWaiting)) {
            domain::SetTime(since->unix_ms, stats.mutable_oldest_waiting_since_time());
        }
    }
    return page;
}

Result<std::vector<v1::Volume>> ListVolumes(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const VolumeQuery& query,
    SteadyTime deadline
) {
    const auto params = pg::Params::Of(
        tenant,
        viewer.member,
        static_cast<std::int16_t>(query.by_hour ? 1 : 2),
        pg::TimestampMs{query.from_ms},
        pg::TimestampMs{query.until_ms},
        query.channel,
        std::int64_t{query.count_max} + 1
    );
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, reader.Read(detail::kListVolumes, params));
    std::vector<v1::Volume> volumes;
    for (const pg::Row row : rows) volumes.push_back(ToVolume(row));
    if (std::cmp_less_equal(volumes.size(), query.count_max)) return volumes;
    return ResourceExhausted(
               "more than " + std::to_string(query.count_max) +
               " entries: ask for one channel, a shorter time, or days"
    )
        .WithReason(kTooManyEntries);
}

}  // namespace unibox::store
