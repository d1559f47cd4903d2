// The statements that read a batch's state, in the order of the pipeline. Private to store.
// Thread safety: constants.
#pragma once

#include "pg/values.hpp"
#include "store/schema/detail/leaf_mark.hpp"

namespace unibox::store::detail {

inline constexpr pg::Statement kFence{
    "batch_fence",
    "SELECT ub_fence($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint, "
    "$7::text[], $8::timestamptz[]), " UNIBOX_LEAF_MARK};
inline constexpr pg::Statement kFenceSlot{
    "batch_fence_slot", "SELECT ub_fence_slot($1, $2, $3), " UNIBOX_LEAF_MARK};

// What is read of a contact, in every statement that reads some.
#define UNIBOX_CONTACT_COLUMNS(contact)                                              \
    contact ".contact_id, " contact ".display_name, " contact ".aliases, " contact   \
            ".created_at, " contact ".updated_at, " contact ".contact_key, " contact \
            ".merged_into, " contact ".blocked_at, " contact ".name_given, " contact ".version"
struct ContactColumn {
    enum Number : int {
        kId,
        kName,
        kAliases,
        kCreated,
        kUpdated,
        kKey,
        kMergedInto,
        kBlocked,
        kNameGiven,
        kVersion,
        kCount
    };
};

inline constexpr pg::Statement kInsertContacts{"batch_insert_contacts", R"sql(
INSERT INTO contacts (tenant_id, channel_id, contact_key, contact_id, display_name, aliases,
    created_at, updated_at)
SELECT u.tenant_id, u.channel_id, u.contact_key, u.contact_id, u.display_name,
    u.aliases::text[], u.created_at, u.created_at
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[],
        $7::timestamptz[])
    AS u(tenant_id, channel_id, contact_key, contact_id, display_name, aliases, created_at)
WHERE NOT EXISTS (
        SELECT FROM contacts c
        WHERE c.tenant_id = u.tenant_id AND c.channel_id = u.channel_id
          AND c.contact_key = u.contact_key OFFSET 0)
    AND NOT EXISTS (
        SELECT FROM contact_moves m
        WHERE m.tenant_id = u.tenant_id AND m.channel_id = u.channel_id
          AND m.contact_key = u.contact_key OFFSET 0)
ON CONFLICT DO NOTHING)sql"};

// Columns $3 the new ids, $4 the ids by which the contacts are known already.
inline constexpr pg::Statement kInsertContactMoves{"batch_insert_contact_moves", R"sql(
INSERT INTO contact_moves AS m (tenant_id, channel_id, contact_key, contact_id, moved_at)
SELECT u.tenant_id, u.channel_id, u.contact_key, f.contact_id, u.moved_at
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    AS u(tenant_id, channel_id, contact_key, from_key, moved_at),
    LATERAL (SELECT coalesce(
        (SELECT c.contact_id FROM contacts c
         WHERE c.tenant_id = u.tenant_id AND c.channel_id = u.channel_id
           AND c.contact_key = u.from_key),
        (SELECT o.contact_id FROM contact_moves o
         WHERE o.tenant_id = u.tenant_id AND o.channel_id = u.channel_id
           AND o.contact_key = u.from_key)) AS contact_id) f
WHERE f.contact_id IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM contacts c
        WHERE c.tenant_id = u.tenant_id AND c.channel_id = u.channel_id
          AND c.contact_key = u.contact_key OFFSET 0)
ON CONFLICT (tenant_id, channel_id, contact_key) DO UPDATE
SET contact_id = excluded.contact_id, moved_at = excluded.moved_at
WHERE m.moved_at < excluded.moved_at)sql"};

// A contact inserted by another writer since the snapshot of the statement before is seen here.
inline constexpr pg::Statement kInsertThreads{"batch_insert_threads", R"sql(
INSERT INTO threads (tenant_id, channel_id, thread_key, contact_id, created_at)
SELECT u.tenant_id, u.channel_id, u.thread_key, coalesce(
        (SELECT c.contact_id FROM contacts c
         WHERE c.tenant_id = u.tenant_id AND c.channel_id = u.channel_id
           AND c.contact_key = u.contact_key),
        (SELECT m.contact_id FROM contact_moves m
         WHERE m.tenant_id = u.tenant_id AND m.channel_id = u.channel_id
           AND m.contact_key = u.contact_key)), u.created_at
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    AS u(tenant_id, channel_id, thread_key, contact_key, created_at)
WHERE NOT EXISTS (
        SELECT FROM threads t
        WHERE t.tenant_id = u.tenant_id AND t.channel_id = u.channel_id
          AND t.thread_key = u.thread_key OFFSET 0)
ON CONFLICT DO NOTHING)sql"};

