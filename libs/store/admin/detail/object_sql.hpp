// Statements that more than one file of objects.hpp and session.hpp runs.
// Private to libs/store. Thread safety: constants.
#pragma once

#include "pg/transaction.hpp"
#include "store/directory/detail/numbers.hpp"

namespace unibox::store::detail {

// In a transaction over several tenants: row-level security then holds as in a pg::TenantTx.
inline constexpr pg::Statement kAsTenant{
    "admin_as_tenant", "SELECT set_config('app.tenant_id', $1, true)"};
inline constexpr pg::Statement kClaimSlug{
    "admin_claim_slug",
    "INSERT INTO directory (kind, key_hash, tenant) "
    "VALUES (" UNIBOX_KIND_SLUG ", sha256(convert_to($1, 'UTF8')), $2) ON CONFLICT DO NOTHING"};
inline constexpr pg::Statement kInsertTenant{
    "admin_insert_tenant",
    "INSERT INTO tenants (tenant_id, slug, name, ingest_rate_per_s, ingest_burst, disabled_at, "
    "api_limits) VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() END, nullif($7, ''))"};
inline constexpr pg::Statement kUpdateTenant{
    "admin_update_tenant",
    "UPDATE tenants SET name = $2, ingest_rate_per_s = $3, ingest_burst = $4, "
    "disabled_at = CASE WHEN $5 THEN coalesce(disabled_at, now()) END, "
    "api_limits = nullif($6, '') WHERE tenant_id = $1 AND "
    "(name, ingest_rate_per_s, ingest_burst, disabled_at IS NOT NULL, coalesce(api_limits, '')) "
    "IS DISTINCT FROM ($2, $3, $4, $5, $6)"};
inline constexpr pg::Statement kGetTenant{
    "admin_get_tenant",
    "SELECT slug, name, ingest_rate_per_s, ingest_burst, disabled_at IS NOT NULL, "
    "coalesce(api_limits, '') FROM tenants WHERE tenant_id = $1"};
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
inline constexpr pg::Statement kClaimToken{
    "admin_claim_token",
    "INSERT INTO directory (kind, key_hash, tenant, object_id) VALUES (" UNIBOX_KIND_TOKEN
    ", $1, $2, $3) "
    "ON CONFLICT (kind, key_hash) DO UPDATE SET tenant = directory.tenant "
    "RETURNING tenant, object_id"};
inline constexpr pg::Statement kClaimRoute{
    "admin_claim_route",
    "INSERT INTO directory (kind, key_hash, tenant, object_id) "
    "VALUES (" UNIBOX_KIND_ROUTE
    ", ub_route_hash($1, $2), $3, $4) "
    "ON CONFLICT (kind, key_hash) DO UPDATE SET tenant = directory.tenant "
    "RETURNING tenant, object_id"};
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
