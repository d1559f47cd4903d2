// What an agent may do, by the role that its issuer gives it: the one table of it. Which channels
// and conversations it may do that with is the question of its membership, not of its role.
// Thread safety: constants.
#pragma once

#include "auth/scopes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace unibox::auth {

enum class Role { kAgent, kSupervisor, kAdmin };

namespace detail {
inline constexpr std::array kAgentScopes = {kScopeInboxRead, kScopeInboxWrite};
inline constexpr std::array kSupervisorScopes = {kScopeInboxRead, kScopeInboxWrite};
inline constexpr std::array kAdminScopes = {kScopeInboxRead, kScopeInboxWrite};
}  // namespace detail

struct RoleRow {
    Role role;
    std::string_view name;  // The value of the claim.
    std::span<const std::string_view> scopes;
};

// In their order. No role has ingest:write: events come from programs, which have keys.
inline constexpr std::array kRoles = {
    RoleRow{Role::kAgent, "agent", detail::kAgentScopes},
    RoleRow{Role::kSupervisor, "supervisor", detail::kSupervisorScopes},
    RoleRow{Role::kAdmin, "admin", detail::kAdminScopes},
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

}  // namespace unibox::auth
