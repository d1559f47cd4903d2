#include "store/admin/counts.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

// Else two that see the same difference would both add it. Taken before the statement that looks.
constexpr pg::Statement kLock{
    "recount_lock",
    "SELECT pg_advisory_xact_lock(1970170210, ('x' || md5($1::text))::bit(32)::int)"};

// Counts and conversations of one snapshot: what a transaction did to them, it did to both.
#define UNIBOX_TALLY_DIFFERENCE                                                                \
    "found AS (SELECT channel_id, status, "                                                    \
    "coalesce(assignee_id, '00000000-0000-0000-0000-000000000000') AS assignee_id, "           \
    "coalesce(team_id, '00000000-0000-0000-0000-000000000000') AS team_id, "                   \
    "count(*) AS conversations, count(*) FILTER (WHERE unread_count > 0) AS unread, "          \
    "sum(unread_count) AS unread_messages, "                                                   \
    "count(*) FILTER (WHERE CASE WHEN waiting_since > '-infinity' THEN true "                  \
    "WHEN waiting_since IS NOT NULL AND (last_agent_at IS NULL OR "                            \
    "last_customer_at > last_agent_at) THEN last_customer_at IS NOT NULL END) AS waiting "     \
    "FROM conversations WHERE tenant_id = $1 AND closed_at = 'infinity'::timestamptz "         \
    "GROUP BY 1, 2, 3, 4), "                                                                   \
    "counted AS (SELECT channel_id, status, assignee_id, team_id, "                            \
    "sum(conversation_count) AS conversations, sum(unread_count) AS unread, "                  \
    "sum(unread_message_count) AS unread_messages, sum(waiting_count) AS waiting "             \
    "FROM conversation_tallies WHERE tenant_id = $1 GROUP BY 1, 2, 3, 4), "                    \
    "both_of AS (SELECT channel_id, status, assignee_id, team_id, "                            \
    "coalesce(c.conversations, 0)::bigint AS c1, coalesce(f.conversations, 0)::bigint AS f1, " \
    "coalesce(c.unread, 0)::bigint AS c2, coalesce(f.unread, 0)::bigint AS f2, "               \
    "coalesce(c.unread_messages, 0)::bigint AS c3, "                                           \
    "coalesce(f.unread_messages, 0)::bigint AS f3, "                                           \
    "coalesce(c.waiting, 0)::bigint AS c4, coalesce(f.waiting, 0)::bigint AS f4 "              \
    "FROM counted c FULL JOIN found f USING (channel_id, status, assignee_id, team_id)), "     \
    "difference AS (SELECT * FROM both_of WHERE (c1, c2, c3, c4) <> (f1, f2, f3, f4)) "

constexpr pg::Statement kCompareTallies{
    "recount_compare_tallies",
    "WITH " UNIBOX_TALLY_DIFFERENCE "SELECT * FROM difference ORDER BY 1, 2, 3, 4"};
// Into rows of their own, which the keeper folds like any other.
constexpr pg::Statement kRepairTallies{
    "recount_repair_tallies",
    "WITH " UNIBOX_TALLY_DIFFERENCE
    ", added AS (INSERT INTO conversation_tallies AS t (tenant_id, channel_id, status, "
    "assignee_id, team_id, shard, conversation_count, unread_count, unread_message_count, "
    "waiting_count) SELECT $1, channel_id, status, assignee_id, team_id, 1, f1 - c1, f2 - c2, "
    "f3 - c3, f4 - c4 FROM difference "
    "ON CONFLICT (tenant_id, channel_id, status, assignee_id, team_id, shard) DO UPDATE "
    "SET conversation_count = t.conversation_count + excluded.conversation_count, "
    "unread_count = t.unread_count + excluded.unread_count, "
    "unread_message_count = t.unread_message_count + excluded.unread_message_count, "
    "waiting_count = t.waiting_count + excluded.waiting_count) "
    "SELECT * FROM difference ORDER BY 1, 2, 3, 4"};

