#include "store/inbox/views.hpp"

#include "store/inbox/detail/list_query.hpp"
#include "store/inbox/detail/reader.hpp"
#include "store/inbox/detail/stats_sql.hpp"
#include "store/inbox/detail/view_rows.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace unibox::store {
namespace {

#define UNIBOX_OWN_VIEWS \
    "FROM saved_views WHERE tenant_id = $1 AND (owner_id = " UNIBOX_NOBODY " OR owner_id = $2) "
constexpr pg::Statement kListViews{
    "inbox_views", "SELECT " UNIBOX_VIEW_COLUMNS UNIBOX_OWN_VIEWS "ORDER BY place, view_id"};
constexpr pg::Statement kGetView{
    "inbox_view", "SELECT " UNIBOX_VIEW_COLUMNS UNIBOX_OWN_VIEWS "AND view_id = $3"};

constexpr pg::Statement kReadTallies{
    "inbox_tallies",
    "SELECT channel_id, status, nullif(assignee_id, " UNIBOX_NOBODY
    "), nullif(team_id, " UNIBOX_NOBODY "), " UNIBOX_TALLY_SUMS
    "FROM conversation_tallies WHERE tenant_id = $1 AND " UNIBOX_IN_SEEN_CHANNEL("$2"
    ) " GROUP BY channel_id, status, assignee_id, team_id"};

template <typename T>
bool IsAmong(const std::vector<T>& values, const T& value) {
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

// The statement of a list, of which only the numbers are wanted: the planner leaves out the rest.
// The texts live as long as the program, as statements must.
class Counting {
public:
    pg::Statement Of(const pg::Statement& list) const {
        const auto& [name, sql] = texts_.at(list.name);
        return {name.c_str(), sql.c_str()};
    }
    Counting() {
        for (const pg::Statement* list : detail::AllLists()) {
            std::string sql =
                "SELECT count(*) FILTER (WHERE matches), "
                "coalesce(bool_or(is_end), false) FROM (";
            sql += list->sql;
            texts_[list->name] = {std::string("count_") + list->name, std::move(sql) + ") x"};
        }
    }

private:
    std::map<std::string_view, std::pair<std::string, std::string>> texts_;
};

}  // namespace

Result<std::vector<v1::View>> ListViews(
    pg::Pool& pool, TenantId tenant, std::optional<AgentId> owner, SteadyTime deadline
) {
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kListViews, pg::Params::Of(tenant, owner))
    );
    std::vector<v1::View> views;
    for (const pg::Row row : rows) {
        UNIBOX_ASSIGN_OR_RETURN(auto view, detail::ToView(row));
        views.push_back(std::move(view));
    }
    return views;
}

Result<v1::View> GetView(
    pg::Pool& pool,
    TenantId tenant,
    std::optional<AgentId> owner,
    const Uuid& view,
    SteadyTime deadline
) {
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kGetView, pg::Params::Of(tenant, owner, view))
    );
    if (rows.empty()) {
        return NotFound("no such view").WithReason("VIEW_NOT_FOUND").WithField("view_id");
    }
    return detail::ToView(rows[0]);
}

Result<std::vector<TallyRow>> ReadTallies(
    pg::Pool& pool, TenantId tenant, const Viewer& viewer, SteadyTime deadline
) {
    const detail::Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kReadTallies, pg::Params::Of(tenant, viewer.member))
    );
    std::vector<TallyRow> tallies;
    for (const pg::Row row : rows) {
        TallyRow& tally = tallies.emplace_back();
        tally.channel = row.GetId<ChannelId>(0);
        tally.status = static_cast<v1::ConversationStatus>(row.Int64(1));
        if (const auto assignee = row.OptionalUuid(2)) tally.assignee = AgentId{*assignee};
        if (const auto team = row.OptionalUuid(3)) tally.team = TeamId{*team};
        tally.conversations = row.Int64(4);
        tally.unread = row.Int64(5);
        tally.waiting = row.Int64(7);
    }
    return tallies;
}

bool TalliesTell(const ConversationQuery& query) {
    const ConversationFilter& filter = query.filter;
    const auto& statuses = filter.statuses;
    const bool has_closed =
        std::find(statuses.begin(), statuses.end(), v1::CONVERSATION_STATUS_CLOSED) !=
        statuses.end();
    const bool waiting = filter.waiting || query.order == ConversationOrder::kLongestWaiting;
    return !has_closed && filter.labels.empty() && filter.priorities.empty() &&
           !(waiting && filter.unread);
}

std::int64_t CountIn(const std::vector<TallyRow>& tallies, const ConversationQuery& query) {
    const ConversationFilter& filter = query.filter;
    const bool waiting = filter.waiting || query.order == ConversationOrder::kLongestWaiting;
    std::int64_t count = 0;
    for (const TallyRow& tally : tallies) {
        const bool matches =
            IsAmong(filter.statuses, tally.status) && IsAmong(filter.channels, tally.channel) &&
            (!filter.assignee || filter.assignee == tally.assignee) &&
            (!filter.unassigned || !tally.assignee) && (!filter.team || filter.team == tally.team);
        if (!matches) continue;
        count += filter.unread ? tally.unread : waiting ? tally.waiting : tally.conversations;
    }
    return count;
}

Result<LookedCount> CountByLooking(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const ConversationQuery& query,
    SteadyTime deadline
) {
    static const Counting counting;
    const detail::Reader reader(pool, tenant, deadline);
    const pg::Statement statement = counting.Of(detail::ListStatementOf(viewer, query));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(statement, detail::ListParamsOf(tenant, viewer, query))
    );
    const std::int64_t found = rows[0].Int64(0);
    const std::int64_t count_max = query.count_max;
    return LookedCount{std::min(found, count_max), found <= count_max && !rows[0].Bool(1)};
}

}  // namespace unibox::store