inline constexpr pg::Statement kLockThreads{"batch_lock_threads", R"sql(
SELECT u.n, t.contact_id, t.conversation_id, t.delivered_until, t.read_until
FROM unnest($1::bigint[], $2::uuid[], $3::text[])
    WITH ORDINALITY AS u(tenant_id, channel_id, thread_key, n),
    LATERAL (
        SELECT * FROM threads t
        WHERE t.tenant_id = u.tenant_id AND t.channel_id = u.channel_id
          AND t.thread_key = u.thread_key FOR NO KEY UPDATE) t)sql"};

// By their own ids, else by those under which they go on.
inline constexpr pg::Statement kReadContacts{
    "batch_read_contacts", "SELECT u.n, " UNIBOX_CONTACT_COLUMNS("c") R"sql(
FROM unnest($1::bigint[], $2::uuid[], $3::text[])
    WITH ORDINALITY AS u(tenant_id, channel_id, contact_key, n),
    LATERAL (
        SELECT * FROM contacts c
        WHERE c.tenant_id = u.tenant_id AND c.channel_id = u.channel_id
          AND c.contact_key = u.contact_key
        UNION ALL
        SELECT c.* FROM contact_moves m,
            LATERAL (SELECT * FROM contacts c
                     WHERE c.tenant_id = m.tenant_id AND c.contact_id = m.contact_id LIMIT 1) c
        WHERE m.tenant_id = u.tenant_id AND m.channel_id = u.channel_id
          AND m.contact_key = u.contact_key
        LIMIT 1) c)sql"};

// Who began the threads; and, where that is not the contact that the batch names ($4), that one too
// (the second half of the columns, as kReadContacts finds it). After the locks of the threads.
inline constexpr pg::Statement kReadThreadContacts{
    "batch_read_thread_contacts",
    "SELECT u.n, " UNIBOX_CONTACT_COLUMNS("c") ", " UNIBOX_CONTACT_COLUMNS("d") R"sql(
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[])
    WITH ORDINALITY AS u(tenant_id, channel_id, thread_key, contact_key, n),
    LATERAL (
        SELECT t.contact_id FROM threads t
        WHERE t.tenant_id = u.tenant_id AND t.channel_id = u.channel_id
          AND t.thread_key = u.thread_key LIMIT 1) t,
    LATERAL (
        SELECT * FROM contacts c
        WHERE c.tenant_id = u.tenant_id AND c.contact_id = t.contact_id LIMIT 1) c
    LEFT JOIN LATERAL (
        SELECT * FROM contacts d
        WHERE c.contact_key <> u.contact_key AND d.tenant_id = u.tenant_id
          AND d.channel_id = u.channel_id AND d.contact_key = u.contact_key
        UNION ALL
        SELECT d.* FROM contact_moves m,
            LATERAL (SELECT * FROM contacts d
                     WHERE d.tenant_id = m.tenant_id AND d.contact_id = m.contact_id LIMIT 1) d
        WHERE c.contact_key <> u.contact_key AND m.tenant_id = u.tenant_id
          AND m.channel_id = u.channel_id AND m.contact_key = u.contact_key
        LIMIT 1) d ON true)sql"};

// Those that remained of the ones that were merged, by id. In a pipeline of its own, and only where
// there are some.
inline constexpr pg::Statement kReadSurvivors{
    "batch_read_survivors", "SELECT c.tenant_id, c.channel_id, " UNIBOX_CONTACT_COLUMNS("c") R"sql(
FROM unnest($1::bigint[], $2::uuid[]) AS u(tenant_id, contact_id),
    LATERAL (SELECT * FROM contacts c
             WHERE c.tenant_id = u.tenant_id AND c.contact_id = u.contact_id LIMIT 1) c)sql"};

// The newest row of a key within the weeks that are kept; $4 says how far back to look.
inline constexpr pg::Statement kReadRefs{"batch_read_refs", R"sql(
SELECT u.n, r.conversation_id, r.seq, r.created_at
FROM unnest($1::bigint[], $2::uuid[], $3::uuid[])
    WITH ORDINALITY AS u(tenant_id, channel_id, event_key, n),
    LATERAL (
        SELECT * FROM ext_ref r
        WHERE r.tenant_id = u.tenant_id AND r.channel_id = u.channel_id
          AND r.event_key = u.event_key
          AND r.seen_at >= now() - $4::bigint * interval '1 day'
          AND r.seen_at < now() + interval '1 day' LIMIT 1) r)sql"};

