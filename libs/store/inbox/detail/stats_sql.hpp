// The statements of stats.hpp. Private to this library.
//
// Both tables have the totals in shard 0 and beside them what is not folded yet; a partial index
// leads to the latter. Thread safety: constants.
#pragma once

#include "pg/transaction.hpp"
#include "store/inbox/detail/list_sql.hpp"

namespace unibox::store::detail {

#define UNIBOX_NOBODY "'00000000-0000-0000-0000-000000000000'::uuid"

// Of the channels that a viewer sees, read once.
#define UNIBOX_IN_SEEN_CHANNEL(member)                                                      \
    "(" member                                                                              \
    "::uuid IS NULL OR channel_id = ANY (ARRAY(SELECT v.channel_id FROM channel_members v " \
    "WHERE v.tenant_id = $1 AND v.agent_id = " member ")))"

#define UNIBOX_TALLY_SUMS                                                      \
    "coalesce(sum(conversation_count), 0)::bigint AS conversation_count, "     \
    "coalesce(sum(unread_count), 0)::bigint AS unread_count, "                 \
    "coalesce(sum(unread_message_count), 0)::bigint AS unread_message_count, " \
    "coalesce(sum(waiting_count), 0)::bigint AS waiting_count "

// $2 channels, $3 the viewer, $4 the team, $5 who asks.
struct CountColumn {
    enum Number : int { kKind, kStatus, kWhose, kTeam, kCounts };
};
// What a row is of: GROUPING has a bit for each column that it is not grouped by.
enum class CountKind : std::int32_t { kStatus = 3, kWhose = 5, kTeam = 6, kAll = 7 };
enum class Whose : std::int32_t { kNobodys, kMine, kOthers };
inline constexpr pg::Statement kCountConversations{
    "inbox_counts",
    "SELECT GROUPING(status, whose, team_id), status, whose, "
    "nullif(team_id, " UNIBOX_NOBODY "), " UNIBOX_TALLY_SUMS
    "FROM (SELECT *, CASE WHEN assignee_id = " UNIBOX_NOBODY
    " THEN 0 WHEN assignee_id = $5::uuid THEN 1 ELSE 2 END AS whose FROM conversation_tallies "
    "WHERE tenant_id = $1 AND (cardinality($2::uuid[]) = 0 OR channel_id = ANY ($2)) "
    "AND " UNIBOX_IN_SEEN_CHANNEL("$3"
    ) " AND ($4::uuid IS NULL OR team_id = $4)) t "
      "GROUP BY GROUPING SETS ((), (status), (whose), (team_id)) "
      "ORDER BY 1, status, whose, team_id"};

// $2 the viewer, $3 the agent before the first one, $4 how many.
struct AgentStatsColumn {
    enum Number : int { kAgent, kName, kDisabled, kCounts, kOldestWaiting = kCounts + 4 };
};
inline constexpr pg::Statement kListAgentStats{
    "inbox_agent_stats",
    "WITH n AS MATERIALIZED (SELECT assignee_id, " UNIBOX_TALLY_SUMS
    "FROM conversation_tallies WHERE tenant_id = $1 AND " UNIBOX_IN_SEEN_CHANNEL("$2"
    ) " GROUP BY 1) SELECT a.agent_id, a.name, a.disabled_at IS NOT NULL, "
      "coalesce(n.conversation_count, 0), coalesce(n.unread_count, 0), "
      "coalesce(n.unread_message_count, 0), coalesce(n.waiting_count, 0), w.since FROM "
      "(SELECT agent_id, name, disabled_at FROM agents WHERE tenant_id = $1 "
      "AND agent_id > $3 AND ($2::uuid IS NULL OR agent_id = $2) ORDER BY agent_id LIMIT $4) a "
      "LEFT JOIN n ON n.assignee_id = a.agent_id "
      "LEFT JOIN LATERAL (SELECT min(x.since) AS since FROM (SELECT " UNIBOX_WAITING_SINCE
      " AS since FROM conversations WHERE tenant_id = $1 AND closed_at " UNIBOX_LIVE
      " AND assignee_id = a.agent_id AND n.waiting_count > 0 AND " UNIBOX_IN_SEEN_CHANNEL("$2"
      ) " ORDER BY last_activity_at DESC, conversation_id DESC LIMIT 1000) x) w ON true ORDER BY "
        "a.agent_id"};

struct DashboardColumn {
    enum Number : int {
        kProvider,
        kBegun,
        kMessages,
        kBotMessages,
        kMonthBegun,
        kWeekMessages,
        kResponses,
        kResponseMs,
        kFirstResponses,
        kFirstResponseMs,
        kActive
    };
};
#define UNIBOX_VOLUME_MESSAGES \
    "(inbound_count + agent_outbound_count + bot_outbound_count + other_outbound_count)"
#define UNIBOX_TODAY "date_trunc('day', now(), 'UTC')"
#define UNIBOX_VOLUME_PART(ever, recent, condition)                         \
    "SELECT channel_id, " ever " AS ever, " recent                          \
    " AS recent, "                                                          \
    "starts_at >= " UNIBOX_TODAY                                            \
    " - interval '6 days' AS of_week, begun_count, " UNIBOX_VOLUME_MESSAGES \
    " AS message_count, bot_outbound_count, response_count, "               \
    "response_ms, first_response_count, first_response_ms "                 \
    "FROM inbox_volumes WHERE tenant_id = $1 AND " condition
#define UNIBOX_IN_MONTH "starts_at >= " UNIBOX_TODAY " - interval '29 days'"
#define UNIBOX_DAYS_OF_MONTH "period = 2 AND shard = 0 AND " UNIBOX_IN_MONTH
inline constexpr pg::Statement kDashboard{
    "inbox_dashboard",
    "SELECT h.provider, coalesce(sum(v.begun), 0)::bigint, coalesce(sum(v.messages), 0)::bigint, "
    "coalesce(sum(v.bot_messages), 0)::bigint, coalesce(sum(v.month_begun), 0)::bigint, "
    "coalesce(sum(v.week_messages), 0)::bigint, coalesce(sum(v.responses), 0)::bigint, "
    "coalesce(sum(v.response_ms), 0)::bigint, coalesce(sum(v.first_responses), 0)::bigint, "
    "coalesce(sum(v.first_response_ms), 0)::bigint, coalesce(sum(t.active), 0)::bigint "
    "FROM channels h LEFT JOIN (SELECT channel_id, sum(begun_count) FILTER (WHERE ever) AS begun, "
    "sum(message_count) FILTER (WHERE ever) AS messages, "
    "sum(bot_outbound_count) FILTER (WHERE ever) AS bot_messages, "
    "sum(begun_count) FILTER (WHERE recent) AS month_begun, "
    "sum(message_count) FILTER (WHERE recent AND of_week) AS week_messages, "
    "sum(response_count) FILTER (WHERE recent) AS responses, "
    "sum(p.response_ms) FILTER (WHERE recent) AS response_ms, "
    "sum(first_response_count) FILTER (WHERE recent) AS first_responses, "
    "sum(p.first_response_ms) FILTER (WHERE recent) AS first_response_ms FROM ("
    UNIBOX_VOLUME_PART("true", "false", "period = 3 AND shard = 0")
    " UNION ALL " UNIBOX_VOLUME_PART("false", "true", UNIBOX_DAYS_OF_MONTH)
    " UNION ALL " UNIBOX_VOLUME_PART("true", UNIBOX_IN_MONTH, "shard <> 0")
    ") p GROUP BY 1) v ON v.channel_id = h.channel_id "
    "LEFT JOIN (SELECT channel_id, sum(conversation_count) AS active FROM conversation_tallies "
    "WHERE tenant_id = $1 GROUP BY 1) t ON t.channel_id = h.channel_id "
    "WHERE h.tenant_id = $1 GROUP BY 1 ORDER BY 1"};

// $2 the viewer, $3 the period, $4 and $5 from when and until when, $6 the channel, $7 how many.
struct VolumeColumn {
    enum Number : int { kStart, kChannel, kFirstCount };  // in the order of the table
};
#define UNIBOX_VOLUME_SUMS                                                 \
    "sum(begun_count)::bigint, sum(inbound_count)::bigint, "               \
    "sum(agent_outbound_count)::bigint, sum(bot_outbound_count)::bigint, " \
    "sum(other_outbound_count)::bigint, sum(response_count)::bigint, "     \
    "sum(response_ms)::bigint, sum(first_response_count)::bigint, "        \
    "sum(first_response_ms)::bigint, sum(closed_count)::bigint, sum(resolution_ms)::bigint "
inline constexpr pg::Statement kListVolumes{
    "inbox_volumes",
    "SELECT starts, channel_id, " UNIBOX_VOLUME_SUMS
    "FROM (SELECT *, starts_at AS starts FROM inbox_volumes WHERE tenant_id = $1 AND period = $3 "
    "AND shard = 0 AND starts_at >= $4 AND starts_at < $5 "
    "UNION ALL SELECT *, CASE WHEN $3 = 2 THEN date_trunc('day', starts_at, 'UTC') "
    "ELSE starts_at END FROM inbox_volumes WHERE tenant_id = $1 AND shard <> 0) v "
    "WHERE starts >= $4 AND starts < $5 AND ($6::uuid IS NULL OR channel_id = $6) "
    "AND ($2::uuid IS NULL OR agent_id = $2) AND " UNIBOX_IN_SEEN_CHANNEL("$2"
    ) " GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $7"};

}  // namespace unibox::store::detail
