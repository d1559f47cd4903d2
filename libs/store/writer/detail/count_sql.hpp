// The statements that keep the counts (0032). Private to store.
// Thread safety: constants.
#pragma once

#include "pg/values.hpp"

namespace unibox::store::detail {

#define UNIBOX_TALLY_KEY "tenant_id, channel_id, status, assignee_id, team_id, shard"
#define UNIBOX_TALLY_COUNTS "conversation_count, unread_count, unread_message_count, waiting_count"
#define UNIBOX_VOLUME_KEY "tenant_id, period, starts_at, channel_id, agent_id, shard"
#define UNIBOX_VOLUME_COUNTS                                                    \
    "begun_count, inbound_count, agent_outbound_count, bot_outbound_count, "    \
    "other_outbound_count, response_count, response_ms, first_response_count, " \
    "first_response_ms, closed_count, resolution_ms"

#define UNIBOX_ADD_TALLIES                                                                      \
    " ON CONFLICT (" UNIBOX_TALLY_KEY                                                           \
    ") DO UPDATE SET conversation_count = c.conversation_count + excluded.conversation_count, " \
    "unread_count = c.unread_count + excluded.unread_count, "                                   \
    "unread_message_count = c.unread_message_count + excluded.unread_message_count, "           \
    "waiting_count = c.waiting_count + excluded.waiting_count "
#define UNIBOX_ADD_VOLUMES                                                            \
    " ON CONFLICT (" UNIBOX_VOLUME_KEY                                                \
    ") DO UPDATE SET begun_count = c.begun_count + excluded.begun_count, "            \
    "inbound_count = c.inbound_count + excluded.inbound_count, "                      \
    "agent_outbound_count = c.agent_outbound_count + excluded.agent_outbound_count, " \
    "bot_outbound_count = c.bot_outbound_count + excluded.bot_outbound_count, "       \
    "other_outbound_count = c.other_outbound_count + excluded.other_outbound_count, " \
    "response_count = c.response_count + excluded.response_count, "                   \
    "response_ms = c.response_ms + excluded.response_ms, "                            \
    "first_response_count = c.first_response_count + excluded.first_response_count, " \
    "first_response_ms = c.first_response_ms + excluded.first_response_ms, "          \
    "closed_count = c.closed_count + excluded.closed_count, "                         \
    "resolution_ms = c.resolution_ms + excluded.resolution_ms "

// Both in one statement. The rows are of the shard that the transaction has fenced, $1: nobody else
// adds to them, and the keeper does not wait for them.
inline constexpr pg::Statement kAddCounts{
    "batch_add_counts",
    "WITH tallied AS (INSERT INTO conversation_tallies AS c (" UNIBOX_TALLY_KEY
    ", " UNIBOX_TALLY_COUNTS
    ") SELECT u.tenant_id, u.channel_id, u.status, u.assignee_id, u.team_id, $1::int, "
    "u.conversations, "
    "u.unread, u.unread_messages, u.waiting "
    "FROM unnest($2::bigint[], $3::uuid[], $4::smallint[], $5::uuid[], $6::uuid[], $7::bigint[], "
    "$8::bigint[], $9::bigint[], $10::bigint[]) AS u(tenant_id, channel_id, status, assignee_id, "
    "team_id, conversations, unread, unread_messages, waiting)" UNIBOX_ADD_TALLIES
    ") INSERT INTO inbox_volumes AS c (" UNIBOX_VOLUME_KEY ", " UNIBOX_VOLUME_COUNTS
    ") SELECT u.tenant_id, 1, u.starts_at, u.channel_id, u.agent_id, $1::int, u.n1, u.n2, u.n3, "
    "u.n4, "
    "u.n5, u.n6, u.n7, u.n8, u.n9, u.n10, u.n11 "
    "FROM unnest($11::bigint[], $12::timestamptz[], $13::uuid[], $14::uuid[], $15::bigint[], "
    "$16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], "
    "$22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[]) AS u(tenant_id, starts_at, "
    "channel_id, agent_id, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11)" UNIBOX_ADD_VOLUMES};

// Up to $1 rows of shards go into the totals. What a transaction holds stays for the next time, so
// that this waits for none; one that comes meanwhile waits for this statement.
inline constexpr pg::Statement kFoldTallies{
    "count_fold_tallies",
    "WITH gone AS (DELETE FROM conversation_tallies WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM conversation_tallies WHERE shard <> 0 LIMIT $1 FOR UPDATE SKIP LOCKED)) "
    "RETURNING *), added AS (INSERT INTO conversation_tallies AS c (" UNIBOX_TALLY_KEY
    ", " UNIBOX_TALLY_COUNTS
    ") SELECT tenant_id, channel_id, status, assignee_id, team_id, 0, sum(conversation_count), "
    "sum(unread_count), sum(unread_message_count), sum(waiting_count) FROM gone "
    "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5" UNIBOX_ADD_TALLIES
    ") SELECT tenant_id, count(*) FROM gone GROUP BY 1"};

// The hours that are folded are also added to their day, and to what was ever.
inline constexpr pg::Statement kFoldVolumes{
    "count_fold_volumes",
    "WITH gone AS (DELETE FROM inbox_volumes WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM inbox_volumes WHERE shard <> 0 LIMIT $1 FOR UPDATE SKIP LOCKED)) "
    "RETURNING *), added AS (INSERT INTO inbox_volumes AS c (" UNIBOX_VOLUME_KEY
    ", " UNIBOX_VOLUME_COUNTS
    ") SELECT g.tenant_id, p.period, p.starts_at, g.channel_id, g.agent_id, 0, "
    "sum(begun_count), sum(inbound_count), sum(agent_outbound_count), sum(bot_outbound_count), "
    "sum(other_outbound_count), sum(response_count), sum(response_ms), sum(first_response_count), "
    "sum(first_response_ms), sum(closed_count), sum(resolution_ms) FROM gone g "
    "CROSS JOIN LATERAL (VALUES (1::smallint, g.starts_at), "
    "(2::smallint, date_trunc('day', g.starts_at, 'UTC')), (3::smallint, '-infinity'::timestamptz)"
    ") AS p(period, starts_at) "
    "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5" UNIBOX_ADD_VOLUMES
    ") SELECT tenant_id, count(*) FROM gone GROUP BY 1"};

// Of tenants that were folded ($1): totals that came to nothing, and hours nobody asks about.
inline constexpr pg::Statement kDropEmptyTallies{
    "count_drop_tallies",
    "DELETE FROM conversation_tallies WHERE tenant_id = ANY ($1::bigint[]) AND shard = 0 "
    "AND conversation_count = 0 AND unread_count = 0 AND unread_message_count = 0 "
    "AND waiting_count = 0"};
inline constexpr pg::Statement kDropOldHours{
    "count_drop_hours",
    "DELETE FROM inbox_volumes WHERE tenant_id = ANY ($1::bigint[]) AND period = 1 AND shard = 0 "
    "AND starts_at < now() - interval '100 days'"};

}  // namespace unibox::store::detail
