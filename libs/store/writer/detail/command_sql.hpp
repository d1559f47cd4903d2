// The statements of transactions that commands are written in, besides those of every batch; sent
// only where a plan or effects ask for them. Private to store. Thread safety: constants.
#pragma once

#include "pg/values.hpp"
#include "store/writer/detail/batch_sql.hpp"

namespace unibox::store::detail {

// ------------------------------------------------------------------------------------------ read

// Each key of the arrays has a row that is locked until the end of the transaction, in their order:
// a new one, empty, or the one that is there; an old one is emptied. Waits for whoever holds one.
#define UNIBOX_REQUEST_KEYS "unnest($1::bigint[], $2::text[], $3::text[])"
inline constexpr pg::Statement kHoldRequestKeys{"command_hold_keys", R"sql(
INSERT INTO request_keys AS k (tenant, scope, key, digest, answer, created_at)
SELECT u.tenant, u.scope, u.key, '', '', now() FROM )sql" UNIBOX_REQUEST_KEYS R"sql(
    AS u(tenant, scope, key)
ON CONFLICT (tenant, scope, key) DO UPDATE
SET digest = excluded.digest, answer = excluded.answer, created_at = excluded.created_at
WHERE k.created_at < now() - interval '24 hours')sql"};
// In a later statement, which sees what the last holder committed. An answer is NULL where those
// before it have $4 bytes together, but for the first.
inline constexpr pg::Statement kReadRequestKeys{"command_read_keys", R"sql(
SELECT n, digest, CASE WHEN bytes <= $4::bigint OR place = 1 THEN answer END
FROM (SELECT u.n, k.digest, k.answer, sum(octet_length(k.answer)) OVER (ORDER BY u.n) AS bytes,
             row_number() OVER (ORDER BY u.n) AS place
      FROM )sql" UNIBOX_REQUEST_KEYS R"sql( WITH ORDINALITY AS u(tenant, scope, key, n),
           LATERAL (SELECT * FROM request_keys k WHERE k.tenant = u.tenant AND k.scope = u.scope
                       AND k.key = u.key LIMIT 1) k
      WHERE k.digest <> '') kept
ORDER BY n)sql"};

// The conversations that the arrays name ($1, $2), as one snapshot has them: counters and row in
// the same leaf, whatever moves it meanwhile.
#define UNIBOX_CONVERSATIONS_NAMED(tenants, ids)                                                \
    "unnest(" tenants "::bigint[], " ids                                                        \
    "::uuid[]) AS i(tenant_id, conversation_id), "                                              \
    "LATERAL (SELECT n.closed_at FROM conversation_counters n WHERE n.tenant_id = i.tenant_id " \
    "AND n.conversation_id = i.conversation_id LIMIT 1) n, "                                    \
    "LATERAL (SELECT * FROM conversations v WHERE v.tenant_id = i.tenant_id "                   \
    "AND v.conversation_id = i.conversation_id AND v.closed_at = n.closed_at LIMIT 1) v "

// Threads by their keys ($1-$3) and those of conversations ($4, $5), locked in one order: that of
// the keys, by bytes, as in kLockThreads.
struct ThreadColumn {
    enum Number : int {
        kTenant,
        kChannel,
        kKey,
        kContact,
        kConversation,
        kDeliveredUntil,
        kReadUntil
    };
};
inline constexpr pg::Statement kLockThreadsById{
    "command_lock_threads",
    "SELECT w.tenant_id, w.channel_id, w.thread_key, t.contact_id, t.conversation_id, "
    "t.delivered_until, t.read_until "
    "FROM (SELECT k.tenant_id, k.channel_id, k.thread_key FROM ("
    "SELECT u.* FROM unnest($1::bigint[], $2::uuid[], $3::text[]) "
    "AS u(tenant_id, channel_id, thread_key) UNION "
    "SELECT v.tenant_id, v.channel_id, v.thread_key FROM " UNIBOX_CONVERSATIONS_NAMED(
        "$4", "$5"
    ) ") k ORDER BY k.tenant_id, k.channel_id, k.thread_key COLLATE \"C\") w, "
      "LATERAL (SELECT * FROM threads t WHERE t.tenant_id = w.tenant_id "
      "AND t.channel_id = w.channel_id AND t.thread_key = w.thread_key FOR NO KEY UPDATE) t"};

// Contacts that the arrays name, and ($3) what was merged into them: locked in the order of their
// keys, by bytes, which is that of kWriteContacts. Then read by a later statement, which sees what
// the last holder committed: while a contact is locked, nothing more is merged into it.
#define UNIBOX_CONTACTS_NAMED                                                              \
    "unnest($1::bigint[], $2::uuid[], $3::boolean[]) AS u(tenant_id, contact_id, whole), " \
    "LATERAL (SELECT k.* FROM contacts k WHERE k.tenant_id = u.tenant_id "                 \
    "AND k.contact_id = u.contact_id UNION ALL SELECT k.* FROM contacts k WHERE u.whole "  \
    "AND k.tenant_id = u.tenant_id AND k.merged_into = u.contact_id) k "
inline constexpr pg::Statement kLockContacts{
    "command_lock_contacts",
    "SELECT w.tenant_id FROM (SELECT DISTINCT k.tenant_id, k.channel_id, "
    "k.contact_key COLLATE \"C\" AS contact_key, k.contact_id FROM " UNIBOX_CONTACTS_NAMED
    "ORDER BY k.tenant_id, k.channel_id, contact_key, k.contact_id) w, "
    "LATERAL (SELECT c.contact_id FROM contacts c WHERE c.tenant_id = w.tenant_id "
    "AND c.contact_id = w.contact_id FOR NO KEY UPDATE) c"};
struct LockedContactColumn {
    enum Number : int {
        kTenant,
        kChannel,
        kIdentityCount = 2 + ContactColumn::kCount,
        kPhone,
        kEmail,
        kAttributes,
        kMoreChannels
    };
};
inline constexpr pg::Statement kReadLockedContacts{
    "command_read_contacts",
    "SELECT k.tenant_id, k.channel_id, " UNIBOX_CONTACT_COLUMNS("k"
    ) ", k.identity_count, k.phone, k.email, k.attributes, "
      "ARRAY(SELECT o.channel_id FROM contacts o WHERE o.tenant_id = k.tenant_id "
      "AND o.merged_into = k.contact_id) FROM " UNIBOX_CONTACTS_NAMED};

// Messages by conversation and seq. After the locks, so the counters' range of created_at is that
// of all messages there are: it leaves only the leaves between.
#define UNIBOX_MESSAGES_BY_SEQ                                                        \
    "FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) WITH ORDINALITY "            \
    "AS u(tenant_id, conversation_id, seq, n), "                                      \
    "LATERAL (SELECT * FROM conversation_counters c WHERE c.tenant_id = u.tenant_id " \
    "AND c.conversation_id = u.conversation_id LIMIT 1) c, "                          \
    "LATERAL (SELECT * FROM messages m WHERE m.tenant_id = u.tenant_id "              \
    "AND m.conversation_id = u.conversation_id AND m.seq = u.seq "                    \
    "AND m.created_at >= c.first_message_at AND m.created_at <= c.last_message_at LIMIT 1) m"
inline constexpr pg::Statement kReadMessagesBySeq{
    "command_read_messages", UNIBOX_TARGET_COLUMNS UNIBOX_MESSAGES_BY_SEQ};
inline constexpr pg::Statement kReadContentsBySeq{
    "command_read_contents", UNIBOX_READ_CONTENTS(UNIBOX_MESSAGES_BY_SEQ, "$4")};

inline constexpr pg::Statement kReadChannelsById{
    "command_read_channels",
    UNIBOX_CHANNELS_OF(
        "(SELECT DISTINCT v.tenant_id, v.channel_id FROM " UNIBOX_CONVERSATIONS_NAMED(
            "$1", "$2"
        ) ") u"
    )};

inline constexpr pg::Statement kReadAgents{"command_read_agents", R"sql(
SELECT u.n, a.name, a.role, a.disabled_at IS NOT NULL,
    ARRAY(SELECT m.channel_id FROM channel_members m
          WHERE m.tenant_id = u.tenant_id AND m.agent_id = u.agent_id)
FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS u(tenant_id, agent_id, n),
    LATERAL (SELECT * FROM agents a
             WHERE a.tenant_id = u.tenant_id AND a.agent_id = u.agent_id LIMIT 1) a)sql"};
inline constexpr pg::Statement kReadTeams{"command_read_teams", R"sql(
SELECT u.n, t.disabled_at IS NOT NULL
FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS u(tenant_id, team_id, n),
    LATERAL (SELECT * FROM teams t
             WHERE t.tenant_id = u.tenant_id AND t.team_id = u.team_id LIMIT 1) t)sql"};

// ----------------------------------------------------------------------------------------- write

inline constexpr pg::Statement kWriteRequestKeys{"command_write_keys", R"sql(
INSERT INTO request_keys AS k (tenant, scope, key, digest, answer, created_at)
SELECT u.*, now() FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) AS u
ON CONFLICT (tenant, scope, key) DO UPDATE
SET digest = excluded.digest, answer = excluded.answer, created_at = excluded.created_at)sql"};

