#include "store/admin/objects.hpp"

#include "base/clock.hpp"
#include "pg/transaction.hpp"
#include "store/admin/detail/object_sql.hpp"
#include "store/directory/lookups.hpp"

namespace unibox::store {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace)

constexpr pg::Statement kFindSlug{
    "admin_find_slug",
    "SELECT tenant FROM directory WHERE kind = " UNIBOX_KIND_SLUG
    " AND key_hash = sha256(convert_to($1, 'UTF8'))"};
constexpr pg::Statement kNewTenantId{"admin_new_tenant", "SELECT nextval('tenant_ids')"};
constexpr pg::Statement kListTenants{
    "admin_list_tenants",
    "SELECT tenant FROM directory WHERE kind = " UNIBOX_KIND_SLUG
    " AND tenant > $1 ORDER BY tenant LIMIT $2"};

constexpr pg::Statement kLockChannel{
    "admin_lock_channel",
    "SELECT channel_id, provider, route_key, token_hash FROM channels "
    "WHERE tenant_id = $1 AND slug = $2 FOR UPDATE"};
#define UNIBOX_CHANNEL_COLUMNS                                                             \
    "SELECT t.slug, c.channel_id, c.slug, c.name, c.provider, c.route_key, c.token_hash, " \
    "c.public_base_url, c.reopen_window_s, c.settings::text, c.disabled_at IS NOT NULL, "  \
    "(SELECT count(*) FROM channel_secrets s WHERE s.tenant_id = c.tenant_id "             \
    "AND s.channel_id = c.channel_id AND s.expires_at > now())::int, c.app_id, "           \
    "coalesce(a.slug, ''), c.created_at, c.disabled_at "                                   \
    "FROM channels c JOIN tenants t ON t.tenant_id = c.tenant_id "                         \
    "LEFT JOIN provider_apps a ON a.app_id = c.app_id WHERE c.tenant_id = $1 "
constexpr pg::Statement kListChannels{
    "admin_list_channels",
    UNIBOX_CHANNEL_COLUMNS "AND ($2::text IS NULL OR c.slug = $2) ORDER BY c.slug"};
constexpr pg::Statement kListChannelPage{
    "admin_list_channel_page",
    UNIBOX_CHANNEL_COLUMNS "AND c.channel_id > $2 ORDER BY c.channel_id LIMIT $3"};
constexpr pg::Statement kGetChannel{
    "admin_get_channel", UNIBOX_CHANNEL_COLUMNS "AND c.channel_id = $2"};
constexpr pg::Statement kLockChannelRow{
    "admin_lock_channel_row", UNIBOX_CHANNEL_COLUMNS "AND c.channel_id = $2 FOR UPDATE OF c"};

Result<std::optional<TenantId>> TenantOfSlug(pg::Pool& pool, std::string_view slug) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kFindSlug, pg::Params::Of(slug)));
    return rows.empty() ? std::nullopt : std::optional(rows[0].Tenant(0));
}

// ALREADY_EXISTS if the directory leads from the key to another object than ours.
Status CheckClaim(const pg::Rows& rows, TenantId tenant, ChannelId channel, std::string_view what) {
    const bool is_ours =
        !rows.empty() && rows[0].Tenant(0) == tenant && rows[0].GetId<ChannelId>(1) == channel;
    if (is_ours) return {};
    return Status(Code::kAlreadyExists, std::string(what) + " belongs to another channel")
        .WithField(what);
}

Result<Change> UpdateTenant(pg::Pool& pool, TenantId tenant, const TenantSpec& spec) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kUpdateTenant, TenantParams(tenant, spec))
    );
    return rows.affected() == 0 ? Change::kUnchanged : Change::kUpdated;
}

// Nothing if someone else took the slug meanwhile.
Result<std::optional<TenantId>> InsertTenant(pg::Pool& pool, const TenantSpec& spec) {
    TenantId tenant;
    {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kNewTenantId, {}));
        tenant = rows[0].Tenant(0);
    }
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto claimed, tx.Execute(kClaimSlug, pg::Params::Of(spec.slug, tenant))
    );
    if (claimed.affected() == 0) return std::optional<TenantId>();
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteAndCommit(kInsertTenant, TenantParams(tenant, spec)).status());
    return std::optional(tenant);
}

