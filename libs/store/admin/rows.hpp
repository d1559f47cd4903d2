// What lies in one row of one table of a tenant: agents, teams, API keys' settings, labels,
// attribute definitions, canned replies, webhook endpoints. Each has an id and, within its kind, a
// name for ever (specs.hpp), and is read, made, changed and removed in the same way.
//
// Roles ub_admin and ub_console. NOT_FOUND: the tenant has no such row. INVALID_ARGUMENT:
// CheckSpec. Thread safety: any thread; changes of one row wait for each other.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "store/admin/administration.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/specs.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace unibox::store {

template <typename Spec>
struct StoredRow {
    Uuid id;
    Spec spec;
    std::int64_t created_at_ms = 0;  // Unix, UTC
    std::optional<std::int64_t> disabled_at_ms = {};
};
// What one write of many makes of a row (session.hpp).
template <typename Spec>
struct RowWrite {
    TenantId tenant;
    Uuid id;
    Change change = Change::kUnchanged;
    bool remove = false;  // Then `change` is kUpdated.
    Spec spec;
    std::optional<Spec> before = {};  // As of TenantWrite.
};
template <typename Spec>
struct PutRowResult {
    Uuid id;
    Change change = Change::kUnchanged;
};
// Sees the row as it stands, under a lock, and says what shall stand there, or why not.
template <typename Spec>
using ChangeRowFunction = std::function<Status(StoredRow<Spec>&)>;

// With the given id (NewUuidV7). ALREADY_EXISTS, metadata `id`: the name has one.
template <typename Spec>
Result<StoredRow<Spec>> CreateRow(
    const Administration& administration, TenantId tenant, const Uuid& id, const Spec& spec
);
// Makes it true, found by its name.
template <typename Spec>
Result<PutRowResult<Spec>> PutRow(
    const Administration& administration, TenantId tenant, const Spec& spec
);
template <typename Spec>
Result<StoredRow<Spec>> GetRow(
    const Administration& administration, TenantId tenant, const Uuid& id
);
template <typename Spec>
Result<StoredRow<Spec>> FindRow(
    const Administration& administration, TenantId tenant, std::string_view name
);
// By id (the order in which they were made), above `after`, at most `count_max`.
template <typename Spec>
Result<std::vector<StoredRow<Spec>>> ListRows(
    const Administration& administration, TenantId tenant, const Uuid& after, std::int32_t count_max
);
// What became of it. Its name stays whatever `change` says.
template <typename Spec>
Result<StoredRow<Spec>> ChangeRow(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const ChangeRowFunction<Spec>& change
);
// `check` sees it first. Not of what can be disabled or revoked: others name it.
template <typename Spec>
Status RemoveRow(
    const Administration& administration,
    TenantId tenant,
    const Uuid& id,
    const ChangeRowFunction<Spec>& check
);

}  // namespace unibox::store
