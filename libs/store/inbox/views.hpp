// Saved views (0033) as they are read: the shared ones and an agent's own. Role ub_gateway, under
// row-level security. Errors: those of libs/pg; DATA_LOSS for a filter that cannot be read.
// Thread safety: any thread; each call takes one connection of the pool for its transaction.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/inbox/lists.hpp"
#include "store/inbox/viewer.hpp"
#include "unibox/v1/view_service.pb.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace unibox::store {

// `owner`: the agent who asks, if it is one. By place, then by id.
Result<std::vector<v1::View>> ListViews(
    pg::Pool& pool, TenantId tenant, std::optional<AgentId> owner, SteadyTime deadline
);

// NOT_FOUND, reason VIEW_NOT_FOUND: there is none, or it is another agent's.
Result<v1::View> GetView(
    pg::Pool& pool,
    TenantId tenant,
    std::optional<AgentId> owner,
    const Uuid& view,
    SteadyTime deadline
);

// How many of the conversations that the viewer sees are of one kind.
struct TallyRow {
    ChannelId channel;
    v1::ConversationStatus status{};
    std::optional<AgentId> assignee;
    std::optional<TeamId> team;
    std::int64_t conversations = 0;
    std::int64_t unread = 0;
    std::int64_t waiting = 0;
};
Result<std::vector<TallyRow>> ReadTallies(
    pg::Pool& pool, TenantId tenant, const Viewer& viewer, SteadyTime deadline
);

// Whether the tallies tell how many a list has; and how many.
bool TalliesTell(const ConversationQuery& query);
std::int64_t CountIn(const std::vector<TallyRow>& tallies, const ConversationQuery& query);

// How many a list has, by looking at no more than its scan_count_max rows, its count_max of them
// counted.
struct LookedCount {
    std::int64_t count = 0;
    bool is_all = false;
};
Result<LookedCount> CountByLooking(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const ConversationQuery& query,
    SteadyTime deadline
);

}  // namespace unibox::store
