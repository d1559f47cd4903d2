#include "store/inbox/agents.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kFind{
    "inbox_agent",
    "SELECT agent_id, name, role, disabled_at IS NOT NULL FROM agents "
    "WHERE tenant_id = $1 AND external_id = $2"};

}  // namespace

Result<std::optional<domain::AgentInfo>> FindCallingAgent(
    pg::Pool& pool, const domain::AgentKey& key, SteadyTime deadline
) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx, pg::TenantTx::Begin(pool, key.tenant, pg::Access::kReadOnly, deadline)
    );
    const auto params = pg::Params::Of(key.tenant, key.external_id);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kFind, params));
    if (rows.empty()) return std::optional<domain::AgentInfo>();
    const pg::Row row = rows[0];
    domain::AgentInfo agent;
    agent.agent = row.GetId<AgentId>(0);
    agent.name = row.Text(1);
    agent.role = static_cast<v1::AgentRole>(row.Int16(2));
    agent.disabled = row.Bool(3);
    return std::optional(std::move(agent));
}

}  // namespace unibox::store
