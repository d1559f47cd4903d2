// The statements of search_index.cpp. Private to store. Thread safety: constants.
#pragma once

#include "pg/values.hpp"

namespace unibox::store::detail {

// "unibox" and the number of the lock: the indexer. The keeper's is 2 (upkeep.cpp). Held by the
// session, so that whoever lost the connection has lost it.
inline constexpr pg::Statement kHoldSearchLock{"search_lock", R"sql(
SELECT set_config('idle_session_timeout', $1, false),
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1970170210
                  AND objid = 3 AND pid = pg_backend_pid() AND granted)
       OR pg_try_advisory_lock(1970170210, 3))sql"};

// The oldest, until they have $1 keys together; one at least.
inline constexpr pg::Statement kPickPending{"search_pick", R"sql(
SELECT id FROM (
    SELECT id, sum(key_count) OVER (ORDER BY id) - key_count AS before
    FROM (SELECT id, key_count FROM search_pending ORDER BY id LIMIT 1000) first) counted
WHERE before < $1::bigint ORDER BY id)sql"};
inline constexpr pg::Statement kDropPending{
    "search_drop_pending", "DELETE FROM search_pending WHERE id = ANY ($1::bigint[])"};

// What is indexed of a message: tenant, conversation, seq, created_at, channel, text. A text of ''
// is of a message that is deleted or gone. As many characters as libs/search looks at.
#define UNIBOX_SEARCHED_TEXT \
    "CASE WHEN m.deleted_at IS NULL THEN coalesce(left(m.body, 16384), '') ELSE '' END "

// In a later statement than the keys were read in: it sees at least what they were put down with.
// Those that are too old for a partition are left out.
inline constexpr pg::Statement kReadChangedMessages{
    "search_read_messages",
    "SELECT k.tenant_id, k.conversation_id, k.seq, k.created_at, "
    "m.channel_id, " UNIBOX_SEARCHED_TEXT
    "FROM (SELECT DISTINCT u.* FROM search_pending p, "
    "unnest(p.tenants, p.objects, p.seqs, p.times) "
    "AS u(tenant_id, conversation_id, seq, created_at) "
    "WHERE p.id = ANY ($1::bigint[]) AND p.kind = 1 "
    "AND u.created_at > now() - interval '390 days') k "
    "LEFT JOIN LATERAL (SELECT * FROM messages m WHERE m.tenant_id = k.tenant_id "
    "AND m.conversation_id = k.conversation_id AND m.seq = k.seq "
    "AND m.created_at = k.created_at LIMIT 1) m ON true"};

#define UNIBOX_SEARCHED_CONTACT "k.channel_id, k.display_name, k.contact_key, k.aliases "
inline constexpr pg::Statement kReadChangedContacts{
    "search_read_contacts",
    "SELECT c.tenant_id, c.contact_id, " UNIBOX_SEARCHED_CONTACT
    "FROM (SELECT DISTINCT u.* FROM search_pending p, unnest(p.tenants, p.objects) "
    "AS u(tenant_id, contact_id) WHERE p.id = ANY ($1::bigint[]) AND p.kind = 2) c "
    "LEFT JOIN LATERAL (SELECT * FROM contacts k WHERE k.tenant_id = c.tenant_id "
    "AND k.contact_id = c.contact_id LIMIT 1) k ON true"};

// Times come as microseconds since 1970: a row is found by its time, exactly.
#define UNIBOX_TIME(microseconds) \
    "timestamptz '1970-01-01 00:00:00+00' + " microseconds " * interval '1 microsecond'"

// The partitions of these times, where they are missing.
inline constexpr pg::Statement kMakeSearchLeaves{"search_make_leaves", R"sql(
SELECT ub_make_partition('message_search', w.at)
FROM (SELECT DISTINCT date_trunc('week', )sql" UNIBOX_TIME("t") R"sql(, 'UTC') AS at
      FROM unnest($1::bigint[]) AS t) w)sql"};

inline constexpr pg::Statement kWriteMessageWords{"search_write_messages", R"sql(
INSERT INTO message_search (tenant_id, conversation_id, seq, created_at, channel_id, words)
SELECT u.tenant_id, u.conversation_id, u.seq, )sql" UNIBOX_TIME("u.created_us") R"sql(,
    u.channel_id, u.words::tsvector
FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[])
    AS u(tenant_id, conversation_id, seq, created_us, channel_id, words)
