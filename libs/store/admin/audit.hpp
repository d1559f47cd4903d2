// The audit of administration: who changed what, when, from what to what (admin_audit).
//
// What lies in tables of the administration (tenants, channels, secrets, API keys, apps, ...) needs
// nothing here: triggers add a row for each row that is changed, in the same transaction, whoever
// does it. WriteAudit is for what is not in PostgreSQL. Who acts is told by pg::Settings::actor.
// Rows are only added; they stay for 12 months at least. Role ub_admin, but where it is said.
// Errors: those of libs/pg. Thread safety: any thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/admin/administration.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace unibox::store {

struct AuditEntry {
    std::optional<TenantId> tenant = {};  // Whose object it is; none: the installation's.
    std::string kind;                     // "stream", "raw_webhook"
    std::string object;                   // Its id.
    // JSON objects, "" = nothing. Never secrets.
    std::string old_json = {};
    std::string new_json = {};
    std::string outcome = "done";  // or "begun", "failed: ..."
};
Status WriteAudit(pg::Pool& pool, const AuditEntry& entry);

struct AuditRow {
    std::int64_t id = 0;
    std::int64_t at_ms = 0;  // Unix, UTC
    std::string actor;
    std::string db_user;
    std::string client;
    std::string verb;
    std::string request_id;
    std::string name;  // Of the object; "" = it has none.
    AuditEntry entry;
};
struct AuditFilter {
    std::optional<TenantId> tenant = {};  // None: all rows, the installation's too.
    std::int64_t since_ms = 0;            // Unix, UTC
    std::int32_t count_max = 100;
};
// The newest first.
Result<std::vector<AuditRow>> ListAudit(pg::Pool& pool, const AuditFilter& filter);

// Of one tenant, as role ub_console; db_user and client stay empty.
struct TenantAuditQuery {
    std::string kind;   // "" = all
    std::string actor;  // "" = all
    std::int64_t since_ms = 0;
    std::int64_t past_ms = pg::kInfinity.unix_ms;  // Exclusive.
    std::int64_t before_id = std::numeric_limits<std::int64_t>::max();
    std::int32_t count_max = 100;
};
// The newest first.
Result<std::vector<AuditRow>> ListTenantAudit(
    const Administration& administration, TenantId tenant, const TenantAuditQuery& query
);

}  // namespace unibox::store
