// Whose call it is.
// Thread safety: a value.
#pragma once

#include "auth/roles.hpp"
#include "base/ids.hpp"

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
    // An agent is who the issuer says it is: `subject` is its `sub`, which means nothing with
    // another issuer. What the agent is a member of is found by these two.
    Uuid issuer_id;
    std::string subject;
    std::optional<Role> role;  // Of an agent, always.
    // auth/scopes.hpp: of the key, or of the role.
    std::vector<std::string> scopes;

    bool May(std::string_view scope) const {
        return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
    }
};

}  // namespace unibox::auth
