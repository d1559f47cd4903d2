#include "store/admin/session.hpp"

#include "pg/sqlstate.hpp"
#include "store/admin/detail/object_sql.hpp"

#include <algorithm>
#include <unordered_map>

namespace unibox::store {
namespace {

constexpr std::size_t kTenantsPerRoundTrip = 500;
constexpr std::size_t kKeysPerStatement = 5'000;

constexpr pg::Statement kLockWait{
    "admin_lock_wait", "SELECT set_config('lock_timeout', '1000', true)"};
constexpr pg::Statement kLock{"admin_lock", "SELECT pg_advisory_lock(1970170210, 13)"};  // 'unib'
constexpr pg::Statement kFindTenants{
    "admin_find_tenants",
    "SELECT s.slug, d.tenant FROM unnest($1::text[]) WITH ORDINALITY AS s (slug, at) "
    "JOIN directory d ON d.kind = " UNIBOX_KIND_SLUG
    " AND d.key_hash = sha256(convert_to(s.slug, 'UTF8')) "
    "ORDER BY s.at"};
constexpr pg::Statement kReadChannels{
    "admin_read_channels",
    "SELECT c.channel_id, c.slug, c.name, c.provider, c.route_key, c.token_hash, "
    "c.public_base_url, c.reopen_window_s, c.settings::text, c.disabled_at IS NOT NULL, c.app_id, "
    "coalesce((SELECT s.fingerprint FROM channel_secrets s WHERE s.tenant_id = c.tenant_id "
    "AND s.channel_id = c.channel_id AND s.expires_at = 'infinity' "
    "ORDER BY s.created_at DESC, s.secret_id DESC LIMIT 1), '') "
    "FROM channels c WHERE c.tenant_id = $1"};
constexpr pg::Statement kReadKeys{
    "admin_read_keys",
    "SELECT key_id, name, key_hash, scopes, revoked_at IS NOT NULL FROM api_keys "
    "WHERE tenant_id = $1"};
constexpr pg::Statement kReadApps{
    "admin_read_apps",
    "SELECT a.app_id, a.slug, a.provider, a.disabled_at IS NOT NULL, a.verify_token_sealed, "
    "s.sealed, s.fingerprint, s.expires_at = 'infinity' FROM provider_apps a "
    "LEFT JOIN provider_app_secrets s ON s.app_id = a.app_id AND s.expires_at > now() "
    "ORDER BY a.slug, s.created_at DESC, s.secret_id DESC"};
constexpr pg::Statement kFindHolders{
    "admin_find_holders",
    "SELECT w.at, d.tenant, d.object_id FROM unnest($2::bytea[]) WITH ORDINALITY AS w (hash, at) "
    "JOIN directory d ON d.kind = $1 AND d.key_hash = w.hash"};
constexpr pg::Statement kFindRoutes{
    "admin_find_routes",
    "SELECT w.at, d.tenant, d.object_id "
    "FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY AS w (provider, route, at) "
    "JOIN directory d ON d.kind = " UNIBOX_KIND_ROUTE
    " AND d.key_hash = ub_route_hash(w.provider, w.route)"};
constexpr pg::Statement kNewTenantIds{
    "admin_new_tenants", "SELECT nextval('tenant_ids') FROM generate_series(1, $1::int)"};
constexpr pg::Statement kNameOf{
    "admin_name_of",
    "SELECT t.slug || '/' || c.slug FROM channels c JOIN tenants t ON t.tenant_id = c.tenant_id "
    "WHERE c.tenant_id = $1 AND c.channel_id = $2"};

StoredChannel ToChannel(const pg::Row& row) {
    StoredChannel channel;
    channel.channel = row.GetId<ChannelId>(0);
    channel.spec.slug = row.Text(1);
    channel.spec.name = row.Text(2);
    channel.spec.provider = detail::ToProvider(row.Int16(3));
    channel.spec.route_key = row.Text(4);
    if (!row.IsNull(5)) channel.spec.token_hash = row.GetBytes(5);
    channel.spec.public_base_url = row.Text(6);
    channel.spec.reopen_window_s = row.Int32(7);
    channel.spec.settings_json = row.Text(8);
    channel.spec.disabled = row.Bool(9);
    channel.spec.app_id = row.OptionalUuid(10);
    channel.newest_fingerprint = row.GetBytes(11);
    return channel;
}

StoredKey ToKey(const pg::Row& row) {
    StoredKey key;
    key.key_id = row.GetUuid(0);
    key.spec = {std::string(row.Text(1)), std::string(row.GetBytes(2)), row.TextArray(3)};
    key.revoked = row.Bool(4);
    return key;
}

// Queues what ToTenant reads.
Status SendReads(pg::WriterTx& tx, TenantId tenant) {
    const auto key = pg::Params::Of(tenant);
    const auto as_tenant = pg::Params::Of(tenant.ToString());
    UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kAsTenant, as_tenant));
    UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kGetTenant, key));
    UNIBOX_RETURN_IF_ERROR(tx.Send(kReadChannels, key));
    return tx.Send(kReadKeys, key);
}
constexpr std::size_t kReadsPerTenant = 4;

