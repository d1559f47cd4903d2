// What administration writes: tenants, channels, secrets, keys, apps, dead letters. Every Put is
// idempotent: it changes what differs and says what it did. Role ub_admin; what takes an
// Administration also ub_console (administration.hpp). ALREADY_EXISTS: the key, token or route
// belongs to another tenant or object. NOT_FOUND: no such tenant or channel. Thread safety: any
// thread; concurrent Puts of the same object end in one of both states.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "store/admin/administration.hpp"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

enum class Change { kUnchanged, kCreated, kUpdated };

struct TenantSpec {
    std::string slug;
    std::string name;
    std::int32_t ingest_rate_per_s = 200;
    std::int32_t ingest_burst = 1000;
    bool disabled = false;
    std::string plan = {};
    std::int32_t retention_days = 0;  // Of messages; 0 = for ever.
    std::string api_limits{};         // domain::TenantLimits; "" = what the settings say.
    bool operator==(const TenantSpec&) const = default;
};
struct TenantPut {
    TenantId tenant;
    Change change = Change::kUnchanged;
};
struct TenantRow {
    TenantId tenant;
    TenantSpec spec;
    std::int64_t created_at_ms = 0;  // Unix, UTC
    std::optional<std::int64_t> disabled_at_ms = {};
};

struct ChannelSpec {
    std::string slug;
    std::string name;
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    std::string route_key;  // "" = by channel token only
    // SHA-256 of the channel token. Absent: keep what is there (or none).
    std::optional<std::string> token_hash;
    std::string public_base_url;
    std::int32_t reopen_window_s = 604'800;
    std::string settings_json = "{}";
    bool disabled = false;
    std::optional<Uuid> app_id;  // As in store::ChannelInfo.
    bool operator==(const ChannelSpec&) const = default;
};
struct ChannelPut {
    ChannelId channel;
    Change change = Change::kUnchanged;
};
struct ChannelRow {
    TenantId tenant;
    std::string tenant_slug;
    ChannelId channel;
    ChannelSpec spec;
    std::int32_t live_secret_count = 0;
    std::string app_slug;            // Of spec.app_id; "" = none.
    std::int64_t created_at_ms = 0;  // Unix, UTC
    std::optional<std::int64_t> disabled_at_ms = {};
};

struct NewSecret {
    std::string sealed;
    std::string fingerprint;  // keyed hash: says which secret it is without unsealing
};

struct ApiKeySpec {
    std::string name;
    std::string key_hash;  // SHA-256 of the whole key
    std::vector<std::string> scopes;
    // The key was made for the case that there is none of this name: an existing one stays.
    bool only_if_new = false;
};
struct ApiKeyRow {
    Uuid key_id;
    std::string name;
    std::vector<std::string> scopes;
    bool revoked = false;
};

struct AppSpec {
    std::string slug;
    std::string provider;  // as in the URL: meta
};

struct AppRow {
    Uuid app_id;
    AppSpec spec;
    bool disabled = false;
};

struct DeadLetter {
    std::int64_t id = 0;
    std::int32_t generation = 0;
    std::int32_t partition = 0;
    std::int64_t stream_seq = 0;
    std::string event;  // as read from the stream
    std::string sqlstate;
    std::string error;
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> replayed_at_ms;
};

Result<TenantPut> PutTenant(pg::Pool& pool, const TenantSpec& spec);
// As it stands in one tenant, under a lock; `change` says what shall stand there, or why not. Its
// slug never changes.
Result<TenantRow> ChangeTenant(
    const Administration& administration,
    TenantId tenant,
    const std::function<Status(TenantRow&)>& change
);
Result<TenantRow> GetTenant(const Administration& administration, TenantId tenant);
Result<TenantRow> FindTenant(pg::Pool& pool, std::string_view slug);
// In order of their slugs' creation, at most `count_max`, with tenant ids above `after`.
Result<std::vector<TenantRow>> ListTenants(pg::Pool& pool, TenantId after, std::int32_t count_max);

// Found by slug. The route key and the token are entered into the directory in the same
// transaction.
Result<ChannelPut> PutChannel(pg::Pool& pool, TenantId tenant, const ChannelSpec& spec);
Result<std::vector<ChannelRow>> ListChannels(pg::Pool& pool, TenantId tenant);

// Nothing if it is there: ALREADY_EXISTS with metadata `id`. `secret`: its first.
Status CreateChannel(
    const Administration& administration,
    TenantId tenant,
    ChannelId channel,
    const ChannelSpec& spec,
    const std::optional<NewSecret>& secret
);
// As ChangeTenant; slug and provider never change. NOT_FOUND.
Result<ChannelRow> ChangeChannel(
    const Administration& administration,
    TenantId tenant,
    ChannelId channel,
    const std::function<Status(ChannelRow&)>& change
);
Result<ChannelRow> GetChannel(
    const Administration& administration, TenantId tenant, ChannelId channel
);
// By id, above `after`, at most `count_max`.
Result<std::vector<ChannelRow>> ListChannelPage(
    const Administration& administration, TenantId tenant, ChannelId after, std::int32_t count_max
);

// Makes `secret` the channel's newest. Known by its fingerprint: nothing changes. Otherwise the
// older ones expire after `overlap_time` (they stay live until then, so that a rotation loses
// nothing).
Result<Change> PutChannelSecret(
    const Administration& administration,
    TenantId tenant,
    ChannelId channel,
    const NewSecret& secret,
    Millis overlap_time
);
// The newest one alone stays live. kUnchanged: it is the only one.
Result<Change> DropOldChannelSecrets(
    const Administration& administration, TenantId tenant, ChannelId channel
);

// A key that is new. ALREADY_EXISTS: the name has one.
Result<Uuid> CreateApiKey(
    const Administration& administration, TenantId tenant, const ApiKeySpec& spec
);
// Found by name; only scopes change. FAILED_PRECONDITION: the name has another key, or was revoked.
// ALREADY_EXISTS: the key is in use under another name or by another tenant.
Result<Change> PutApiKey(pg::Pool& pool, TenantId tenant, const ApiKeySpec& spec);
Result<std::vector<ApiKeyRow>> ListApiKeys(pg::Pool& pool, TenantId tenant);
// NOT_FOUND if there is none of this name; kUnchanged if it was revoked before.
Result<Change> RevokeApiKey(pg::Pool& pool, TenantId tenant, std::string_view name);

// NOT_FOUND: no such app.
Result<AppRow> FindApp(const Administration& administration, std::string_view slug);
// `verify_token_sealed`: sealed for "app:<app_id>"; absent: what is there stays. A new app gets the
// given id (NewUuidV7).
Result<Change> PutApp(
    pg::Pool& pool,
    Uuid app_id,
    const AppSpec& spec,
    const std::optional<std::string>& verify_token_sealed
);
Result<Change> PutAppSecret(
    pg::Pool& pool, Uuid app_id, const NewSecret& secret, Millis overlap_time
);

// The channel's id by its slug, for sealing before PutChannelSecret.
Result<ChannelRow> FindChannelBySlug(pg::Pool& pool, TenantId tenant, std::string_view slug);

// By id, above `after`, at most `count_max`; replayed ones only if asked for.
Result<std::vector<DeadLetter>> ListDeadLetters(
    pg::Pool& pool, std::int64_t after, std::int32_t count_max, bool with_replayed
);
Result<DeadLetter> GetDeadLetter(pg::Pool& pool, std::int64_t id);
Status MarkDeadLetterReplayed(pg::Pool& pool, std::int64_t id);

}  // namespace unibox::store