// What a channel had before a Put.
struct ChannelBefore {
    ChannelId channel;
    std::string route_key;
    std::optional<std::string> token_hash;
};

// Moves the directory's entries from what the channel had to what it gets.
Status EnterChannel(
    pg::TenantTx& tx,
    TenantId tenant,
    ChannelId channel,
    const ChannelSpec& spec,
    const std::optional<ChannelBefore>& before
) {
    if (before && !before->route_key.empty() && before->route_key != spec.route_key) {
        const auto old =
            pg::Params::Of(detail::Number(spec.provider), before->route_key, tenant, channel);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kDropRoute, old).status());
    }
    if (before && before->token_hash && spec.token_hash && before->token_hash != spec.token_hash) {
        const auto old = pg::Params::Of(pg::Bytes{*before->token_hash}, tenant, channel);
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kDropToken, old).status());
    }
    if (!spec.route_key.empty()) {
        const auto route =
            pg::Params::Of(detail::Number(spec.provider), spec.route_key, tenant, channel);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kClaimRoute, route));
        UNIBOX_RETURN_IF_ERROR(CheckClaim(rows, tenant, channel, "route_key"));
    }
    if (spec.token_hash) {
        const auto token = pg::Params::Of(pg::Bytes{*spec.token_hash}, tenant, channel);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kClaimToken, token));
        UNIBOX_RETURN_IF_ERROR(CheckClaim(rows, tenant, channel, "token"));
    }
    return {};
}

std::optional<pg::Bytes> AsBytes(const std::optional<std::string>& value) {
    return value ? std::optional(pg::Bytes{*value}) : std::nullopt;
}

Result<Change> InsertChannel(
    pg::TenantTx& tx, TenantId tenant, ChannelId channel, const ChannelSpec& spec
) {
    const auto params = pg::Params::Of(
        tenant,
        channel,
        spec.slug,
        spec.name,
        detail::Number(spec.provider),
        spec.route_key,
        AsBytes(spec.token_hash),
        spec.public_base_url,
        spec.reopen_window_s,
        spec.settings_json,
        spec.disabled,
        spec.app_id
    );
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kInsertChannel, params).status());
    return Change::kCreated;
}

Result<Change> UpdateChannel(
    pg::TenantTx& tx, TenantId tenant, const ChannelBefore& before, const ChannelSpec& spec
) {
    const auto params = pg::Params::Of(
        tenant,
        before.channel,
        spec.name,
        spec.route_key,
        AsBytes(spec.token_hash ? spec.token_hash : before.token_hash),
        spec.public_base_url,
        spec.reopen_window_s,
        spec.settings_json,
        spec.disabled,
        spec.app_id
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kUpdateChannel, params));
    return rows.affected() == 0 ? Change::kUnchanged : Change::kUpdated;
}

Result<std::optional<ChannelBefore>> LockChannel(
    pg::TenantTx& tx, TenantId tenant, const ChannelSpec& spec
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.Execute(kLockChannel, pg::Params::Of(tenant, spec.slug))
    );
    if (rows.empty()) return std::optional<ChannelBefore>();
    if (detail::ToProvider(rows[0].Int16(1)) != spec.provider) {
        return FailedPrecondition("channel " + spec.slug + " has another provider")
            .WithField("provider");
    }
    ChannelBefore before{rows[0].GetId<ChannelId>(0), std::string(rows[0].Text(2)), {}};
    if (!rows[0].IsNull(3)) before.token_hash = rows[0].GetBytes(3);
    return std::optional(before);
}