// Conversations concerned: the latest of each thread ($1-$3) and those of the messages that the
// target keys ($4-$6, seen within $7 days) lead to; where commands name some by id, those too
// ($8, $9). In the order in which they are locked.
#define UNIBOX_CONVERSATIONS_OF_THREADS(more)                                                     \
    "SELECT u.tenant_id, t.conversation_id" more                                                  \
    " FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS u(tenant_id, channel_id, thread_key)," \
    " LATERAL (SELECT * FROM threads t WHERE t.tenant_id = u.tenant_id "                          \
    "AND t.channel_id = u.channel_id AND t.thread_key = u.thread_key LIMIT 1) t "
#define UNIBOX_CONVERSATIONS_OF_TARGETS(more)                                                     \
    "SELECT u.tenant_id, r.conversation_id" more                                                  \
    " FROM unnest($4::bigint[], $5::uuid[], $6::uuid[]) AS u(tenant_id, channel_id, event_key), " \
    "LATERAL (SELECT r.conversation_id FROM ext_ref r WHERE r.tenant_id = u.tenant_id "           \
    "AND r.channel_id = u.channel_id AND r.event_key = u.event_key "                              \
    "AND r.seen_at >= now() - $7::bigint * interval '1 day' "                                     \
    "AND r.seen_at < now() + interval '1 day' LIMIT 1) r "
#define UNIBOX_CONVERSATIONS_BY_ID(more)         \
    "SELECT u.tenant_id, u.conversation_id" more \
    " FROM unnest($8::bigint[], $9::uuid[]) AS u(tenant_id, conversation_id) "

struct CounterColumn {
    enum Number : int {
        kTenant,
        kConversation,
        kLastSeq,
        kVersion,
        kUnreadCount,
        kInboundCount,
        kOutboundCount,
        kClosed,
        kFirstMessage,
        kLastMessage,
        kDeliveredUntil,
        kReadUntil,
        kRateMinute,
        kRateCount
    };
};
#define UNIBOX_LOCK_COUNTERS(more_conversations)                                               \
    "SELECT w.tenant_id, w.conversation_id, c.last_seq, c.version, c.unread_count, "           \
    "c.inbound_count, c.outbound_count, c.closed_at, c.first_message_at, c.last_message_at, "  \
    "c.delivered_until, c.read_until, c.rate_minute, c.rate_count "                            \
    "FROM (SELECT k.tenant_id, k.conversation_id FROM (" UNIBOX_CONVERSATIONS_OF_THREADS(""    \
    ) "UNION " UNIBOX_CONVERSATIONS_OF_TARGETS("") more_conversations                          \
        ") k WHERE k.conversation_id IS NOT NULL ORDER BY k.tenant_id, k.conversation_id) w, " \
        "LATERAL (SELECT * FROM conversation_counters c WHERE c.tenant_id = w.tenant_id "      \
        "AND c.conversation_id = w.conversation_id FOR NO KEY UPDATE) c"
inline constexpr pg::Statement kLockCounters{"batch_lock_counters", UNIBOX_LOCK_COUNTERS("")};
inline constexpr pg::Statement kLockCountersById{
    "batch_lock_counters_by_id", UNIBOX_LOCK_COUNTERS("UNION " UNIBOX_CONVERSATIONS_BY_ID(""))};

