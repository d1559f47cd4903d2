#include "store/directory/lookups.hpp"

#include "obs/log.hpp"
#include "pg/transaction.hpp"
#include "store/directory/detail/numbers.hpp"

namespace unibox::store {
namespace {

// Columns of ub_find_channel, which all channel lookups return.
#define UNIBOX_CHANNEL_COLUMNS                                                                 \
    "tenant_id, channel_id, provider, route_key, public_base_url, settings, reopen_window_s, " \
    "ingest_rate_per_s, ingest_burst, disabled, secrets, secrets_valid_until, app_id"

constexpr pg::Statement kApiKeys{
    "directory_api_keys",
    "SELECT k.tenant_id, k.key_id, k.scopes, k.expires_at, k.revoked, k.expired, "
    "k.tenant_disabled, w.hash, k.name, k.api_limits "
    "FROM unnest($1::bytea[]) AS w (hash) CROSS JOIN LATERAL ub_find_api_key(w.hash) k"};
constexpr pg::Statement kJwtIssuers{
    "directory_jwt_issuers",
    "SELECT wanted_issuer, wanted_audience, tenant_id, issuer_id, algorithms, jwks_url, jwks, "
    "sealed_secrets, role_claim, tenant_claim, disabled, tenant_disabled, api_limits "
    "FROM ub_find_jwt_issuers($1, $2)"};
constexpr pg::Statement kTenants{
    "directory_tenants", "SELECT slug, tenant_id, disabled, api_limits FROM ub_find_tenants($1)"};
constexpr pg::Statement kByToken{
    "directory_token", "SELECT " UNIBOX_CHANNEL_COLUMNS " FROM ub_find_channel_by_token($1)"};
constexpr pg::Statement kById{
    "directory_channel", "SELECT " UNIBOX_CHANNEL_COLUMNS " FROM ub_find_channel($1, $2)"};
constexpr pg::Statement kByRoute{
    "directory_routes",
    "SELECT " UNIBOX_CHANNEL_COLUMNS ", wanted_key FROM ub_find_channels_by_route($1, $2)"};
constexpr pg::Statement kApps{
    "directory_apps",
    "SELECT app_id, slug, verify_token_sealed, secrets, secrets_valid_until "
    "FROM ub_find_provider_apps($1)"};

#undef UNIBOX_CHANNEL_COLUMNS

constexpr std::size_t kRouteKeysMax = 1'000;
constexpr std::size_t kApiKeysMax = 1'000;
constexpr std::size_t kIssuersMax = 1'000;
constexpr std::size_t kSlugsMax = 1'000;

Result<pg::Rows> Ask(
    pg::Pool& pool,
    const pg::Statement& statement,
    const pg::Params& params,
    SteadyTime deadline = SteadyTime::max()
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly, deadline));
    return tx.ExecuteAndCommit(statement, params);
}

// What the table's check lets through is of the form; anything else is as if nothing was there.
domain::TenantLimits ToLimits(const pg::Row& row, int column) {
    if (row.IsNull(column)) return {};
    const auto limits = domain::TenantLimits::Parse(row.Text(column));
    if (!limits.ok()) {
        obs::Log(obs::Level::kError, "a tenant's api_limits", {{"error", limits.status()}});
    }
    return limits.ok() ? *limits : domain::TenantLimits();
}

domain::ApiKeyInfo ToApiKey(const pg::Row& row) {
    domain::ApiKeyInfo key;
    key.tenant = row.Tenant(0);
    key.key_id = row.GetUuid(1);
    key.scopes = row.TextArray(2);
    key.expires_at_ms = row.Timestamp(3).unix_ms;
    key.revoked = row.Bool(4);
    key.expired = row.Bool(5);
    key.tenant_disabled = row.Bool(6);
    key.name = row.Text(8);
    key.limits = ToLimits(row, 9);
    return key;
}

domain::JwtIssuerInfo ToJwtIssuer(const pg::Row& row) {
    domain::JwtIssuerInfo issuer;
    if (!row.IsNull(2)) issuer.tenant = row.Tenant(2);
    issuer.issuer_id = row.GetUuid(3);
    issuer.algorithms = row.TextArray(4);
    issuer.jwks_url = row.Text(5);
    issuer.jwks = row.Text(6);
    issuer.sealed_secrets = row.TextArray(7);
    issuer.role_claim = row.Text(8);
    issuer.tenant_claim = row.Text(9);
    issuer.disabled = row.Bool(10);
    issuer.tenant_disabled = row.Bool(11);
    issuer.limits = ToLimits(row, 12);
    return issuer;
}

