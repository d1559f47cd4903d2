// Saved views (0033) as they are made, changed and removed. Role ub_console. NOT_FOUND, reason
// VIEW_NOT_FOUND: the tenant has no such view. ALREADY_EXISTS, reason NAME_TAKEN, metadata `id`:
// its owner has one of that name. Thread safety: any thread; changes of one view wait for each
// other.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "store/admin/administration.hpp"
#include "unibox/v1/view_service.pb.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

namespace unibox::store {

inline constexpr std::int64_t kSharedViewCountMax = 100;  // of a tenant
inline constexpr std::int64_t kOwnViewCountMax = 50;      // of an agent

// A view with whose it is; nobody: everybody's.
struct OwnedView {
    std::optional<AgentId> owner;
    v1::View view;
};

// With the given id (NewUuidV7). FAILED_PRECONDITION, reason TOO_MANY_VIEWS: its owner has as many
// as there may be; creations of one tenant wait for each other.
Result<OwnedView> CreateView(
    const Administration& administration, TenantId tenant, const Uuid& id, const OwnedView& view
);
// What became of it. `change` sees it as it stands, under a lock; owner, id and time stay.
Result<OwnedView> ChangeView(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const std::function<Status(OwnedView&)>& change
);
// `check` sees it first.
Status RemoveView(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const std::function<Status(const OwnedView&)>& check
);

}  // namespace unibox::store