// A later statement than the locks, so that its snapshot sees what the last holder committed. The
// contact of a conversation only if none of its threads in this batch has it: those are read.
struct ConversationColumn {
    enum Number : int {
        kTenant,
        kConversation,
        kChannel,
        kThreadKey,
        kContact,
        kProvider,
        kStatus,
        kPreview,
        kPreviewDirection,
        kLastActivity,
        kLastCustomer,
        kLastAgent,
        kCreated,
        kPriority,
        kAssignee,
        kTeam,
        kLabels,
        kAttributes,
        kSnoozeTime,
        kMuted,
        kWaitingSince,
        kCanReplyUntil,
        kPreviewSeq,
        kContactRow  // The first one of the contact's, NULL where it was not read.
    };
};
#define UNIBOX_READ_CONVERSATIONS(more_conversations)                                           \
    "SELECT w.tenant_id, w.conversation_id, v.channel_id, v.thread_key, v.contact_id, "         \
    "v.provider, v.status, v.preview, v.preview_direction, v.last_activity_at, "                \
    "v.last_customer_at, v.last_agent_at, v.created_at, v.priority, v.assignee_id, v.team_id, " \
    "v.labels, v.attributes, v.snooze_time, v.muted, v.waiting_since, v.can_reply_until, "      \
    "v.preview_seq, " UNIBOX_CONTACT_COLUMNS("c"                                                \
    ) " FROM (SELECT k.tenant_id, k.conversation_id, array_agg(k.contact_id) "                  \
      "FILTER (WHERE k.contact_id IS NOT NULL) AS contacts_read "                               \
      "FROM (" UNIBOX_CONVERSATIONS_OF_THREADS(", t.contact_id"                                 \
      ) "UNION ALL " UNIBOX_CONVERSATIONS_OF_TARGETS(", NULL::uuid") more_conversations         \
        ") k WHERE k.conversation_id IS NOT NULL GROUP BY k.tenant_id, k.conversation_id) w, "  \
        "LATERAL (SELECT n.closed_at FROM conversation_counters n WHERE n.tenant_id = "         \
        "w.tenant_id "                                                                          \
        "AND n.conversation_id = w.conversation_id LIMIT 1) n, "                                \
        "LATERAL (SELECT * FROM conversations v WHERE v.tenant_id = w.tenant_id "               \
        "AND v.conversation_id = w.conversation_id AND v.closed_at = n.closed_at LIMIT 1) v "   \
        "LEFT JOIN LATERAL (SELECT * FROM contacts c "                                          \
        "WHERE v.contact_id <> ALL (coalesce(w.contacts_read, '{}')) "                          \
        "AND c.tenant_id = w.tenant_id AND c.contact_id = v.contact_id LIMIT 1) c ON true"
inline constexpr pg::Statement kReadConversations{
    "batch_read_conversations", UNIBOX_READ_CONVERSATIONS("")};
inline constexpr pg::Statement kReadConversationsById{
    "batch_read_conversations_by_id",
    UNIBOX_READ_CONVERSATIONS("UNION ALL " UNIBOX_CONVERSATIONS_BY_ID(", NULL::uuid"))};

// $4: how many days back.
#define UNIBOX_TARGET_MESSAGES                                                                     \
    "FROM unnest($1::bigint[], $2::uuid[], $3::uuid[]) WITH ORDINALITY "                           \
    "AS u(tenant_id, channel_id, event_key, n), "                                                  \
    "LATERAL (SELECT * FROM ext_ref r WHERE r.tenant_id = u.tenant_id "                            \
    "AND r.channel_id = u.channel_id AND r.event_key = u.event_key "                               \
    "AND r.seen_at >= now() - $4::bigint * interval '1 day' "                                      \
    "AND r.seen_at < now() + interval '1 day' LIMIT 1) r, "                                        \
    "LATERAL (SELECT * FROM messages m WHERE m.tenant_id = u.tenant_id "                           \
    "AND m.conversation_id = r.conversation_id AND m.seq = r.seq AND m.created_at = r.created_at " \
    "LIMIT 1) m"

// Neither the text, which may be long and is never needed, nor the contents. What is left has a
// limit of some KB a message.
struct TargetColumn {
    enum Number : int {
        kTenant,
        kConversation,  // The first of three columns that are the message's position.
        kSeq,
        kCreated,
        kMessage,
        kChannel,
        kDirection,
        kKind,
        kContact,
        kReplyTo,
        kProviderId,
        kClientRef,
        kDeliveryState,
        kDeliveryError,
        kProviderTime,
        kReceived,
        kEdited,
        kEditRevision,
        kDeleted,
        kVersion,
        kAuthorKind,
        kAuthor,
        kAuthorName
    };
};
#define UNIBOX_TARGET_COLUMNS                                                                  \
    "SELECT m.tenant_id, m.conversation_id, m.seq, m.created_at, m.message_id, m.channel_id, " \
    "m.direction, m.kind, m.contact_id, m.reply_to, m.provider_id, m.client_ref, "             \
    "m.delivery_state, m.delivery_error, m.provider_time, m.received_at, m.edited_at, "        \
    "m.edit_revision, m.deleted_at, m.version, m.author_kind, m.author_id, m.author_name "
inline constexpr pg::Statement kReadTargets{
    "batch_read_targets", UNIBOX_TARGET_COLUMNS UNIBOX_TARGET_MESSAGES};