// A command that is there already has been written before, under the same id at the same time.
inline constexpr pg::Statement kInsertAudit{"command_insert_audit", R"sql(
INSERT INTO command_audit (tenant_id, at, command_id, conversation_id, actor_kind, actor_id,
    actor_name, action, changes, contact_id)
SELECT u.* FROM unnest($1::bigint[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::smallint[],
    $6::uuid[], $7::text[], $8::text[], $9::bytea[], $10::uuid[]) AS u
ON CONFLICT DO NOTHING)sql"};

// Their rows are locked: written as they were decided, through the unique index of their keys.
inline constexpr pg::Statement kWriteCommandedContacts{"command_write_contacts", R"sql(
INSERT INTO contacts AS c (tenant_id, channel_id, contact_key, contact_id, display_name, created_at,
    updated_at, merged_into, identity_count, blocked_at, name_given, phone, email, attributes,
    version)
SELECT u.* FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[],
    $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::int[], $10::timestamptz[], $11::boolean[],
    $12::text[], $13::text[], $14::bytea[], $15::bigint[]) AS u
ON CONFLICT (tenant_id, channel_id, contact_key) DO UPDATE
SET display_name = excluded.display_name,
    updated_at = greatest(c.updated_at, excluded.updated_at), merged_into = excluded.merged_into,
    identity_count = excluded.identity_count, blocked_at = excluded.blocked_at,
    name_given = excluded.name_given, phone = excluded.phone, email = excluded.email,
    attributes = excluded.attributes, version = excluded.version)sql"};

inline constexpr pg::Statement kInsertSnoozes{"command_insert_snoozes", R"sql(
INSERT INTO snoozes (snooze_time, tenant, conversation)
SELECT u.* FROM unnest($1::timestamptz[], $2::bigint[], $3::uuid[]) AS u
ON CONFLICT DO NOTHING)sql"};
inline constexpr pg::Statement kDeleteSnoozes{"command_delete_snoozes", R"sql(
DELETE FROM snoozes WHERE ctid = ANY (ARRAY(
    SELECT s.ctid FROM unnest($1::timestamptz[], $2::bigint[], $3::uuid[])
        AS u(snooze_time, tenant, conversation),
        LATERAL (
            SELECT s.ctid FROM snoozes s
            WHERE s.snooze_time = u.snooze_time AND s.tenant = u.tenant
              AND s.conversation = u.conversation LIMIT 1) s)))sql"};

// Behind the COMMIT, which has waited until its record was flushed (synchronous_commit).
inline constexpr pg::Statement kConsistencyToken{
    "command_token", "SELECT pg_current_wal_flush_lsn()::text"};

}  // namespace unibox::store::detail
