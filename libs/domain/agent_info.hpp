// Who an agent is to the tenant: the row that its external id leads to.
// Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "unibox/v1/agent.pb.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace unibox::domain {

struct AgentKey {
    TenantId tenant;
    std::string external_id;  // As the tenant's identity provider calls the person.
    bool operator==(const AgentKey&) const = default;
};

struct AgentKeyHash {
    std::size_t operator()(const AgentKey& key) const noexcept {
        return std::hash<std::string>()(key.external_id) * 31 +
               std::hash<std::int64_t>()(key.tenant.value);
    }
};

struct AgentInfo {
    AgentId agent;
    std::string name;
    v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
    bool disabled = false;
};

}  // namespace unibox::domain
