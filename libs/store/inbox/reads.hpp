// What agents read: the inbox list, a conversation, its messages, a contact. Role ub_gateway, under
// row-level security.
//
// Each call is one transaction of one statement (messages: a second one where retention left gaps)
// that touches only the partitions it needs: the list reads the leaf of live conversations alone
// (closed ones: all others), detail and messages take the leaf from conversation_counters. Errors:
// NOT_FOUND (also for what belongs to another tenant), and those of libs/pg; little later than the
// deadline at the latest. Thread safety: any thread; each call takes one connection of the pool for
// its transaction.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "unibox/v1/contact.pb.h"
#include "unibox/v1/conversation.pb.h"
#include "unibox/v1/message.pb.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace unibox::store {

// Place of a conversation in the list. Microseconds, as PostgreSQL stores them: a rounded place
// would skip or repeat rows.
struct ActivityPosition {
    std::int64_t last_activity_us = 0;  // Since the Unix epoch; of the years 0 to 9999.
    ConversationId conversation;
    auto operator<=>(const ActivityPosition&) const = default;
};

// A page that would be longer ends earlier; what is beyond it is not read either.
inline constexpr std::size_t kPageBytesMax = 3 << 20;

struct ConversationQuery {
    v1::ConversationStatus status =
        v1::CONVERSATION_STATUS_UNSPECIFIED;  // Unspecified: all but closed.
    std::optional<ChannelId> channel;
    bool unread = false;
    std::int32_t count_max = 50;            // 1 to 1,000.
    std::size_t bytes_max = kPageBytesMax;  // As protobuf; one is always given.
    std::optional<ActivityPosition> after;  // The last one of the page before.
};

struct ConversationPage {
    std::vector<v1::Conversation> conversations;  // Latest activity first.
    std::optional<ActivityPosition> next;         // Absent on the last page.
};

Result<ConversationPage> ListConversations(
    pg::Pool& pool, TenantId tenant, const ConversationQuery& query, SteadyTime deadline
);

Result<v1::Conversation> GetConversation(
    pg::Pool& pool, TenantId tenant, ConversationId conversation, SteadyTime deadline
);

struct MessageQuery {
    ConversationId conversation;
    bool oldest_first = false;
    std::int32_t count_max = 50;            // 1 to 1,000.
    std::size_t bytes_max = kPageBytesMax;  // As protobuf; one is always given.
    // Both bounds are exclusive, and 0 or more.
    std::int64_t seq_above = 0;
    std::optional<std::int64_t> seq_below;
};

struct MessagePage {
    std::vector<v1::Message> messages;  // By seq, in the direction asked for.
    bool more = false;
};

Result<MessagePage> ListMessages(
    pg::Pool& pool, TenantId tenant, const MessageQuery& query, SteadyTime deadline
);

Result<v1::Contact> GetContact(
    pg::Pool& pool, TenantId tenant, ContactId contact, SteadyTime deadline
);

}  // namespace unibox::store
