// The statements that write a batch. Private to store.
//
// Upserts, where rows exist already and are locked, because they find each row through its unique
// index whatever the planner believes; MERGE with an INSERT branch that never applies, where a row
// may move between leaves: it becomes an outer join, which a nested loop can only run from the
// arrays' side. Thread safety: constants.
#pragma once

#include "pg/values.hpp"

namespace unibox::store::detail {

// Aliases are added to those that are there: another partition may have added some since they were
// read. And the tenant may have given a name.
inline constexpr pg::Statement kWriteContacts{"batch_write_contacts", R"sql(
INSERT INTO contacts AS c (tenant_id, channel_id, contact_key, contact_id, display_name, aliases,
    created_at, updated_at)
SELECT u.tenant_id, u.channel_id, u.contact_key, u.contact_id, u.display_name,
    u.aliases::text[], u.created_at, u.updated_at
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[],
        $7::timestamptz[], $8::timestamptz[])
    AS u(tenant_id, channel_id, contact_key, contact_id, display_name, aliases, created_at,
        updated_at)
ON CONFLICT (tenant_id, channel_id, contact_key) DO UPDATE
SET display_name = CASE WHEN c.name_given THEN c.display_name ELSE excluded.display_name END,
    updated_at = greatest(c.updated_at, excluded.updated_at),
    aliases = c.aliases || ARRAY(
        SELECT a FROM unnest(excluded.aliases) a WHERE a <> ALL (c.aliases)))sql"};

inline constexpr pg::Statement kWriteThreads{"batch_write_threads", R"sql(
INSERT INTO threads AS t (tenant_id, channel_id, thread_key, contact_id, conversation_id,
    delivered_until, read_until, created_at)
SELECT u.*, now()
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[],
    $7::timestamptz[]) AS u
ON CONFLICT (tenant_id, channel_id, thread_key) DO UPDATE
SET conversation_id = excluded.conversation_id, delivered_until = excluded.delivered_until,
    read_until = excluded.read_until)sql"};

inline constexpr pg::Statement kWriteCounters{"batch_write_counters", R"sql(
INSERT INTO conversation_counters AS c (tenant_id, conversation_id, last_seq, version,
    unread_count, inbound_count, outbound_count, closed_at, first_message_at, last_message_at,
    delivered_until, read_until, rate_minute, rate_count)
SELECT u.* FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::int[],
    $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[],
    $11::timestamptz[], $12::timestamptz[], $13::int[], $14::int[]) AS u
ON CONFLICT (tenant_id, conversation_id) DO UPDATE
SET last_seq = excluded.last_seq, version = excluded.version,
    unread_count = excluded.unread_count, inbound_count = excluded.inbound_count,
    outbound_count = excluded.outbound_count, closed_at = excluded.closed_at,
    first_message_at = excluded.first_message_at, last_message_at = excluded.last_message_at,
    delivered_until = excluded.delivered_until, read_until = excluded.read_until,
    rate_minute = excluded.rate_minute, rate_count = excluded.rate_count)sql"};

#define UNIBOX_CONVERSATION_COLUMNS                                                      \
    "tenant_id, conversation_id, channel_id, thread_key, contact_id, provider, status, " \
    "unread_count, message_count, preview, preview_direction, last_activity_at, "        \
    "last_customer_at, last_agent_at, created_at, closed_at, version, snooze_time, "     \
    "waiting_since, can_reply_until, preview_seq"
#define UNIBOX_CONVERSATION_VALUES                                                           \
    "u.tenant_id, u.conversation_id, u.channel_id, u.thread_key, u.contact_id, u.provider, " \
    "u.status, u.unread_count, u.message_count, u.preview, u.preview_direction, "            \
    "u.last_activity_at, u.last_customer_at, u.last_agent_at, u.created_at, u.closed_at, "   \
    "u.version, u.snooze_time, u.waiting_since, u.can_reply_until, u.preview_seq"
#define UNIBOX_CONVERSATION_ARRAYS                                                     \
    "$1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::smallint[], "   \
    "$7::smallint[], $8::int[], $9::bigint[], $10::text[], $11::smallint[], "          \
    "$12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], " \
    "$16::timestamptz[], $17::bigint[], $18::timestamptz[], $19::timestamptz[], "      \
    "$20::timestamptz[], $21::bigint[]"

// What people and programs made of them, behind the others.
#define UNIBOX_WORK_COLUMNS ", priority, assignee_id, team_id, muted, attributes, labels"
#define UNIBOX_WORK_VALUES \
    ", u.priority, u.assignee_id, u.team_id, u.muted, u.attributes, u.labels::text[]"
