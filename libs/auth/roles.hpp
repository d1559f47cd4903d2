// What an agent may do, by its role: the one table of it. Both its issuer and the tenant give it
// one; the lesser counts. Which conversations it may do that with is told by its membership of
// channels for role AGENT; the others see all.
// Thread safety: constants.
#pragma once

#include "auth/scopes.hpp"
#include "unibox/v1/agent.pb.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace unibox::auth {

// The more, the greater.
enum class Role { kAgent, kSupervisor, kAdmin };

namespace detail {
inline constexpr std::array kAgentScopes = {kScopeInboxRead, kScopeInboxWrite};
inline constexpr std::array kSupervisorScopes = {kScopeInboxRead, kScopeInboxWrite};
inline constexpr std::array kAdminScopes = {
    kScopeInboxRead, kScopeInboxWrite, kScopeAdminRead, kScopeAdminWrite};
}  // namespace detail

struct RoleRow {
    Role role;
    std::string_view name;  // The value of the claim.
    v1::AgentRole stored;   // In the tenant's row of the agent.
    std::span<const std::string_view> scopes;
};

// In their order. No role has ingest:write: events come from programs, which have keys;
// none has operator:write, which the operator gives out.
inline constexpr std::array kRoles = {
    RoleRow{Role::kAgent, "agent", v1::AGENT_ROLE_AGENT, detail::kAgentScopes},
    RoleRow{Role::kSupervisor, "supervisor", v1::AGENT_ROLE_SUPERVISOR, detail::kSupervisorScopes},
    RoleRow{Role::kAdmin, "admin", v1::AGENT_ROLE_ADMIN, detail::kAdminScopes},
};

inline const RoleRow& RowOf(Role role) {
    return kRoles[static_cast<std::size_t>(role)];
}

// As the claim says it, in lower case; nothing else is a role.
inline std::optional<Role> RoleOf(std::string_view name) {
    const auto* row = std::find_if(kRoles.begin(), kRoles.end(), [&](const RoleRow& candidate) {
        return candidate.name == name;
    });
    return row == kRoles.end() ? std::nullopt : std::optional(row->role);
}

// The least for a number that this program does not know.
inline Role RoleOf(v1::AgentRole stored) {
    const auto* row = std::find_if(kRoles.begin(), kRoles.end(), [&](const RoleRow& candidate) {
        return candidate.stored == stored;
    });
    return row == kRoles.end() ? Role::kAgent : row->role;
}

}  // namespace unibox::auth
