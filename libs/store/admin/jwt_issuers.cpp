#include "store/admin/jwt_issuers.hpp"

#include "pg/transaction.hpp"
#include "store/directory/detail/numbers.hpp"

namespace unibox::store {
namespace {

constexpr pg::Statement kLockIssuer{
    "admin_lock_jwt_issuer",
    "SELECT issuer_id, issuer, audience FROM jwt_issuers WHERE tenant_id = $1 AND name = $2 "
    "FOR UPDATE"};
constexpr pg::Statement kListIssuers{
    "admin_list_jwt_issuers",
    "SELECT issuer_id, name, issuer, audience, algorithms, jwks_url, jwks, sealed_secrets, "
    "role_claim, disabled_at IS NOT NULL, '' FROM jwt_issuers WHERE tenant_id = $1 ORDER BY name"};
constexpr pg::Statement kInsertIssuer{
    "admin_insert_jwt_issuer",
    "INSERT INTO jwt_issuers (tenant_id, issuer_id, name, issuer, audience, algorithms, jwks_url, "
    "jwks, sealed_secrets, role_claim, disabled_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $11 THEN now() END)"};
constexpr pg::Statement kUpdateIssuer{
    "admin_update_jwt_issuer",
    "UPDATE jwt_issuers SET issuer = $4, audience = $5, algorithms = $6, jwks_url = $7, jwks = $8, "
    "sealed_secrets = $9, role_claim = $10, "
    "disabled_at = CASE WHEN $11 THEN coalesce(disabled_at, now()) END "
    "WHERE tenant_id = $1 AND issuer_id = $2 AND name = $3 AND "
    "(issuer, audience, algorithms, jwks_url, jwks, sealed_secrets, role_claim, "
    "disabled_at IS NOT NULL) IS DISTINCT FROM ($4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr pg::Statement kDeleteIssuer{
    "admin_delete_jwt_issuer", "DELETE FROM jwt_issuers WHERE tenant_id = $1 AND issuer_id = $2"};
constexpr pg::Statement kClaimPair{
    "admin_claim_jwt_issuer",
    "INSERT INTO directory (kind, key_hash, tenant, object_id) "
    "VALUES (" UNIBOX_KIND_JWT_ISSUER
    ", ub_jwt_issuer_hash($1, $2), $3, $4) "
    "ON CONFLICT (kind, key_hash) DO UPDATE SET tenant = directory.tenant "
    "RETURNING tenant, object_id"};
constexpr pg::Statement kDropPair{
    "admin_drop_jwt_issuer",
    "DELETE FROM directory WHERE kind = " UNIBOX_KIND_JWT_ISSUER
    " AND key_hash = ub_jwt_issuer_hash($1, $2) AND tenant = $3 AND object_id = $4"};

constexpr pg::Statement kListOperators{
    "admin_list_operator_issuers",
    "SELECT issuer_id, name, issuer, audience, algorithms, jwks_url, jwks, sealed_secrets, "
    "role_claim, disabled_at IS NOT NULL, tenant_claim FROM operator_jwt_issuers ORDER BY name"};
constexpr pg::Statement kPutOperators{
    "admin_put_operator_issuer",
    "INSERT INTO operator_jwt_issuers AS o (issuer_id, name, issuer, audience, algorithms, "
    "jwks_url, jwks, sealed_secrets, role_claim, disabled_at, tenant_claim) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $10 THEN now() END, $11) "
    "ON CONFLICT (name) DO UPDATE SET issuer = $3, audience = $4, algorithms = $5, jwks_url = $6, "
    "jwks = $7, sealed_secrets = $8, role_claim = $9, "
    "disabled_at = CASE WHEN $10 THEN coalesce(o.disabled_at, now()) END, tenant_claim = $11 "
    "WHERE (o.issuer, o.audience, o.algorithms, o.jwks_url, o.jwks, o.sealed_secrets, "
    "o.role_claim, o.disabled_at IS NOT NULL, o.tenant_claim) "
    "IS DISTINCT FROM ($3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING issuer_id = $1"};
constexpr pg::Statement kDeleteOperators{
    "admin_delete_operator_issuer", "DELETE FROM operator_jwt_issuers WHERE name = $1"};

// From the name to the switch, as both tables have them.
void AddColumns(const JwtIssuerSpec& spec, pg::Params* params) {
    std::vector<pg::Bytes> secrets;
    for (const std::string& sealed : spec.sealed_secrets) secrets.push_back(pg::Bytes{sealed});
    params->Add(spec.name).Add(spec.issuer).Add(spec.audience).AddArray(spec.algorithms);
    params->Add(spec.jwks_url).Add(spec.jwks).AddArray(secrets);
    params->Add(spec.role_claim).Add(spec.disabled);
}

Result<Change> PutOperators(pg::Pool& pool, Uuid issuer_id, const JwtIssuerSpec& spec) {
    auto params = pg::Params::Of(issuer_id);
    AddColumns(spec, &params);
    params.Add(spec.tenant_claim);
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kPutOperators, params));
    if (rows.empty()) return Change::kUnchanged;
    return rows[0].Bool(0) ? Change::kCreated : Change::kUpdated;
}