#define UNIBOX_WORK_ARRAYS \
    ", $22::smallint[], $23::uuid[], $24::uuid[], $25::boolean[], $26::bytea[], $27::text[]"

#define UNIBOX_INSERT_CONVERSATIONS(columns, values, arrays)               \
    "INSERT INTO conversations AS c (" UNIBOX_CONVERSATION_COLUMNS columns \
    ") SELECT " UNIBOX_CONVERSATION_VALUES values                          \
    " FROM unnest(" UNIBOX_CONVERSATION_ARRAYS arrays                      \
    ") AS u(" UNIBOX_CONVERSATION_COLUMNS columns ") "
#define UNIBOX_INSERT_WHOLE_CONVERSATIONS \
    UNIBOX_INSERT_CONVERSATIONS(UNIBOX_WORK_COLUMNS, UNIBOX_WORK_VALUES, UNIBOX_WORK_ARRAYS)

inline constexpr pg::Statement kCreateConversations{
    "batch_create_conversations", UNIBOX_INSERT_WHOLE_CONVERSATIONS};

// For conversations that stay in their leaf. Of a row that is there only what may have changed is
// written, and what people and programs made of it only where that did: labels and attributes may
// be long.
#define UNIBOX_UPDATE_CONVERSATIONS                                                          \
    "ON CONFLICT (tenant_id, conversation_id, closed_at) DO UPDATE SET "                     \
    "contact_id = excluded.contact_id, status = excluded.status, "                           \
    "unread_count = excluded.unread_count, message_count = excluded.message_count, "         \
    "preview = excluded.preview, preview_direction = excluded.preview_direction, "           \
    "last_activity_at = excluded.last_activity_at, "                                         \
    "last_customer_at = excluded.last_customer_at, last_agent_at = excluded.last_agent_at, " \
    "version = excluded.version, snooze_time = excluded.snooze_time, "                       \
    "waiting_since = excluded.waiting_since, can_reply_until = excluded.can_reply_until, "   \
    "preview_seq = excluded.preview_seq"
inline constexpr pg::Statement kUpdateConversations{
    "batch_update_conversations",
    UNIBOX_INSERT_CONVERSATIONS("", "", "") UNIBOX_UPDATE_CONVERSATIONS};
inline constexpr pg::Statement kUpdateWorkedConversations{
    "batch_update_worked_conversations",
    UNIBOX_INSERT_WHOLE_CONVERSATIONS UNIBOX_UPDATE_CONVERSATIONS
    ", priority = excluded.priority, assignee_id = excluded.assignee_id, "
    "team_id = excluded.team_id, muted = excluded.muted, attributes = excluded.attributes, "
    "labels = excluded.labels"};

// For conversations that are reopened or closed: the row moves from the leaf of closed_at_before to
// that of closed_at.
inline constexpr pg::Statement kMoveConversations{"batch_move_conversations", R"sql(
MERGE INTO conversations c
USING unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],
        $6::smallint[], $7::int[], $8::bigint[], $9::text[], $10::smallint[],
        $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::bigint[],
        $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], $18::bigint[], $19::smallint[],
        $20::uuid[], $21::uuid[], $22::boolean[], $23::bytea[], $24::text[])
    AS u(tenant_id, conversation_id, closed_before, closed_at, contact_id, status, unread_count,
        message_count, preview, preview_direction, last_activity_at, last_customer_at,
        last_agent_at, version, snooze_time, waiting_since, can_reply_until, preview_seq, priority,
        assignee_id, team_id, muted, attributes, labels)
ON c.tenant_id = u.tenant_id AND c.conversation_id = u.conversation_id
    AND c.closed_at = u.closed_before
WHEN MATCHED THEN UPDATE
SET closed_at = u.closed_at, contact_id = u.contact_id, status = u.status,
    unread_count = u.unread_count, message_count = u.message_count, preview = u.preview,
    preview_direction = u.preview_direction, last_activity_at = u.last_activity_at,
    last_customer_at = u.last_customer_at, last_agent_at = u.last_agent_at, version = u.version,
    snooze_time = u.snooze_time, waiting_since = u.waiting_since,
    can_reply_until = u.can_reply_until, preview_seq = u.preview_seq, priority = u.priority,
    assignee_id = u.assignee_id, team_id = u.team_id, muted = u.muted, attributes = u.attributes,
    labels = u.labels::text[]
WHEN NOT MATCHED AND u.tenant_id IS NULL THEN INSERT DEFAULT VALUES)sql"};

