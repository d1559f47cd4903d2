// Whose call it is.
// Thread safety: a value.
#pragma once

#include "auth/roles.hpp"
#include "base/ids.hpp"
#include "domain/tenant_limits.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::auth {

struct Principal {
    enum class Kind { kApiKey, kAgent };

    TenantId tenant;
    Kind kind = Kind::kApiKey;
    Uuid key_id;           // Of the API key; nil for an agent.
    std::string key_name;  // As the tenant's people know the key; empty for an agent.
    // Of an agent: who has signed for it, as whom (`sub`), and who that is to the tenant.
    Uuid issuer_id;
    std::string subject;
    AgentId agent;           // Nil for an API key.
    std::string agent_name;  // As the tenant's people know the agent.
    // Of an agent, always: the lesser of the token's and of the tenant's.
    std::optional<Role> role;
    // auth/scopes.hpp: of the key, or of the role.
    std::vector<std::string> scopes;
    domain::TenantLimits limits;  // Of its tenant's plan.

    bool May(std::string_view scope) const {
        return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    }
};

}  // namespace unibox::auth