ChannelRow ToChannelRow(TenantId tenant, const pg::Row& row) {
    ChannelRow channel;
    channel.tenant = tenant;
    channel.tenant_slug = row.Text(0);
    channel.channel = row.GetId<ChannelId>(1);
    channel.spec.slug = row.Text(2);
    channel.spec.name = row.Text(3);
    channel.spec.provider = detail::ToProvider(row.Int16(4));
    channel.spec.route_key = row.Text(5);
    if (!row.IsNull(6)) channel.spec.token_hash = row.GetBytes(6);
    channel.spec.public_base_url = row.Text(7);
    channel.spec.reopen_window_s = row.Int32(8);
    channel.spec.settings_json = row.Text(9);
    channel.spec.disabled = row.Bool(10);
    channel.live_secret_count = row.Int32(11);
    if (!row.IsNull(12)) channel.spec.app_id = row.GetUuid(12);
    channel.app_slug = row.Text(13);
    channel.created_at_ms = row.Timestamp(14).unix_ms;
    if (const auto disabled = row.OptionalTimestamp(15)) channel.disabled_at_ms = disabled->unix_ms;
    return channel;
}

Result<std::vector<ChannelRow>> ReadChannels(
    pg::Pool& pool, TenantId tenant, const std::optional<std::string>& slug
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kListChannels, pg::Params::Of(tenant, slug))
    );
    std::vector<ChannelRow> channels;
    for (const pg::Row row : rows) channels.push_back(ToChannelRow(tenant, row));
    return channels;
}

Status NoChannel() {
    return NotFound("no such channel");
}

// ALREADY_EXISTS with the id of the channel that has the name.
Status NameTaken(const Administration& administration, TenantId tenant, const std::string& slug) {
    Status taken = Status(Code::kAlreadyExists, "the name has a channel already").WithField("name");
    const auto found = ReadChannels(administration.pool, tenant, slug);
    if (!found.ok() || found->empty()) return taken;
    return std::move(taken).WithMetadata("id", found->front().channel.ToString());
}

}  // namespace

Result<TenantPut> PutTenant(pg::Pool& pool, const TenantSpec& spec) {
    if (spec.slug.empty()) return InvalidArgument("empty").WithField("slug");
    for (int attempt = 0; attempt < 3; ++attempt) {
        UNIBOX_ASSIGN_OR_RETURN(const auto found, TenantOfSlug(pool, spec.slug));
        if (found) {
            UNIBOX_ASSIGN_OR_RETURN(const Change change, UpdateTenant(pool, *found, spec));
            return TenantPut{*found, change};
        }
        UNIBOX_ASSIGN_OR_RETURN(const auto inserted, InsertTenant(pool, spec));
        if (inserted) return TenantPut{*inserted, Change::kCreated};
    }
    return Status(Code::kAborted, "tenant " + spec.slug + " comes and goes");
}

Result<TenantRow> FindTenant(pg::Pool& pool, std::string_view slug) {
    UNIBOX_ASSIGN_OR_RETURN(const auto tenant, TenantOfSlug(pool, slug));
    if (!tenant) return NotFound("no tenant " + std::string(slug));
    return GetTenant(pool, *tenant);
}

Result<TenantRow> GetTenant(const Administration& administration, TenantId tenant) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kGetTenant, pg::Params::Of(tenant))
    );
    if (rows.empty()) return NotFound("no such tenant");
    return ToTenantRow(tenant, rows[0]);
}

Result<TenantRow> ChangeTenant(
    const Administration& administration,
    TenantId tenant,
    const std::function<Status(TenantRow&)>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kLockTenant, pg::Params::Of(tenant)));
    if (rows.empty()) return NotFound("no such tenant");
    TenantRow row = ToTenantRow(tenant, rows[0]);
    UNIBOX_RETURN_IF_ERROR(change(row));
    const auto params = TenantParams(tenant, row.spec);
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteAndCommit(kUpdateTenant, params).status());
    return row;
}

Result<std::vector<TenantRow>> ListTenants(pg::Pool& pool, TenantId after, std::int32_t count_max) {
    std::vector<TenantId> ids;
    {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
        const auto params = pg::Params::Of(after, count_max);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kListTenants, params));
        for (const pg::Row row : rows) ids.push_back(row.Tenant(0));
    }
    std::vector<TenantRow> tenants;
    for (const TenantId id : ids) {
        UNIBOX_ASSIGN_OR_RETURN(auto tenant, GetTenant(pool, id));
        tenants.push_back(std::move(tenant));
    }
    return tenants;
}