ChannelInfo ToChannel(const pg::Row& row) {
    ChannelInfo channel;
    channel.tenant = row.Tenant(0);
    channel.channel = row.GetId<ChannelId>(1);
    channel.provider = detail::ToProvider(row.Int16(2));
    channel.route_key = row.Text(3);
    channel.public_base_url = row.Text(4);
    channel.settings_json = row.Text(5);
    channel.reopen_window_s = row.Int32(6);
    channel.ingest_rate_per_s = row.Int32(7);
    channel.ingest_burst = row.Int32(8);
    channel.disabled = row.Bool(9);
    channel.sealed_secrets = row.TextArray(10);
    channel.secrets_valid_until_ms = row.Timestamp(11).unix_ms;
    if (!row.IsNull(12)) channel.app_id = row.GetUuid(12);
    return channel;
}

Result<ChannelInfo> OneChannel(const Result<pg::Rows>& rows) {
    if (!rows.ok()) return rows.status();
    if (rows->empty()) return NotFound("no such channel");
    return ToChannel((*rows)[0]);
}

}  // namespace

Result<domain::ApiKeysByHash> FindApiKeys(
    pg::Pool& pool, const std::vector<std::string>& key_hashes, SteadyTime deadline
) {
    if (key_hashes.size() > kApiKeysMax) return InvalidArgument("more than 1,000 API keys");
    pg::Params params;
    std::vector<pg::Bytes> hashes;
    for (const std::string& hash : key_hashes) hashes.push_back(pg::Bytes{hash});
    params.AddArray(hashes);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Ask(pool, kApiKeys, params, deadline));
    domain::ApiKeysByHash keys;
    for (const pg::Row row : rows) keys.emplace(std::string(row.GetBytes(7)), ToApiKey(row));
    return keys;
}

Result<domain::JwtIssuersByKey> FindJwtIssuers(
    pg::Pool& pool, const std::vector<domain::JwtIssuerKey>& keys, SteadyTime deadline
) {
    if (keys.size() > kIssuersMax) return InvalidArgument("more than 1,000 issuers");
    std::vector<std::string_view> issuers;
    std::vector<std::string_view> audiences;
    for (const domain::JwtIssuerKey& key : keys) {
        issuers.emplace_back(key.issuer);
        audiences.emplace_back(key.audience);
    }
    pg::Params params;
    params.AddArray(issuers).AddArray(audiences);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Ask(pool, kJwtIssuers, params, deadline));
    domain::JwtIssuersByKey found;
    for (const pg::Row row : rows) {
        found.emplace(
            domain::JwtIssuerKey{std::string(row.Text(0)), std::string(row.Text(1))},
            ToJwtIssuer(row)
        );
    }
    return found;
}

Result<domain::TenantsBySlug> FindTenantsBySlug(
    pg::Pool& pool, const std::vector<std::string>& slugs, SteadyTime deadline
) {
    if (slugs.size() > kSlugsMax) return InvalidArgument("more than 1,000 tenants");
    pg::Params params;
    params.AddArray(slugs);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Ask(pool, kTenants, params, deadline));
    domain::TenantsBySlug tenants;
    for (const pg::Row row : rows) {
        tenants.emplace(
            std::string(row.Text(0)),
            domain::TenantInfo{row.Tenant(1), row.Bool(2), ToLimits(row, 3)}
        );
    }
    return tenants;
}

Result<ChannelInfo> FindChannelByToken(pg::Pool& pool, std::string_view token_hash) {
    return OneChannel(Ask(pool, kByToken, pg::Params::Of(pg::Bytes{token_hash})));
}

Result<ChannelInfo> FindChannel(pg::Pool& pool, TenantId tenant, ChannelId channel) {
    return OneChannel(Ask(pool, kById, pg::Params::Of(tenant, channel)));
}

Result<std::vector<RoutedChannel>> FindChannelsByRoute(
    pg::Pool& pool, v1::Provider provider, const std::vector<std::string>& route_keys
) {
    if (route_keys.size() > kRouteKeysMax) return InvalidArgument("more than 1,000 route keys");
    pg::Params params;
    params.Add(detail::Number(provider)).AddArray(route_keys);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Ask(pool, kByRoute, params));
    std::vector<RoutedChannel> channels;
    for (const pg::Row row : rows) {
        channels.push_back({std::string(row.Text(13)), ToChannel(row)});
    }
    return channels;
}

Result<std::vector<ProviderApp>> FindProviderApps(pg::Pool& pool, std::string_view provider) {
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Ask(pool, kApps, pg::Params::Of(provider)));
    std::vector<ProviderApp> apps;
    for (const pg::Row row : rows) {
        apps.push_back(
            {row.GetUuid(0),
             std::string(row.Text(1)),
             std::string(row.GetBytes(2)),
             row.TextArray(3),
             row.Timestamp(4).unix_ms}
        );
    }
    return apps;
}

}  // namespace unibox::store
