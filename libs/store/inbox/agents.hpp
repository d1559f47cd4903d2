// Who works in a tenant's inbox, as far as their calls need it. Role ub_gateway, under row-level
// security. Errors: those of libs/pg. Thread safety: any thread; one connection of the pool for one
// transaction.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "domain/agent_info.hpp"
#include "pg/pool.hpp"

#include <optional>

namespace unibox::store {

// Nothing: the tenant has nobody of that name. Disabled agents are found, with their flag.
Result<std::optional<domain::AgentInfo>> FindCallingAgent(
    pg::Pool& pool, const domain::AgentKey& key, SteadyTime deadline
);

}  // namespace unibox::store
