// Counts a tenant's inbox anew, and repairs what is counted (0032). Role ub_admin. Errors: those of
// libs/pg. Thread safety: any thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <vector>

namespace unibox::store {

// Open conversations of one kind: what was counted, and what a look at all of them finds. Nil ids:
// nobody's, no team's.
struct TallyDifference {
    ChannelId channel;
    std::int32_t status = 0;  // unibox.v1.ConversationStatus
    AgentId assignee;
    TeamId team;
    std::int64_t conversations_counted = 0, conversations_found = 0;
    std::int64_t unread_counted = 0, unread_found = 0;
    std::int64_t unread_messages_counted = 0, unread_messages_found = 0;
    std::int64_t waiting_counted = 0, waiting_found = 0;
};
// What a channel had ever that was not counted: from before there were counts. More than what is
// found is right, since archived conversations count too.
struct UncountedHistory {
    ChannelId channel;
    std::int64_t conversations = 0;
    std::int64_t inbound = 0;
    std::int64_t outbound = 0;
};
struct Recount {
    std::vector<TallyDifference> differences;
    std::vector<UncountedHistory> history;
};

// Reads all conversations of the tenant. With `repair` the differences are added to the counts; it
// is exact whatever is written meanwhile, and keeps no writer waiting; the audit tells it. Two
// repairs of one tenant wait for each other.
Result<Recount> RecountInbox(pg::Pool& pool, TenantId tenant, bool repair);

}  // namespace unibox::store