JwtIssuerRow ToIssuer(const pg::Row& row) {
    JwtIssuerRow issuer;
    issuer.issuer_id = row.GetUuid(0);
    issuer.spec.name = row.Text(1);
    issuer.spec.issuer = row.Text(2);
    issuer.spec.audience = row.Text(3);
    issuer.spec.algorithms = row.TextArray(4);
    issuer.spec.jwks_url = row.Text(5);
    issuer.spec.jwks = row.Text(6);
    issuer.spec.sealed_secrets = row.TextArray(7);
    issuer.spec.role_claim = row.Text(8);
    issuer.spec.disabled = row.Bool(9);
    issuer.spec.tenant_claim = row.Text(10);
    return issuer;
}

Status NoSuchIssuer(std::string_view name) {
    return NotFound("no issuer has the name " + std::string(name)).WithField("name");
}

}  // namespace

Result<Change> PutJwtIssuer(
    pg::Pool& pool, std::optional<TenantId> tenant, Uuid issuer_id, const JwtIssuerSpec& spec
) {
    if (!tenant) return PutOperators(pool, issuer_id, spec);
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, *tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto before, tx.Execute(kLockIssuer, pg::Params::Of(*tenant, spec.name))
    );
    const Uuid id = before.empty() ? issuer_id : before[0].GetUuid(0);
    const bool moves =
        !before.empty() && (before[0].Text(1) != spec.issuer || before[0].Text(2) != spec.audience);
    if (moves) {
        const auto old = pg::Params::Of(before[0].Text(1), before[0].Text(2), *tenant, id);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kDropPair, old).status());
    }
    const auto pair = pg::Params::Of(spec.issuer, spec.audience, *tenant, id);
    UNIBOX_ASSIGN_OR_RETURN(const auto holder, tx.Execute(kClaimPair, pair));
    if (holder[0].Tenant(0) != *tenant || holder[0].GetUuid(1) != id) {
        return Status(Code::kAlreadyExists, "the pair of issuer and audience is another one's")
            .WithField("issuer");
    }
    auto params = pg::Params::Of(*tenant, id);
    AddColumns(spec, &params);
    const auto& put = before.empty() ? kInsertIssuer : kUpdateIssuer;
    UNIBOX_ASSIGN_OR_RETURN(const auto changed, tx.ExecuteAndCommit(put, params));
    if (before.empty()) return Change::kCreated;
    return changed.affected() == 0 ? Change::kUnchanged : Change::kUpdated;
}

Status RemoveJwtIssuer(pg::Pool& pool, std::optional<TenantId> tenant, std::string_view name) {
    if (!tenant) {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
        UNIBOX_ASSIGN_OR_RETURN(
            const auto gone, tx.ExecuteAndCommit(kDeleteOperators, pg::Params::Of(name))
        );
        return gone.affected() == 0 ? NoSuchIssuer(name) : Status();
    }
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, *tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto before, tx.Execute(kLockIssuer, pg::Params::Of(*tenant, name))
    );
    if (before.empty()) return NoSuchIssuer(name);
    const Uuid id = before[0].GetUuid(0);
    const auto old = pg::Params::Of(before[0].Text(1), before[0].Text(2), *tenant, id);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kDropPair, old).status());
    return tx.ExecuteAndCommit(kDeleteIssuer, pg::Params::Of(*tenant, id)).status();
}

Result<std::vector<JwtIssuerRow>> ListJwtIssuers(pg::Pool& pool, std::optional<TenantId> tenant) {
    Result<pg::Rows> rows;
    if (tenant) {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, *tenant, pg::Access::kReadOnly));
        rows = tx.ExecuteAndCommit(kListIssuers, pg::Params::Of(*tenant));
    } else {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
        rows = tx.ExecuteAndCommit(kListOperators, {});
    }
    if (!rows.ok()) return rows.status();
    std::vector<JwtIssuerRow> issuers;
    for (const pg::Row row : *rows) issuers.push_back(ToIssuer(row));
    return issuers;
}

Result<Uuid> FindJwtIssuerId(
    pg::Pool& pool, std::optional<TenantId> tenant, std::string_view name
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto issuers, ListJwtIssuers(pool, tenant));
    for (const JwtIssuerRow& issuer : issuers) {
        if (issuer.spec.name == name) return issuer.issuer_id;
    }
    return NoSuchIssuer(name);
}

}  // namespace unibox::store
