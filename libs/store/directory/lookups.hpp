// Lookups before a tenant is known: an API key, an issuer of tokens, a channel token, a route key,
// a provider app. Each is one call of a SECURITY DEFINER function (deploy/migrations), so the
// callers' roles can read none of the tables.
//
// NOT_FOUND: no such key. Disabled tenants and channels, expired and revoked keys are returned with
// their flags, so that callers can answer differently and cache them. Times are the database's
// judgement: `now` there. Thread safety: any thread; each call takes one connection of the pool for
// one round trip.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "domain/api_key.hpp"
#include "domain/jwt_issuer.hpp"
#include "pg/pool.hpp"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

// directory.kind
enum class DirectoryKind : std::int16_t {
    kApiKey = 1,
    kChannelToken = 2,
    kRoute = 3,
    kTenantSlug = 4,
    kJwtIssuer = 5
};

struct ChannelInfo {
    TenantId tenant;
    ChannelId channel;
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    std::string route_key;
    std::string public_base_url;  // "" = the service's default
    std::string settings_json;
    std::int32_t reopen_window_s = 0;
    std::int32_t ingest_rate_per_s = 0;  // of the tenant
    std::int32_t ingest_burst = 0;
    bool disabled = false;  // the channel or its tenant
    std::vector<std::string>
        sealed_secrets;  // live ones, newest first; additional data "channel:<channel_id>"
    // When the first of the secrets expires; pg::kInfinity = never. A cache must not keep the row
    // longer.
    std::int64_t secrets_valid_until_ms = 0;
    // The provider app that must have signed what reaches the channel by its route; absent: nothing
    // reaches it so.
    std::optional<Uuid> app_id;
};

struct RoutedChannel {
    std::string route_key;  // as asked for
    ChannelInfo channel;
};

struct ProviderApp {
    Uuid app_id;
    std::string slug;
    std::string verify_token_sealed;  // additional data "app:<app_id>"
    std::vector<std::string>
        sealed_secrets;  // live ones, newest first; additional data "app:<app_id>"
    std::int64_t secrets_valid_until_ms = 0;  // as in ChannelInfo
};

// Those of the keys that exist, in one statement for all; at most 1,000 keys. `key_hashes`: SHA-256
// of the whole key each, 32 bytes.
Result<domain::ApiKeysByHash> FindApiKeys(
    pg::Pool& pool,
    const std::vector<std::string>& key_hashes,
    SteadyTime deadline = SteadyTime::max()
);
// Those of the pairs that somebody has registered, in one statement for all; at most 1,000. Of a
// pair of the operator and of a tenant, the operator's.
Result<domain::JwtIssuersByKey> FindJwtIssuers(
    pg::Pool& pool,
    const std::vector<domain::JwtIssuerKey>& keys,
    SteadyTime deadline = SteadyTime::max()
);
// Those of the slugs that are tenants, at most 1,000.
Result<domain::TenantsBySlug> FindTenantsBySlug(
    pg::Pool& pool, const std::vector<std::string>& slugs, SteadyTime deadline = SteadyTime::max()
);
// `token_hash`: SHA-256 of the channel token, 32 bytes.
Result<ChannelInfo> FindChannelByToken(pg::Pool& pool, std::string_view token_hash);
// For events that name their channel themselves (gRPC ingest).
Result<ChannelInfo> FindChannel(pg::Pool& pool, TenantId tenant, ChannelId channel);
// All route keys of one webhook in one statement, at most 1,000. Keys without a channel are absent.
Result<std::vector<RoutedChannel>> FindChannelsByRoute(
    pg::Pool& pool, v1::Provider provider, const std::vector<std::string>& route_keys
);
// `provider` as in the URL ("meta"); enabled apps alone.
Result<std::vector<ProviderApp>> FindProviderApps(pg::Pool& pool, std::string_view provider);

}  // namespace unibox::store
