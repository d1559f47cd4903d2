#include "store/admin/session.hpp"

#include "pg/sqlstate.hpp"
#include "store/admin/detail/member_sql.hpp"
#include "store/admin/detail/object_sql.hpp"
#include "store/admin/detail/row_tables.hpp"
#include "store/admin/detail/stored_channels.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace unibox::store {
namespace {

constexpr std::size_t kTenantsPerRoundTrip = 300;  // Of 13 statements; pg::WriterTx takes 4,096.
constexpr std::size_t kKeysPerStatement = 5'000;

constexpr pg::Statement kLockWait{
    "admin_lock_wait", "SELECT set_config('lock_timeout', '1000', true)"};
constexpr pg::Statement kLock{"admin_lock", "SELECT pg_advisory_lock(1970170210, 13)"};  // 'unib'
constexpr pg::Statement kFindTenants{
    "admin_find_tenants",
    "SELECT s.at, d.tenant FROM unnest($1::text[]) WITH ORDINALITY AS s (slug, at) "
    "JOIN directory d ON d.kind = " UNIBOX_KIND_SLUG
    " AND d.key_hash = sha256(convert_to(s.slug, 'UTF8')) "
    "ORDER BY s.at"};
constexpr pg::Statement kReadSecrets{
    "admin_read_secrets",
    "SELECT DISTINCT ON (channel_id) channel_id, sealed FROM channel_secrets "
    "WHERE tenant_id = $1 AND expires_at = 'infinity' "
    "ORDER BY channel_id, created_at DESC, secret_id DESC"};
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

StoredKey ToKey(const pg::Row& row) {
    StoredKey key;
    key.key_id = row.GetUuid(0);
    key.spec = {std::string(row.Text(1)), std::string(row.GetBytes(2)), row.TextArray(3)};
    key.revoked = row.Bool(4);
    return key;
}

template <typename Spec>
Status SendRows(pg::WriterTx& tx, TenantId tenant) {
    const auto all = pg::Params::Of(tenant, Uuid(), std::numeric_limits<std::int64_t>::max());
    return tx.Send(detail::RowTable<Spec>::kSql.list, all);
}

// Queues what ToTenant reads.
Status SendReads(pg::WriterTx& tx, TenantId tenant, const WantedTenant& wanted) {
    const auto key = pg::Params::Of(tenant);
    const auto as_tenant = pg::Params::Of(tenant.ToString());
    UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kAsTenant, as_tenant));
    UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kGetTenant, key));
    UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kReadTenantChannels, key));
    UNIBOX_RETURN_IF_ERROR(tx.Send(kReadKeys, key));
    if (wanted.secrets) UNIBOX_RETURN_IF_ERROR(tx.Send(kReadSecrets, key));
    if (!wanted.rows) return {};
    UNIBOX_RETURN_IF_ERROR(SendRows<AgentSpec>(tx, tenant));
    UNIBOX_RETURN_IF_ERROR(SendRows<TeamSpec>(tx, tenant));
    UNIBOX_RETURN_IF_ERROR(SendRows<LabelSpec>(tx, tenant));
    UNIBOX_RETURN_IF_ERROR(SendRows<AttributeSpec>(tx, tenant));
    UNIBOX_RETURN_IF_ERROR(SendRows<CannedReplySpec>(tx, tenant));
    UNIBOX_RETURN_IF_ERROR(SendRows<WebhookEndpointSpec>(tx, tenant));
    UNIBOX_RETURN_IF_ERROR(tx.Send(detail::kTeamMembers.all, key));
    return tx.Send(detail::kChannelMembers.all, key);
}

template <typename Spec>
void ReadRows(const pg::Rows& found, StoredRows& rows) {
    for (const pg::Row row : found) rows.Of<Spec>().push_back(detail::ToStored<Spec>(row));
}

