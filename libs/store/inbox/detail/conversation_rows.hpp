// Conversations as statements of this library read them. Private to it.
// Thread safety: pure functions, values.
#pragma once

#include "pg/rows.hpp"
#include "unibox/v1/conversation.pb.h"

#include <cstdint>
#include <optional>

namespace unibox::store::detail {

// The contact `k` with this id; of one that was merged the one that remains.
#define UNIBOX_JOIN_CONTACT(tenant, id)                                            \
    "LEFT JOIN LATERAL (SELECT i.* FROM contacts i WHERE i.tenant_id = " tenant    \
    " AND i.contact_id = " id                                                      \
    " AND i.merged_into IS NULL "                                                  \
    "UNION ALL SELECT s.* FROM contacts i, contacts s WHERE i.tenant_id = " tenant \
    " AND i.contact_id = " id " AND s.tenant_id = " tenant                         \
    " AND s.contact_id = i.merged_into LIMIT 1) k ON true "

// Columns of a conversation `c` and its contact `k`, and their numbers.
#define UNIBOX_CONVERSATION_COLUMNS                                                           \
    "c.conversation_id, c.channel_id, c.thread_key, c.contact_id, c.provider, c.status, "     \
    "c.unread_count, c.message_count, c.preview, c.preview_direction, c.last_activity_at, "   \
    "c.last_customer_at, c.last_agent_at, c.created_at, c.closed_at, c.version, "             \
    "c.priority, c.assignee_id, c.team_id, c.labels, c.attributes, c.snooze_time, "           \
    "c.muted, c.waiting_since, c.can_reply_until, "                                           \
    "k.contact_key, k.display_name, k.created_at, k.updated_at, k.contact_id, k.channel_id, " \
    "k.blocked_at, k.version "

struct ReadConversationColumn {
    enum Number : int {
        kId,
        kChannel,
        kThreadKey,
        kContact,
        kProvider,
        kStatus,
        kUnreadCount,
        kMessageCount,
        kPreview,
        kPreviewDirection,
        kLastActivity,
        kLastCustomer,
        kLastAgent,
        kCreated,
        kClosed,
        kVersion,
        kPriority,
        kAssignee,
        kTeam,
        kLabels,
        kAttributes,
        kSnoozeTime,
        kMuted,
        kWaitingSince,
        kCanReplyUntil,
        kContactKey,
        kContactName,
        kContactCreated,
        kContactUpdated,
        kContactId,
        kContactChannel,
        kContactBlocked,
        kContactVersion,
        kCount
    };
};

v1::Conversation ToConversation(const pg::Row& row);

// NULL: absent. Unix milliseconds.
std::optional<std::int64_t> OptionalTime(const pg::Row& row, int column);

}  // namespace unibox::store::detail
