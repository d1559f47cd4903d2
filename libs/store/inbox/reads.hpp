// What agents read of one conversation: itself, its messages. Role ub_gateway, under
// row-level security. Lists of conversations: lists.hpp.
//
// Each call is one transaction of one statement (messages: a second one where retention left gaps)
// that touches only the partitions it needs: the leaf is taken from conversation_counters. Errors:
// NOT_FOUND (in the same words for what belongs to another tenant and for what the viewer does not
// see), and those of libs/pg; little later than the deadline at the latest. Thread safety: any
// thread; each call takes one connection of the pool for its transaction.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/inbox/viewer.hpp"
#include "unibox/v1/conversation.pb.h"
#include "unibox/v1/message.pb.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace unibox::store {

// A page that would be longer ends earlier; what is beyond it is not read either.
inline constexpr std::size_t kPageBytesMax = 3 << 20;

Result<v1::Conversation> GetConversation(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    ConversationId conversation,
    SteadyTime deadline
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
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const MessageQuery& query,
    SteadyTime deadline
);

}  // namespace unibox::store