Result<ChannelPut> PutChannel(pg::Pool& pool, TenantId tenant, const ChannelSpec& spec) {
    if (spec.slug.empty()) return InvalidArgument("empty").WithField("slug");
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(const auto found, tx.Execute(kGetTenant, pg::Params::Of(tenant)));
    if (found.empty()) return NotFound("no tenant " + tenant.ToString());
    UNIBOX_ASSIGN_OR_RETURN(const auto before, LockChannel(tx, tenant, spec));
    const ChannelId channel =
        before ? before->channel : ChannelId{NewUuidV7(SystemClock().UnixMillis())};
    UNIBOX_ASSIGN_OR_RETURN(
        const Change change,
        before ? UpdateChannel(tx, tenant, *before, spec) : InsertChannel(tx, tenant, channel, spec)
    );
    UNIBOX_RETURN_IF_ERROR(EnterChannel(tx, tenant, channel, spec, before));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return ChannelPut{channel, change};
}

Status CreateChannel(
    const Administration& administration,
    TenantId tenant,
    ChannelId channel,
    const ChannelSpec& spec,
    const std::optional<NewSecret>& secret
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto made = InsertChannel(tx, tenant, channel, spec);
    if (made.status().code() == Code::kAlreadyExists) {
        return NameTaken(administration, tenant, spec.slug);
    }
    UNIBOX_RETURN_IF_ERROR(made.status());
    UNIBOX_RETURN_IF_ERROR(EnterChannel(tx, tenant, channel, spec, {}));
    if (secret) {
        const auto row = pg::Params::Of(
            tenant,
            channel,
            NewUuidV7(SystemClock().UnixMillis()),
            pg::Bytes{secret->sealed},
            pg::Bytes{secret->fingerprint}
        );
        UNIBOX_RETURN_IF_ERROR(tx.Execute(kInsertSecret, row).status());
    }
    return tx.Commit();
}

Result<ChannelRow> ChangeChannel(
    const Administration& administration,
    TenantId tenant,
    ChannelId channel,
    const std::function<Status(ChannelRow&)>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto key = pg::Params::Of(tenant, channel);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.Execute(kLockChannelRow, key));
    if (rows.empty()) return NoChannel();
    ChannelRow row = ToChannelRow(tenant, rows[0]);
    const ChannelBefore before{channel, row.spec.route_key, row.spec.token_hash};
    UNIBOX_RETURN_IF_ERROR(change(row));
    UNIBOX_RETURN_IF_ERROR(UpdateChannel(tx, tenant, before, row.spec).status());
    UNIBOX_RETURN_IF_ERROR(EnterChannel(tx, tenant, channel, row.spec, before));
    UNIBOX_ASSIGN_OR_RETURN(const auto after, tx.Execute(kGetChannel, key));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return ToChannelRow(tenant, after[0]);
}

Result<ChannelRow> GetChannel(
    const Administration& administration, TenantId tenant, ChannelId channel
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kGetChannel, pg::Params::Of(tenant, channel))
    );
    if (rows.empty()) return NoChannel();
    return ToChannelRow(tenant, rows[0]);
}

Result<std::vector<ChannelRow>> ListChannelPage(
    const Administration& administration, TenantId tenant, ChannelId after, std::int32_t count_max
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginReading(administration, tenant));
    const auto page = pg::Params::Of(tenant, after, std::int64_t{count_max});
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kListChannelPage, page));
    std::vector<ChannelRow> channels;
    for (const pg::Row row : rows) channels.push_back(ToChannelRow(tenant, row));
    return channels;
}

Result<std::vector<ChannelRow>> ListChannels(pg::Pool& pool, TenantId tenant) {
    return ReadChannels(pool, tenant, std::nullopt);
}

Result<ChannelRow> FindChannelBySlug(pg::Pool& pool, TenantId tenant, std::string_view slug) {
    UNIBOX_ASSIGN_OR_RETURN(const auto channels, ReadChannels(pool, tenant, std::string(slug)));
    if (channels.empty()) return NotFound("no channel " + std::string(slug));
    return channels[0];
}

}  // namespace unibox::store