#define UNIBOX_UNCOUNTED_HISTORY                                                                \
    "found AS (SELECT c.channel_id, count(*) AS begun, sum(n.inbound_count) AS inbound, "       \
    "sum(n.outbound_count) AS outbound FROM conversations c JOIN conversation_counters n "      \
    "ON n.tenant_id = $1 AND n.conversation_id = c.conversation_id "                            \
    "WHERE c.tenant_id = $1 GROUP BY 1), "                                                      \
    "counted AS (SELECT channel_id, sum(begun_count) AS begun, sum(inbound_count) AS inbound, " \
    "sum(agent_outbound_count + bot_outbound_count + other_outbound_count) AS outbound "        \
    "FROM inbox_volumes WHERE tenant_id = $1 AND (period = 3 AND shard = 0 OR shard <> 0) "     \
    "GROUP BY 1), "                                                                             \
    "history AS (SELECT f.channel_id, "                                                         \
    "greatest(f.begun - coalesce(c.begun, 0), 0)::bigint AS begun, "                            \
    "greatest(f.inbound - coalesce(c.inbound, 0), 0)::bigint AS inbound, "                      \
    "greatest(f.outbound - coalesce(c.outbound, 0), 0)::bigint AS outbound "                    \
    "FROM found f LEFT JOIN counted c USING (channel_id)), "                                    \
    "difference AS (SELECT * FROM history WHERE (begun, inbound, outbound) <> (0, 0, 0)) "

constexpr pg::Statement kCompareHistory{
    "recount_compare_history",
    "WITH " UNIBOX_UNCOUNTED_HISTORY "SELECT * FROM difference ORDER BY 1"};
// Who wrote what is not known any more. In the order of the keeper, which adds to these rows too.
constexpr pg::Statement kRepairHistory{
    "recount_repair_history",
    "WITH " UNIBOX_UNCOUNTED_HISTORY
    ", added AS (INSERT INTO inbox_volumes AS v (tenant_id, period, starts_at, channel_id, "
    "agent_id, shard, begun_count, inbound_count, agent_outbound_count, bot_outbound_count, "
    "other_outbound_count, response_count, response_ms, first_response_count, first_response_ms, "
    "closed_count, resolution_ms) SELECT $1, 3, '-infinity', channel_id, "
    "'00000000-0000-0000-0000-000000000000', 0, begun, inbound, 0, 0, outbound, 0, 0, 0, 0, 0, 0 "
    "FROM difference ORDER BY channel_id "
    "ON CONFLICT (tenant_id, period, starts_at, channel_id, agent_id, shard) DO UPDATE "
    "SET begun_count = v.begun_count + excluded.begun_count, "
    "inbound_count = v.inbound_count + excluded.inbound_count, "
    "other_outbound_count = v.other_outbound_count + excluded.other_outbound_count) "
    "SELECT * FROM difference ORDER BY 1"};

// By itself: triggers would tell what message-writer counts all the time.
constexpr pg::Statement kAudit{
    "recount_audit",
    "SELECT ub_audit($1, 'counts', $1::text, NULL, jsonb_build_object('kinds_repaired', "
    "$2::bigint, "
    "'channels_with_uncounted_history', $3::bigint), 'done')"};

TallyDifference DifferenceOf(const pg::Row& row) {
    TallyDifference one;
    one.channel = row.GetId<ChannelId>(0);
    one.status = row.Int16(1);
    one.assignee = row.GetId<AgentId>(2);
    one.team = row.GetId<TeamId>(3);
    one.conversations_counted = row.Int64(4);
    one.conversations_found = row.Int64(5);
    one.unread_counted = row.Int64(6);
    one.unread_found = row.Int64(7);
    one.unread_messages_counted = row.Int64(8);
    one.unread_messages_found = row.Int64(9);
    one.waiting_counted = row.Int64(10);
    one.waiting_found = row.Int64(11);
    return one;
}

}  // namespace

Result<Recount> RecountInbox(pg::Pool& pool, TenantId tenant, bool repair) {
    const auto access = repair ? pg::Access::kReadWrite : pg::Access::kReadOnly;
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, access));
    const auto params = pg::Params::Of(tenant);
    if (repair) UNIBOX_RETURN_IF_ERROR(tx.Execute(kLock, params).status());
    UNIBOX_ASSIGN_OR_RETURN(
        const auto tallies, tx.Execute(repair ? kRepairTallies : kCompareTallies, params)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        const auto history, tx.Execute(repair ? kRepairHistory : kCompareHistory, params)
    );
    if (repair && !(tallies.empty() && history.empty())) {
        const auto told = pg::Params::Of(
            tenant,
            static_cast<std::int64_t>(tallies.size()),
            static_cast<std::int64_t>(history.size())
        );
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kAudit, told).status());
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    Recount recount;
    for (const pg::Row row : tallies) recount.differences.push_back(DifferenceOf(row));
    for (const pg::Row row : history) {
        recount.history.push_back(
            {row.GetId<ChannelId>(0), row.Int64(1), row.Int64(2), row.Int64(3)}
        );
    }
    return recount;
}

}  // namespace unibox::store
