// Who looks, as the store asks for it.
// Thread safety: a pure function.
#pragma once

#include "auth/principal.hpp"
#include "store/inbox/viewer.hpp"

namespace unibox::gateway {

// API keys, supervisors and admins see the whole tenant; every other agent its channels.
inline store::Viewer ViewerOf(const auth::Principal& principal) {
    if (principal.kind == auth::Principal::Kind::kApiKey) return {};
    const auth::Role role = principal.role.value_or(auth::Role::kAgent);
    if (role == auth::Role::kSupervisor || role == auth::Role::kAdmin) return {};
    return {principal.agent};
}

}  // namespace unibox::gateway
