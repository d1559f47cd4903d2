#include "store/admin/audit.hpp"

#include "pg/transaction.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kWrite{
    "audit_write", "SELECT ub_audit($1, $2, $3, nullif($4, '')::jsonb, nullif($5, '')::jsonb, $6)"};
constexpr pg::Statement kList{
    "audit_list",
    "SELECT id, at, actor, db_user, client, verb, request_id, name, tenant, kind, object, "
    "coalesce(old_value::text, ''), coalesce(new_value::text, ''), outcome FROM admin_audit "
    "WHERE at >= $1 AND ($2::bigint IS NULL OR tenant = $2) ORDER BY id DESC LIMIT $3"};
constexpr pg::Statement kListOfTenant{
    "audit_list_tenant",
    "SELECT id, at, actor, verb, request_id, kind, object, name, old_value, new_value, outcome "
    "FROM ub_tenant_audit($1, $2, $3, $4, $5, $6)"};

}  // namespace

Status WriteAudit(pg::Pool& pool, const AuditEntry& entry) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    const auto params = pg::Params::Of(
        entry.tenant, entry.kind, entry.object, entry.old_json, entry.new_json, entry.outcome
    );
    return tx.ExecuteAndCommit(kWrite, params).status();
}

Result<std::vector<AuditRow>> ListAudit(pg::Pool& pool, const AuditFilter& filter) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    const auto params =
        pg::Params::Of(pg::TimestampMs{filter.since_ms}, filter.tenant, filter.count_max);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kList, params));
    std::vector<AuditRow> listed;
    for (const pg::Row row : rows) {
        AuditRow& one = listed.emplace_back();
        one.id = row.Int64(0);
        one.at_ms = row.Timestamp(1).unix_ms;
        one.actor = row.Text(2);
        one.db_user = row.Text(3);
        one.client = row.Text(4);
        one.verb = row.Text(5);
        one.request_id = row.Text(6);
        one.name = row.Text(7);
        if (!row.IsNull(8)) one.entry.tenant = row.Tenant(8);
        one.entry.kind = row.Text(9);
        one.entry.object = row.Text(10);
        one.entry.old_json = row.Text(11);
        one.entry.new_json = row.Text(12);
        one.entry.outcome = row.Text(13);
    }
    return listed;
}

Result<std::vector<AuditRow>> ListTenantAudit(
    const Administration& administration, TenantId tenant, const TenantAuditQuery& query
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    const auto params = pg::Params::Of(
        query.before_id,
        query.kind,
        query.actor,
        pg::TimestampMs{query.since_ms},
        pg::TimestampMs{query.past_ms},
        query.count_max
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kListOfTenant, params));
    std::vector<AuditRow> listed;
    for (const pg::Row row : rows) {
        AuditRow& one = listed.emplace_back();
        one.id = row.Int64(0);
        one.at_ms = row.Timestamp(1).unix_ms;
        one.actor = row.Text(2);
        one.verb = row.Text(3);
        one.request_id = row.Text(4);
        one.name = row.Text(7);
        one.entry = {
            tenant,
            std::string(row.Text(5)),
            std::string(row.Text(6)),
            std::string(row.Text(8)),
            std::string(row.Text(9)),
            std::string(row.Text(10))};
    }
    return listed;
}

}  // namespace unibox::store