#define UNIBOX_INSERT_MESSAGES                                                                    \
    "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, channel_id, " \
    "direction, kind, contact_id, body, payload, extras, reply_to, provider_id, client_ref, "     \
    "delivery_state, delivery_error, provider_time, received_at, edited_at, edit_revision, "      \
    "deleted_at, version, removed_reactions, author_kind, author_id, author_name) "               \
    "SELECT u.* FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::timestamptz[], "          \
    "$5::uuid[], $6::uuid[], $7::smallint[], $8::smallint[], $9::uuid[], $10::text[], "           \
    "$11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::smallint[], "         \
    "$17::text[], $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::bigint[], "    \
    "$22::timestamptz[], $23::bigint[], $24::bytea[], $25::smallint[], $26::uuid[], "             \
    "$27::text[]) AS u "

inline constexpr pg::Statement kInsertMessages{"batch_insert_messages", UNIBOX_INSERT_MESSAGES};

// Of rows that are there only what changed is written; a text that stays is neither sent nor
// written anew (out of line it is not even copied).
#define UNIBOX_UPDATE_MESSAGES                                                                 \
    UNIBOX_INSERT_MESSAGES                                                                     \
    "ON CONFLICT (tenant_id, conversation_id, seq, created_at) DO UPDATE "                     \
    "SET delivery_state = excluded.delivery_state, delivery_error = excluded.delivery_error, " \
    "version = excluded.version"
inline constexpr pg::Statement kUpdateDeliveries{"batch_update_deliveries", UNIBOX_UPDATE_MESSAGES};
inline constexpr pg::Statement kUpdateReactions{
    "batch_update_reactions",
    UNIBOX_UPDATE_MESSAGES
    ", extras = excluded.extras, removed_reactions = excluded.removed_reactions"};
inline constexpr pg::Statement kUpdateTexts{
    "batch_update_texts",
    UNIBOX_UPDATE_MESSAGES
    ", body = excluded.body, payload = excluded.payload, "
    "extras = excluded.extras, "
    "removed_reactions = excluded.removed_reactions, edited_at = excluded.edited_at, "
    "edit_revision = excluded.edit_revision, "
    "deleted_at = excluded.deleted_at"};

inline constexpr pg::Statement kInsertRefs{"batch_insert_refs", R"sql(
INSERT INTO ext_ref (tenant_id, channel_id, event_key, seen_at, conversation_id, seq, created_at)
SELECT u.tenant_id, u.channel_id, u.event_key, now(), u.conversation_id, u.seq, u.created_at
FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::timestamptz[])
     AS u(tenant_id, channel_id, event_key, conversation_id, seq, created_at))sql"};

inline constexpr pg::Statement kInsertParked{"batch_insert_parked", R"sql(
INSERT INTO parked_events (tenant_id, channel_id, target_key, event_key, event, parked_at)
SELECT u.*, now() FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[]) AS u
ON CONFLICT DO NOTHING)sql"};

inline constexpr pg::Statement kDeleteParked{"batch_delete_parked", R"sql(
DELETE FROM parked_events WHERE ctid = ANY (ARRAY(
    SELECT p.ctid
    FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[])
        AS u(tenant_id, channel_id, target_key, event_key),
        LATERAL (
            SELECT p.ctid FROM parked_events p
            WHERE p.tenant_id = u.tenant_id AND p.channel_id = u.channel_id
              AND p.target_key = u.target_key AND p.event_key = u.event_key LIMIT 1) p)))sql"};

inline constexpr pg::Statement kInsertOutbox{"batch_insert_outbox", R"sql(
INSERT INTO outbox (shard, target, batch)
SELECT u.shard, u.target, u.batch
FROM unnest($1::int[], $2::smallint[], $3::bytea[]) AS u(shard, target, batch)
RETURNING shard, target, id)sql"};

inline constexpr pg::Statement kDeleteOutbox{"batch_delete_outbox", R"sql(
DELETE FROM outbox WHERE ctid = ANY (ARRAY(
    SELECT o.ctid FROM unnest($1::int[], $2::smallint[], $3::bigint[]) AS u(shard, target, id),
         LATERAL (SELECT o.ctid FROM outbox o
                  WHERE o.shard = u.shard AND o.target = u.target AND o.id = u.id
                  LIMIT 1) o)))sql"};

inline constexpr pg::Statement kInsertDeadLetters{"batch_insert_dead_letters", R"sql(
INSERT INTO dead_letter (generation, partition, stream_seq, event, sqlstate, error)
SELECT u.*
FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bytea[], $5::text[], $6::text[]) AS u)sql"};

}  // namespace unibox::store::detail