ON CONFLICT (tenant_id, conversation_id, seq, created_at) DO UPDATE
SET channel_id = excluded.channel_id, words = excluded.words)sql"};
inline constexpr pg::Statement kDropMessageWords{"search_drop_messages", R"sql(
DELETE FROM message_search s
USING unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[])
    AS u(tenant_id, conversation_id, seq, created_us)
WHERE s.tenant_id = u.tenant_id AND s.conversation_id = u.conversation_id AND s.seq = u.seq
  AND s.created_at = )sql" UNIBOX_TIME("u.created_us")};

inline constexpr pg::Statement kWriteContactGrams{"search_write_contacts", R"sql(
INSERT INTO contact_search (tenant_id, contact_id, channel_id, folded, grams)
SELECT u.tenant_id, u.contact_id, u.channel_id, u.folded, u.grams::tsvector
FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
    AS u(tenant_id, contact_id, channel_id, folded, grams)
ON CONFLICT (tenant_id, contact_id) DO UPDATE
SET channel_id = excluded.channel_id, folded = excluded.folded, grams = excluded.grams)sql"};
inline constexpr pg::Statement kDropContactGrams{"search_drop_contacts", R"sql(
DELETE FROM contact_search s
USING unnest($1::bigint[], $2::uuid[]) AS u(tenant_id, contact_id)
WHERE s.tenant_id = u.tenant_id AND s.contact_id = u.contact_id)sql"};

// ------------------------------------------------------------------------------------- the walk

// Which part: 1 contacts, 2 messages of the month that begins at `month`, 0 nothing more.
inline constexpr pg::Statement kReadWalk{"search_read_walk", R"sql(
SELECT CASE month WHEN 'infinity' THEN 1 WHEN '-infinity' THEN 0 ELSE 2 END, month, tenant, object,
       seq
FROM search_walk FOR UPDATE)sql"};
inline constexpr pg::Statement kWalkContacts{
    "search_walk_contacts",
    "SELECT k.tenant_id, k.contact_id, " UNIBOX_SEARCHED_CONTACT
    "FROM contacts k WHERE (k.tenant_id, k.contact_id) > ($1, $2) "
    "ORDER BY k.tenant_id, k.contact_id LIMIT $3"};
inline constexpr pg::Statement kWalkMessages{
    "search_walk_messages",
    "SELECT m.tenant_id, m.conversation_id, m.seq, m.created_at, "
    "m.channel_id, " UNIBOX_SEARCHED_TEXT
    "FROM messages m WHERE m.created_at >= $1 AND m.created_at < $1 + interval '1 month' "
    "AND (m.tenant_id, m.conversation_id, m.seq) > ($2, $3, $4) "
    "ORDER BY m.tenant_id, m.conversation_id, m.seq LIMIT $5"};
inline constexpr pg::Statement kSetWalkPlace{
    "search_walk_on", "UPDATE search_walk SET tenant = $1, object = $2, seq = $3"};
// The month before; the first one is that of a day from now, for clocks that differ.
inline constexpr pg::Statement kNextWalkPart{"search_walk_part", R"sql(
UPDATE search_walk
SET tenant = 0, object = '00000000-0000-0000-0000-000000000000', seq = 0,
    month = CASE WHEN month = 'infinity'
                 THEN date_trunc('month', now() + interval '1 day', 'UTC')
                 WHEN month <= now() - interval '390 days' THEN '-infinity'
                 ELSE date_trunc('month', month - interval '1 day', 'UTC') END
RETURNING month <> '-infinity')sql"};

inline constexpr pg::Statement kReadLag{"search_lag", R"sql(
SELECT (SELECT count(*) FROM (SELECT FROM search_pending LIMIT 10000) pending),
       coalesce((SELECT (extract(epoch FROM clock_timestamp() - made_at) * 1000)::bigint
                 FROM search_pending ORDER BY id LIMIT 1), 0),
       (SELECT month <> '-infinity' FROM search_walk))sql"};

inline constexpr pg::Statement kForgetPending{"search_forget", R"sql(
WITH old AS (DELETE FROM search_pending
             WHERE id <= (SELECT max(id) FROM search_pending
                          WHERE made_at < now() - $1 * interval '1 ms')
             RETURNING id)
UPDATE search_walk
SET begun_at = now(), month = 'infinity', tenant = 0, seq = 0,
    object = '00000000-0000-0000-0000-000000000000'
WHERE EXISTS (SELECT FROM old))sql"};

}  // namespace unibox::store::detail
