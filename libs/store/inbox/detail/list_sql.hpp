// The statements of lists. Private to this library.
//
// Each is built of three: a scan, in the order of one index and of at most so many rows; what must
// hold besides, looked at row by row; and the page, cut before contacts are joined to it. Where a
// scan ends before its rows do, its last row is given whatever it says: there the next page begins.
//
// Parameters of all: $1 tenant; $2 (microseconds) and $3 the position; $4 how many rows to give;
// $5 how many to scan; $6 statuses and $15 priorities as sets of bits, 0 = any; $7 the viewer;
// $8 channels; $9 unread; $10 waiting; $11 assignee; $12 nobody's; $13 team; $14 labels.
// Thread safety: constants.
#pragma once

#include "pg/transaction.hpp"
#include "store/inbox/detail/conversation_rows.hpp"
#include "store/inbox/detail/visible_sql.hpp"

#include <array>

namespace unibox::store::detail {

// Besides those of UNIBOX_CONVERSATION_COLUMNS.
struct ListColumn {
    enum Number : int { kOrderTime = ReadConversationColumn::kCount, kMatches, kIsEndOfScan };
};

#define UNIBOX_LIVE "= 'infinity'::timestamptz"
#define UNIBOX_CLOSED "< 'infinity'::timestamptz"
#define UNIBOX_ANY_TIME "<= 'infinity'::timestamptz"

// An expression of parameters alone, which an index can take.
#define UNIBOX_POSITION "(timestamptz '1970-01-01 00:00:00+00' + $2 * interval '1 microsecond', $3)"

// As in the index conversations_live_waiting (0026), term by term.
#define UNIBOX_WAITING_SINCE                                                  \
    "(CASE WHEN waiting_since > '-infinity'::timestamptz THEN waiting_since " \
    "WHEN waiting_since IS NOT NULL AND "                                     \
    "(last_agent_at IS NULL OR last_customer_at > last_agent_at) "            \
    "THEN last_customer_at END)"

// What can be told of a row by itself, but for its channel.
#define UNIBOX_ROW_MATCHES                                                            \
    "($6::int = 0 OR ((1 << s.status) & $6) <> 0) "                                   \
    "AND (NOT $9::boolean OR s.unread_count > 0) "                                    \
    "AND (NOT $10::boolean OR s.waits_since IS NOT NULL AND s.closed_at " UNIBOX_LIVE \
    ") "                                                                              \
    "AND ($11::uuid IS NULL OR s.assignee_id = $11) "                                 \
    "AND (NOT $12::boolean OR s.assignee_id IS NULL) "                                \
    "AND ($13::uuid IS NULL OR s.team_id = $13) "                                     \
    "AND (cardinality($14::text[]) = 0 OR s.labels && $14) "                          \
    "AND ($15::int = 0 OR ((1 << s.priority) & $15) <> 0) "
#define UNIBOX_CHANNEL_MATCHES                                                               \
    "AND (cardinality($8::uuid[]) = 0 OR s.channel_id = ANY ($8)) AND " UNIBOX_SEES_CHANNEL( \
        "$7", "s.channel_id"                                                                 \
    )

// `scan`: rows of conversations in the order, with `waits_since`, `order_time`; `budget`: their
// number at most. OFFSET 0 keeps what is costly from being told of rows that are not looked at.
#define UNIBOX_MATCHING(scan, order, matches, budget)                           \
    "SELECT * FROM (SELECT s.*, s.place = " budget " AS is_end, (" matches      \
    ") IS TRUE AS matches FROM (SELECT b.*, row_number() OVER (ORDER BY " order \
    ") AS place FROM (" scan ") b) s ORDER BY " order                           \
    " OFFSET 0) r "                                                             \
    "WHERE matches OR is_end "                                                  \
    "ORDER BY " order " LIMIT $4"

#define UNIBOX_PAGE(matching, order)       \
    "SELECT " UNIBOX_CONVERSATION_COLUMNS  \
    ", c.order_time, c.matches, c.is_end " \
    "FROM (" matching ") c " UNIBOX_JOIN_CONTACT("$1", "c.contact_id") "ORDER BY " order

// ------------------------------------------------------------------- by latest activity

#define UNIBOX_BY_ACTIVITY "order_time DESC, conversation_id DESC"

#define UNIBOX_ACTIVITY_SCAN(closed, more, budget)                         \
    "SELECT *, " UNIBOX_WAITING_SINCE                                      \
    " AS waits_since, last_activity_at AS order_time "                     \
    "FROM conversations WHERE tenant_id = $1 AND closed_at " closed        \
    " AND (last_activity_at, conversation_id) < " UNIBOX_POSITION " " more \
    "ORDER BY last_activity_at DESC, conversation_id DESC LIMIT " budget

#define UNIBOX_LIST(closed, more)                      \
    UNIBOX_PAGE(                                       \
        UNIBOX_MATCHING(                               \
            UNIBOX_ACTIVITY_SCAN(closed, more, "$5"),  \
            UNIBOX_BY_ACTIVITY,                        \
            UNIBOX_ROW_MATCHES UNIBOX_CHANNEL_MATCHES, \
            "$5"                                       \
        ),                                             \
        "c.order_time DESC, c.conversation_id DESC"    \
    )

// The viewer's channels, or those that were asked for: each is scanned by itself, with its part of
// the budget, and their pages are merged.
#define UNIBOX_LIST_OF_CHANNELS(closed)                                                     \
    UNIBOX_PAGE(                                                                            \
        "SELECT m.* FROM (SELECT channel_id, "                                              \
        "greatest($5 / count(*) OVER (), $4) AS budget FROM ("                              \
        "SELECT v.channel_id FROM channel_members v WHERE v.tenant_id = $1 "                \
        "AND $7::uuid IS NOT NULL AND v.agent_id = $7 AND (cardinality($8::uuid[]) = 0 OR " \
        "v.channel_id = ANY ($8)) "                                                         \
        "UNION SELECT unnest($8::uuid[]) WHERE $7::uuid IS NULL) u) h "                     \
        "CROSS JOIN LATERAL (" UNIBOX_MATCHING(                                             \
            UNIBOX_ACTIVITY_SCAN(closed, "AND channel_id = h.channel_id ", "h.budget"),     \
            UNIBOX_BY_ACTIVITY,                                                             \
            UNIBOX_ROW_MATCHES,                                                             \
            "h.budget"                                                                      \
        ) ") m ORDER BY m.order_time DESC, m.conversation_id DESC LIMIT $4",                \
        "c.order_time DESC, c.conversation_id DESC"                                         \
    )

// By closed_at: live, closed, both.
inline constexpr std::array<pg::Statement, 3> kListAll = {{
    {"inbox_list", UNIBOX_LIST(UNIBOX_LIVE, "")},
    {"inbox_list_closed", UNIBOX_LIST(UNIBOX_CLOSED, "")},
    {"inbox_list_any", UNIBOX_LIST(UNIBOX_ANY_TIME, "")},
}};
inline constexpr std::array<pg::Statement, 3> kListUnread = {{
    {"inbox_list_unread", UNIBOX_LIST(UNIBOX_LIVE, "AND unread_count > 0 ")},
    {"inbox_list_unread_closed", UNIBOX_LIST(UNIBOX_CLOSED, "AND unread_count > 0 ")},
    {"inbox_list_unread_any", UNIBOX_LIST(UNIBOX_ANY_TIME, "AND unread_count > 0 ")},
}};
inline constexpr std::array<pg::Statement, 3> kListChannels = {{
    {"inbox_list_channels", UNIBOX_LIST_OF_CHANNELS(UNIBOX_LIVE)},
    {"inbox_list_channels_closed", UNIBOX_LIST_OF_CHANNELS(UNIBOX_CLOSED)},
    {"inbox_list_channels_any", UNIBOX_LIST_OF_CHANNELS(UNIBOX_ANY_TIME)},
}};
// Live ones alone have an index by assignee.
inline constexpr pg::Statement kListAssigned = {
    "inbox_list_assigned", UNIBOX_LIST(UNIBOX_LIVE, "AND assignee_id = $11 ")};

// ------------------------------------------------------------------- by waiting time

#define UNIBOX_BY_WAITING "order_time, conversation_id"

#define UNIBOX_WAITING_SCAN(from)                                                     \
    "SELECT *, " UNIBOX_WAITING_SINCE " AS waits_since, " UNIBOX_WAITING_SINCE        \
    " AS order_time FROM " from " WHERE " UNIBOX_WAITING_SINCE                        \
    " IS NOT NULL AND (" UNIBOX_WAITING_SINCE ", conversation_id) > " UNIBOX_POSITION \
    " ORDER BY " UNIBOX_WAITING_SINCE ", conversation_id LIMIT $5"

#define UNIBOX_LIST_WAITING(from)                      \
    UNIBOX_PAGE(                                       \
        UNIBOX_MATCHING(                               \
            UNIBOX_WAITING_SCAN(from),                 \
            UNIBOX_BY_WAITING,                         \
            UNIBOX_ROW_MATCHES UNIBOX_CHANNEL_MATCHES, \
            "$5"                                       \
        ),                                             \
        "c.order_time, c.conversation_id"              \
    )

#define UNIBOX_LIVE_OF_TENANT \
    "(SELECT * FROM conversations WHERE tenant_id = $1 AND closed_at " UNIBOX_LIVE

inline constexpr pg::Statement kListWaiting = {
    "inbox_list_waiting", UNIBOX_LIST_WAITING(UNIBOX_LIVE_OF_TENANT ") w")};
// An agent's are few: all of them are read, and sorted.
inline constexpr pg::Statement kListAssignedWaiting = {
    "inbox_list_assigned_waiting",
    UNIBOX_LIST_WAITING(UNIBOX_LIVE_OF_TENANT " AND assignee_id = $11 OFFSET 0) w")};

}  // namespace unibox::store::detail