StoredTenant ToTenant(TenantId id, const pg::Rows* results) {
    StoredTenant tenant;
    tenant.tenant = id;
    tenant.spec = detail::ToTenantRow(id, results[1][0]).spec;
    for (const pg::Row channel : results[2]) tenant.channels.push_back(ToChannel(channel));
    for (const pg::Row key : results[3]) tenant.keys.push_back(ToKey(key));
    return tenant;
}

// $1 of the answer is the place in what was asked, from 1.
void SetHolders(
    const pg::Rows& rows, std::size_t offset, std::vector<std::optional<Holder>>& holders
) {
    for (const pg::Row row : rows) {
        const auto at = offset + static_cast<std::size_t>(row.Int64(0)) - 1;
        holders[at] = Holder{row.Tenant(1), row.GetUuid(2)};
    }
}

}  // namespace

Result<std::unique_ptr<AdminSession>> AdminSession::Open(
    const pg::Settings& settings, obs::Metrics& metrics
) {
    UNIBOX_ASSIGN_OR_RETURN(auto session, pg::Session::Create(settings, metrics));
    return std::unique_ptr<AdminSession>(new AdminSession(std::move(session)));
}

Result<bool> AdminSession::Lock() {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kLockWait, {}).status());
    const auto locked = tx.ExecuteAndCommit(kLock, {});
    if (locked.status().reason() == pg::kLockNotAvailable) return false;  // The lock's time-out.
    if (!locked.ok()) return locked.status();
    locked_connection_ = session_->connection_count();
    return true;
}

Result<std::vector<std::pair<std::string, TenantId>>> AdminSession::FindTenants(
    const std::vector<std::string>& slugs
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    std::vector<std::pair<std::string, TenantId>> found;
    const std::span<const std::string> all(slugs);
    for (std::size_t at = 0; at < all.size(); at += kKeysPerStatement) {
        pg::Params params;
        params.AddArray(all.subspan(at, std::min(kKeysPerStatement, all.size() - at)));
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kFindTenants, params));
        for (const pg::Row row : rows) found.emplace_back(row.Text(0), row.Tenant(1));
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return found;
}

Result<std::vector<StoredTenant>> AdminSession::ReadTenants(
    const std::vector<std::string>& slugs, const Progress& progress
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto found, FindTenants(slugs));
    std::vector<StoredTenant> tenants;
    tenants.reserve(found.size());
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::WriterTx::Begin(*session_));
    while (tenants.size() < found.size()) {
        const std::size_t begin = tenants.size();
        const std::size_t end = std::min(found.size(), begin + kTenantsPerRoundTrip);
        for (std::size_t i = begin; i < end; ++i) {
            UNIBOX_RETURN_IF_ERROR(SendReads(tx, found[i].second));
        }
        UNIBOX_ASSIGN_OR_RETURN(const auto results, tx.Sync());
        for (std::size_t i = begin; i < end; ++i) {
            const pg::Rows* own = &results[(i - begin) * kReadsPerTenant];
            if (own[1].empty()) {
                return Internal(
                    "the directory knows a tenant that does not exist: " + found[i].first
                );
            }
            tenants.push_back(ToTenant(found[i].second, own));
        }
        UNIBOX_RETURN_IF_ERROR(progress(tenants.size()));
    }
    tx.Rollback();
    return tenants;
}

