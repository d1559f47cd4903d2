// What was counted of a tenant's inbox (0032), as agents read it: the totals, and what is not
// folded into them yet. Role ub_gateway, under row-level security.
//
// Each call is one transaction of one statement, of rows that are counts: what it costs follows
// from how many kinds of conversations there are, not from how many conversations. Errors: those of
// libs/pg. Thread safety: any thread; each call takes one connection of the pool for its
// transaction.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/inbox/viewer.hpp"
#include "unibox/v1/stats_service.pb.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace unibox::store {

struct CountQuery {
    std::vector<ChannelId> channels;  // Empty: all that the viewer sees.
    std::optional<TeamId> team;
    std::optional<AgentId> me;  // Whose conversations are counted as `mine`.
};
Result<v1::CountConversationsResponse> CountConversations(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const CountQuery& query,
    SteadyTime deadline
);

Result<v1::Dashboard> ReadDashboard(pg::Pool& pool, TenantId tenant, SteadyTime deadline);

struct AgentStatsPage {
    std::vector<v1::AgentStats> agents;  // By id.
    bool more = false;
};
// A viewer that is a member gets itself alone. `after`: the last agent of the page before.
Result<AgentStatsPage> ListAgentStats(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    std::optional<AgentId> after,
    std::int32_t count_max,
    SteadyTime deadline
);

struct VolumeQuery {
    bool by_hour = false;  // Else by day.
    // Unix milliseconds; the first one begins a period, and every period given begins before the
    // second.
    std::int64_t from_ms = 0;
    std::int64_t until_ms = 0;
    std::optional<ChannelId> channel;
    std::int32_t count_max = 10'000;
};
// A viewer that is a member gets what it did itself. RESOURCE_EXHAUSTED with this reason: more than
// count_max.
inline constexpr std::string_view kTooManyEntries = "TOO_MANY_ENTRIES";
Result<std::vector<v1::Volume>> ListVolumes(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const VolumeQuery& query,
    SteadyTime deadline
);

}  // namespace unibox::store
