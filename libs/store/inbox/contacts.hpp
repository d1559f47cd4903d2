// Contacts as agents read them. Role ub_gateway, under row-level security; each call is one
// transaction of one statement. Errors: NOT_FOUND (in the same words for what belongs to another
// tenant and for what the viewer does not see), and those of libs/pg; little later than the
// deadline at the latest. Thread safety: any thread; each call takes one connection of the pool.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/inbox/viewer.hpp"
#include "unibox/v1/contact.pb.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace unibox::store {

// With the tenant's values and all its ids. By the id of one that was merged: the one that remains.
Result<v1::Contact> GetContact(
    pg::Pool& pool, TenantId tenant, const Viewer& viewer, ContactId contact, SteadyTime deadline
);

struct BlockedPosition {
    std::int64_t blocked_ms = 0;  // Unix, UTC
    ContactId contact;
};
struct BlockedQuery {
    std::int32_t count_max = 50;  // 1 to 1,000
    std::optional<BlockedPosition> after;
};
struct BlockedPage {
    std::vector<v1::Contact> contacts;  // the one that was blocked last first
    std::optional<BlockedPosition> next;
};
Result<BlockedPage> ListBlockedContacts(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const BlockedQuery& query,
    SteadyTime deadline
);

}  // namespace unibox::store