std::vector<Member> ToMembers(const pg::Rows& rows) {
    std::vector<Member> members;
    for (const pg::Row row : rows) members.push_back({row.GetUuid(0), row.GetId<AgentId>(1)});
    return members;
}

void SetSecrets(const pg::Rows& rows, std::vector<StoredChannel>& channels) {
    for (const pg::Row row : rows) {
        for (StoredChannel& channel : channels) {
            if (channel.channel == row.GetId<ChannelId>(0)) channel.newest_sealed = row.GetBytes(1);
        }
    }
}

// The answers of SendReads, from `next` on, which is moved behind them. Nothing: there is no such
// tenant.
std::optional<StoredTenant> ToTenant(
    TenantId id, const WantedTenant& wanted, const std::vector<pg::Rows>& results, std::size_t& next
) {
    const std::size_t begin = std::exchange(next, next + 4);
    if (results[begin + 1].empty()) return std::nullopt;
    StoredTenant tenant;
    tenant.tenant = id;
    tenant.spec = detail::ToTenantRow(id, results[begin + 1][0]).spec;
    for (const pg::Row channel : results[begin + 2])
        tenant.channels.push_back(detail::ToStoredChannel(channel));
    for (const pg::Row key : results[begin + 3]) tenant.keys.push_back(ToKey(key));
    if (wanted.secrets) SetSecrets(results[next++], tenant.channels);
    if (!wanted.rows) return tenant;
    ReadRows<AgentSpec>(results[next++], tenant.rows);
    ReadRows<TeamSpec>(results[next++], tenant.rows);
    ReadRows<LabelSpec>(results[next++], tenant.rows);
    ReadRows<AttributeSpec>(results[next++], tenant.rows);
    ReadRows<CannedReplySpec>(results[next++], tenant.rows);
    ReadRows<WebhookEndpointSpec>(results[next++], tenant.rows);
    tenant.team_members = ToMembers(results[next++]);
    tenant.channel_members = ToMembers(results[next++]);
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

Result<std::vector<AdminSession::FoundTenant>> AdminSession::FindTenants(
    const std::vector<WantedTenant>& wanted
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(*session_, pg::Access::kReadOnly));
    std::vector<FoundTenant> found;
    for (std::size_t at = 0; at < wanted.size(); at += kKeysPerStatement) {
        std::vector<std::string> slugs;
        for (std::size_t i = at; i < std::min(wanted.size(), at + kKeysPerStatement); ++i) {
            slugs.push_back(wanted[i].slug);
        }
        pg::Params params;
        params.AddArray(slugs);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kFindTenants, params));
        for (const pg::Row row : rows) {
            const auto place = at + static_cast<std::size_t>(row.Int64(0)) - 1;
            found.push_back({&wanted[place], row.Tenant(1)});
        }
    }
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return found;
}

Result<std::vector<StoredTenant>> AdminSession::ReadTenants(
    const std::vector<WantedTenant>& wanted, const Progress& progress
) {
    UNIBOX_ASSIGN_OR_RETURN(const auto found, FindTenants(wanted));
    std::vector<StoredTenant> tenants;
    tenants.reserve(found.size());
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::WriterTx::Begin(*session_));
    while (tenants.size() < found.size()) {
        const std::size_t begin = tenants.size();
        const std::size_t end = std::min(found.size(), begin + kTenantsPerRoundTrip);
        for (std::size_t i = begin; i < end; ++i) {
            UNIBOX_RETURN_IF_ERROR(SendReads(tx, found[i].tenant, *found[i].wanted));
        }
        UNIBOX_ASSIGN_OR_RETURN(const auto results, tx.Sync());
        std::size_t next = 0;
        for (std::size_t i = begin; i < end; ++i) {
            auto tenant = ToTenant(found[i].tenant, *found[i].wanted, results, next);
            if (!tenant) {
                return Internal(
                    "the directory knows a tenant that does not exist: " + found[i].wanted->slug
                );
            }
            tenants.push_back(std::move(*tenant));
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
