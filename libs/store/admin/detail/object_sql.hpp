// Statements that more than one file of objects.hpp and session.hpp runs.
// Private to libs/store. Thread safety: constants.
#pragma once

#include "pg/transaction.hpp"
#include "store/admin/objects.hpp"
#include "store/directory/detail/numbers.hpp"

namespace unibox::store::detail {

// In a transaction over several tenants: row-level security then holds as in a pg::TenantTx.
inline constexpr pg::Statement kAsTenant{
    "admin_as_tenant", "SELECT set_config('app.tenant_id', $1, true)"};
inline constexpr pg::Statement kClaimSlug{
    "admin_claim_slug",
    "INSERT INTO directory (kind, key_hash, tenant) "
    "VALUES (" UNIBOX_KIND_SLUG ", sha256(convert_to($1, 'UTF8')), $2) ON CONFLICT DO NOTHING"};
// Both with TenantParams.
inline constexpr pg::Statement kInsertTenant{
    "admin_insert_tenant",
    "INSERT INTO tenants (tenant_id, slug, name, ingest_rate_per_s, ingest_burst, disabled_at, "
    "plan, retention_days, api_limits) VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() END, "
    "$7, $8, nullif($9, ''))"};
inline constexpr pg::Statement kUpdateTenant{
    "admin_update_tenant",
    "UPDATE tenants SET name = $3, ingest_rate_per_s = $4, ingest_burst = $5, "
    "disabled_at = CASE WHEN $6 THEN coalesce(disabled_at, now()) END, plan = $7, "
    "retention_days = $8, api_limits = nullif($9, '') WHERE tenant_id = $1 AND slug = $2 AND "
    "(name, ingest_rate_per_s, ingest_burst, disabled_at IS NOT NULL, plan, retention_days, "
    "coalesce(api_limits, '')) IS DISTINCT FROM ($3, $4, $5, $6, $7, $8, $9)"};
inline pg::Params TenantParams(TenantId tenant, const TenantSpec& spec) {
    return pg::Params::Of(
        tenant,
        spec.slug,
        spec.name,
        spec.ingest_rate_per_s,
        spec.ingest_burst,
        spec.disabled,
        spec.plan,
        spec.retention_days,
        spec.api_limits
    );
}
#define UNIBOX_GET_TENANT                                                                 \
    "SELECT slug, name, ingest_rate_per_s, ingest_burst, disabled_at IS NOT NULL, plan, " \
    "retention_days, created_at, disabled_at, coalesce(api_limits, '') FROM tenants "     \
    "WHERE tenant_id = $1"
inline constexpr pg::Statement kGetTenant{"admin_get_tenant", UNIBOX_GET_TENANT};
inline constexpr pg::Statement kLockTenant{"admin_lock_tenant", UNIBOX_GET_TENANT " FOR UPDATE"};
// Of a row of either.
inline TenantRow ToTenantRow(TenantId tenant, const pg::Row& row) {
    TenantRow found;
    found.tenant = tenant;
    found.spec = {
        std::string(row.Text(0)),
        std::string(row.Text(1)),
        row.Int32(2),
        row.Int32(3),
        row.Bool(4),
        std::string(row.Text(5)),
        row.Int32(6),
        std::string(row.Text(9))};
    found.created_at_ms = row.Timestamp(7).unix_ms;
    if (const auto disabled = row.OptionalTimestamp(8)) found.disabled_at_ms = disabled->unix_ms;
    return found;
}
inline constexpr pg::Statement kInsertChannel{
    "admin_insert_channel",
    "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key, token_hash, "
    "public_base_url, reopen_window_s, settings, disabled_at, app_id) VALUES "
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, CASE WHEN $11 THEN now() END, $12)"};
inline constexpr pg::Statement kUpdateChannel{
    "admin_update_channel",
    "UPDATE channels SET name = $3, route_key = $4, token_hash = $5, public_base_url = $6, "
    "reopen_window_s = $7, settings = $8::jsonb, "
    "disabled_at = CASE WHEN $9 THEN coalesce(disabled_at, now()) END, app_id = $10 "
    "WHERE tenant_id = $1 AND channel_id = $2 AND (name, route_key, token_hash, public_base_url, "
    "reopen_window_s, settings, disabled_at IS NOT NULL, app_id) "
    "IS DISTINCT FROM ($3, $4, $5, $6, $7, $8::jsonb, $9, $10)"};
// Whose the key is now; no row: another tenant's that this role may not see, or that somebody has
// just claimed.
#define UNIBOX_CLAIM(kind, hash, tenant, object)                                               \
    "WITH claimed AS (INSERT INTO directory (kind, key_hash, tenant, object_id) "              \
    "VALUES (" kind ", " hash ", " tenant ", " object                                          \
    ") ON CONFLICT DO NOTHING RETURNING tenant, object_id) "                                   \
    "SELECT tenant, object_id FROM claimed UNION ALL SELECT tenant, object_id FROM directory " \
    "WHERE kind = " kind " AND key_hash = " hash
inline constexpr pg::Statement kClaimToken{
    "admin_claim_token", UNIBOX_CLAIM(UNIBOX_KIND_TOKEN, "$1", "$2", "$3")};
inline constexpr pg::Statement kClaimRoute{
    "admin_claim_route", UNIBOX_CLAIM(UNIBOX_KIND_ROUTE, "ub_route_hash($1, $2)", "$3", "$4")};
inline constexpr pg::Statement kDropToken{
    "admin_drop_token",
    "DELETE FROM directory WHERE kind = " UNIBOX_KIND_TOKEN
    " AND key_hash = $1 AND tenant = $2 AND object_id = $3"};
inline constexpr pg::Statement kDropRoute{
    "admin_drop_route",
    "DELETE FROM directory WHERE kind = " UNIBOX_KIND_ROUTE
    " AND key_hash = ub_route_hash($1, $2) AND tenant = $3 "
    "AND object_id = $4"};

inline constexpr pg::Statement kDropSameSecret{
    "admin_drop_same_secret",
    "DELETE FROM channel_secrets WHERE tenant_id = $1 AND channel_id = $2 AND "
    "(fingerprint = $3 OR expires_at <= now())"};
inline constexpr pg::Statement kExpireSecrets{
    "admin_expire_secrets",
    "UPDATE channel_secrets SET expires_at = least(expires_at, now() + $3 * interval '1 ms') "
    "WHERE tenant_id = $1 AND channel_id = $2"};
inline constexpr pg::Statement kInsertSecret{
    "admin_insert_secret",
    "INSERT INTO channel_secrets (tenant_id, channel_id, secret_id, sealed, fingerprint) "
    "VALUES ($1, $2, $3, $4, $5)"};
inline constexpr pg::Statement kInsertKey{
    "admin_insert_key",
    "INSERT INTO api_keys (tenant_id, key_id, name, key_hash, scopes) "
    "VALUES ($1, $2, $3, $4, $5)"};
inline constexpr pg::Statement kEnterKey{
    "admin_enter_key",
    "INSERT INTO directory (kind, key_hash, tenant, object_id) VALUES (" UNIBOX_KIND_API_KEY
    ", $1, $2, $3) "
    "ON CONFLICT DO NOTHING"};
inline constexpr pg::Statement kUpdateKey{
    "admin_update_key",
    "UPDATE api_keys SET scopes = $3 WHERE tenant_id = $1 AND key_id = $2 "
    "AND scopes IS DISTINCT FROM $3"};
inline constexpr pg::Statement kRevokeKey{
    "admin_revoke_key",
    "UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1 AND key_id = $2 "
    "AND revoked_at IS NULL"};
inline constexpr pg::Statement kInsertApp{
    "admin_insert_app",
    "INSERT INTO provider_apps (app_id, slug, provider, verify_token_sealed) "
    "VALUES ($1, $2, $3, coalesce($4, ''::bytea)) ON CONFLICT (app_id) DO NOTHING"};
inline constexpr pg::Statement kUpdateApp{
    "admin_update_app",
    "UPDATE provider_apps SET slug = $2, provider = $3, "
    "verify_token_sealed = coalesce($4, verify_token_sealed) WHERE app_id = $1 AND "
    "(slug, provider, verify_token_sealed) "
    "IS DISTINCT FROM ($2, $3, coalesce($4, verify_token_sealed))"};
inline constexpr pg::Statement kDropSameAppSecret{
    "admin_drop_same_app_secret",
    "DELETE FROM provider_app_secrets WHERE app_id = $1 AND "
    "(fingerprint = $2 OR expires_at <= now())"};
inline constexpr pg::Statement kExpireAppSecrets{
    "admin_expire_app_secrets",
    "UPDATE provider_app_secrets SET expires_at = "
    "least(expires_at, now() + $2 * interval '1 ms') WHERE app_id = $1"};
inline constexpr pg::Statement kInsertAppSecret{
    "admin_insert_app_secret",
    "INSERT INTO provider_app_secrets (app_id, secret_id, sealed, fingerprint) "
    "VALUES ($1, $2, $3, $4)"};

}  // namespace unibox::store::detail