// Contents of messages, in the order of the keys, as long as they are not more than so many bytes
// together; the first is read in any case. octet_length does not fetch what lies out of line.
#define UNIBOX_READ_CONTENTS(messages, bytes_max)                                             \
    "SELECT tenant_id, conversation_id, seq, created_at, payload, extras, removed_reactions " \
    "FROM (SELECT m.*, sum(octet_length(m.payload) + octet_length(m.extras) "                 \
    "+ octet_length(m.removed_reactions)) "                                                   \
    "OVER (ORDER BY u.n) AS bytes, row_number() OVER (ORDER BY u.n) AS "                      \
    "place " messages ") m WHERE m.bytes <= " bytes_max "::bigint OR m.place = 1"
inline constexpr pg::Statement kReadContents{
    "batch_read_contents", UNIBOX_READ_CONTENTS(UNIBOX_TARGET_MESSAGES, "$5")};

// Events that wait for the messages of the keys: at most $4 and $5 bytes for each message, and
// $6 bytes in the order of the keys; `event` is NULL beyond that.
inline constexpr pg::Statement kReadParked{"batch_read_parked", R"sql(
SELECT n, event_key, CASE WHEN sum(bytes) OVER (ORDER BY n) <= $6::bigint THEN event END
FROM (
    SELECT u.n, p.event_key, p.event, octet_length(p.event) AS bytes,
        sum(octet_length(p.event)) OVER (
            PARTITION BY u.n ORDER BY p.parked_at, p.event_key) AS bytes_of_target
    FROM unnest($1::bigint[], $2::uuid[], $3::uuid[])
        WITH ORDINALITY AS u(tenant_id, channel_id, target_key, n),
        LATERAL (
            SELECT * FROM parked_events p
            WHERE p.tenant_id = u.tenant_id AND p.channel_id = u.channel_id
              AND p.target_key = u.target_key
            ORDER BY p.parked_at, p.event_key LIMIT $4::bigint) p) w
WHERE bytes_of_target <= $5::bigint)sql"};

// How much waits for the messages of the keys; counted up to $4 events.
inline constexpr pg::Statement kReadParkedLoads{"batch_read_parked_loads", R"sql(
SELECT u.n, p.count, p.bytes
FROM unnest($1::bigint[], $2::uuid[], $3::uuid[])
    WITH ORDINALITY AS u(tenant_id, channel_id, target_key, n),
    LATERAL (
        SELECT count(*) AS count, sum(octet_length(w.event)) AS bytes
        FROM (
            SELECT p.event FROM parked_events p
            WHERE p.tenant_id = u.tenant_id AND p.channel_id = u.channel_id
              AND p.target_key = u.target_key
            LIMIT $4::bigint) w) p
WHERE p.count > 0)sql"};

// A reply window that is no number counts as not set: what a tenant wrote there must not stop
// others' batches. At most ten years.
struct ChannelColumn {
    enum Number : int {
        kTenant,
        kChannel,
        kReopenWindow,
        kProvider,
        kReplyWindow,
        kRepliesAfterWindow,
        kDisabled
    };
};
#define UNIBOX_CHANNELS_OF(keys)                                                               \
    "SELECT u.tenant_id, u.channel_id, c.reopen_window_s, c.provider, "                        \
    "CASE WHEN jsonb_typeof(c.settings -> 'reply_window_s') = 'number' THEN "                  \
    "least(greatest(trunc((c.settings -> 'reply_window_s')::numeric), 0), 315360000)::bigint " \
    "END, coalesce(c.settings -> 'replies_after_window' = 'true', false), "                    \
    "c.disabled_at IS NOT NULL "                                                               \
    "FROM " keys                                                                               \
    ", LATERAL (SELECT c.reopen_window_s, c.provider, c.settings, c.disabled_at "              \
    "FROM channels c "                                                                         \
    "WHERE c.tenant_id = u.tenant_id AND c.channel_id = u.channel_id LIMIT 1) c"
inline constexpr pg::Statement kReadChannels{
    "batch_read_channels",
    UNIBOX_CHANNELS_OF("unnest($1::bigint[], $2::uuid[]) AS u(tenant_id, channel_id)")};

inline constexpr pg::Statement kReadFeed{
    "batch_read_feed", "SELECT feed_epoch, now(), " UNIBOX_LEAF_MARK " FROM feed"};

}  // namespace unibox::store::detail