Result<std::vector<StoredApp>> AdminSession::ReadApps() {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kReadApps, {}));
    std::vector<StoredApp> apps;
    for (const pg::Row row : rows) {
        if (apps.empty() || apps.back().app_id != row.GetUuid(0)) {
            StoredApp& app = apps.emplace_back();
            app.app_id = row.GetUuid(0);
            app.spec = {std::string(row.Text(1)), std::string(row.Text(2))};
            app.disabled = row.Bool(3);
            app.verify_token_sealed = row.GetBytes(4);
        }
        if (row.IsNull(5)) continue;
        StoredApp& app = apps.back();
        app.live_secrets.push_back({std::string(row.GetBytes(5)), std::string(row.GetBytes(6))});
        if (app.newest_fingerprint.empty() && row.Bool(7)) {
            app.newest_fingerprint = row.GetBytes(6);
        }
    }
    return apps;
}

Result<std::vector<std::optional<Holder>>> AdminSession::FindHolders(
    DirectoryKind kind, const std::vector<std::string>& hashes
) {
    std::vector<std::optional<Holder>> holders(hashes.size());
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    for (std::size_t at = 0; at < hashes.size(); at += kKeysPerStatement) {
        std::vector<pg::Bytes> some;
        for (std::size_t i = at; i < std::min(hashes.size(), at + kKeysPerStatement); ++i) {
            some.push_back({hashes[i]});
        }
        auto params = pg::Params::Of(static_cast<std::int16_t>(kind));
        params.AddArray(some);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kFindHolders, params));
        SetHolders(rows, at, holders);
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return holders;
}

Result<std::vector<std::optional<Holder>>> AdminSession::FindRoutes(
    const std::vector<RouteKey>& routes
) {
    std::vector<std::optional<Holder>> holders(routes.size());
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    for (std::size_t at = 0; at < routes.size(); at += kKeysPerStatement) {
        std::vector<std::int16_t> providers;
        std::vector<std::string> keys;
        for (std::size_t i = at; i < std::min(routes.size(), at + kKeysPerStatement); ++i) {
            providers.push_back(detail::Number(routes[i].provider));
            keys.push_back(routes[i].route_key);
        }
        pg::Params params;
        params.AddArray(providers).AddArray(keys);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kFindRoutes, params));
        SetHolders(rows, at, holders);
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return holders;
}

Result<std::string> AdminSession::NameOf(const Holder& channel) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    const auto as_tenant = pg::Params::Of(channel.tenant.ToString());
    UNIBOX_RETURN_IF_ERROR(tx.Execute(detail::kAsTenant, as_tenant).status());
    const auto params = pg::Params::Of(channel.tenant, channel.object);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kNameOf, params));
    if (rows.empty()) return NotFound("no such channel");
    return std::string(rows[0].Text(0));
}

Result<std::vector<TenantId>> AdminSession::NewTenantIds(std::size_t count) {
    std::vector<TenantId> ids;
    if (count == 0) return ids;
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadWrite));
    const auto params = pg::Params::Of(static_cast<std::int32_t>(count));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kNewTenantIds, params));
    for (const pg::Row row : rows) ids.push_back(row.Tenant(0));
    return ids;
}

Result<AdminTx> AdminSession::Begin(Millis overlap_time) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::WriterTx::Begin(*session_));
    if (session_->connection_count() != locked_connection_) {
        return Status(Code::kAborted, "the connection to PostgreSQL was lost, and the lock with it")
            .WithReason("LOCK_LOST");
    }
    return AdminTx(std::move(tx), overlap_time);
}

}  // namespace unibox::store
