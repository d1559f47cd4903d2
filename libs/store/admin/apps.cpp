// Secrets, API keys, provider apps and dead letters: the second half of objects.hpp.
#include "base/clock.hpp"
#include "pg/transaction.hpp"
#include "store/admin/detail/object_sql.hpp"
#include "store/admin/objects.hpp"

namespace unibox::store {
namespace {

using namespace detail;  // NOLINT(google-build-using-namespace)

constexpr pg::Statement kLockChannelById{
    "admin_lock_channel_id",
    "SELECT 1 FROM channels WHERE tenant_id = $1 AND channel_id = $2 FOR UPDATE"};
constexpr pg::Statement kNewestSecret{
    "admin_newest_secret",
    "SELECT fingerprint FROM channel_secrets WHERE tenant_id = $1 AND channel_id = $2 "
    "AND expires_at = 'infinity' ORDER BY created_at DESC, secret_id DESC LIMIT 1"};

constexpr pg::Statement kDropOldSecrets{
    "admin_drop_old_secrets",
    "DELETE FROM channel_secrets WHERE tenant_id = $1 AND channel_id = $2 "
    "AND expires_at < 'infinity'"};

constexpr pg::Statement kLockKey{
    "admin_lock_key",
    "SELECT key_id, revoked_at IS NOT NULL, key_hash FROM api_keys "
    "WHERE tenant_id = $1 AND name = $2 FOR UPDATE"};
constexpr pg::Statement kListKeys{
    "admin_list_keys",
    "SELECT key_id, name, scopes, revoked_at IS NOT NULL FROM api_keys WHERE tenant_id = $1 "
    "ORDER BY name"};

constexpr pg::Statement kFindApp{
    "admin_find_app",
    "SELECT app_id, slug, provider, disabled_at IS NOT NULL FROM provider_apps WHERE slug = $1"};
constexpr pg::Statement kLockApp{
    "admin_lock_app", "SELECT 1 FROM provider_apps WHERE app_id = $1 FOR UPDATE"};
constexpr pg::Statement kNewestAppSecret{
    "admin_newest_app_secret",
    "SELECT fingerprint FROM provider_app_secrets WHERE app_id = $1 AND expires_at = 'infinity' "
    "ORDER BY created_at DESC, secret_id DESC LIMIT 1"};

constexpr pg::Statement kListDead{
    "admin_list_dead",
    "SELECT id, generation, partition, stream_seq, event, sqlstate, error, created_at, "
    "replayed_at FROM dead_letter WHERE id > $1 AND ($3 OR replayed_at IS NULL) "
    "ORDER BY id LIMIT $2"};
constexpr pg::Statement kMarkReplayed{
    "admin_mark_replayed",
    "UPDATE dead_letter SET replayed_at = coalesce(replayed_at, now()) WHERE id = $1"};

Uuid NewId() {
    return NewUuidV7(SystemClock().UnixMillis());
}

// The newest secret is this one already.
bool IsNewest(const pg::Rows& newest, const NewSecret& secret) {
    return !newest.empty() && newest[0].GetBytes(0) == secret.fingerprint;
}

Change ChangeOf(const pg::Rows& before) {
    return before.empty() ? Change::kCreated : Change::kUpdated;
}

// Whether the key of this name may stay for what `spec` says.
Status CheckSameKey(const pg::Row& before, const ApiKeySpec& spec) {
    if (before.Bool(1)) {
        return FailedPrecondition("API key " + spec.name + " was revoked: use another name")
            .WithField("name");
    }
    if (spec.only_if_new || before.GetBytes(2) == spec.key_hash) return {};
    return FailedPrecondition(
               "API key " + spec.name + " has another key: use a new name and revoke this one"
    )
        .WithField("key");
}

Status EnterNewKey(pg::TenantTx& tx, TenantId tenant, const Uuid& key_id, const ApiKeySpec& spec) {
    const pg::Bytes hash{spec.key_hash};
    const auto entry = pg::Params::Of(hash, tenant, key_id);
    UNIBOX_ASSIGN_OR_RETURN(const auto entered, tx.Execute(kEnterKey, entry));
    if (entered.affected() == 0) {
        return Status(
                   Code::kAlreadyExists,
                   "this key is in use under another name or by another tenant: each needs its own"
        )
            .WithField("key");
    }
    pg::Params row = pg::Params::Of(tenant, key_id, spec.name, hash);
    Status inserted = tx.Execute(kInsertKey, row.AddArray(spec.scopes)).status();
    if (inserted.code() != Code::kAlreadyExists) return inserted;
    return Status(Code::kAlreadyExists, "the name has a key already, maybe a revoked one")
        .WithField("name");
}

DeadLetter ToDeadLetter(const pg::Row& row) {
    DeadLetter letter;
    letter.id = row.Int64(0);
    letter.generation = row.Int32(1);
    letter.partition = row.Int32(2);
    letter.stream_seq = row.Int64(3);
    letter.event = row.GetBytes(4);
    letter.sqlstate = row.Text(5);
    letter.error = row.Text(6);
    letter.created_at_ms = row.Timestamp(7).unix_ms;
    if (const auto replayed = row.OptionalTimestamp(8)) letter.replayed_at_ms = replayed->unix_ms;
    return letter;
}

}  // namespace

Result<Change> PutChannelSecret(
    const Administration& administration,
    TenantId tenant,
    ChannelId channel,
    const NewSecret& secret,
    Millis overlap_time
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto key = pg::Params::Of(tenant, channel);
    UNIBOX_ASSIGN_OR_RETURN(const auto locked, tx.Execute(kLockChannelById, key));
    if (locked.empty()) return NotFound("no such channel");
    UNIBOX_ASSIGN_OR_RETURN(const auto newest, tx.Execute(kNewestSecret, key));
    if (IsNewest(newest, secret)) return Change::kUnchanged;
    const pg::Bytes fingerprint{secret.fingerprint};
    const auto same = pg::Params::Of(tenant, channel, fingerprint);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kDropSameSecret, same).status());
    const auto overlap = pg::Params::Of(tenant, channel, overlap_time.count());
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kExpireSecrets, overlap).status());
    const auto row =
        pg::Params::Of(tenant, channel, NewId(), pg::Bytes{secret.sealed}, fingerprint);
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteAndCommit(kInsertSecret, row).status());
    return ChangeOf(newest);
}

Result<Change> DropOldChannelSecrets(
    const Administration& administration, TenantId tenant, ChannelId channel
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const auto key = pg::Params::Of(tenant, channel);
    UNIBOX_ASSIGN_OR_RETURN(const auto locked, tx.Execute(kLockChannelById, key));
    if (locked.empty()) return NotFound("no such channel");
    UNIBOX_ASSIGN_OR_RETURN(const auto dropped, tx.ExecuteAndCommit(kDropOldSecrets, key));
    return dropped.affected() == 0 ? Change::kUnchanged : Change::kUpdated;
}

Result<Uuid> CreateApiKey(
    const Administration& administration, TenantId tenant, const ApiKeySpec& spec
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, BeginWriting(administration, tenant));
    const Uuid key_id = NewId();
    UNIBOX_RETURN_IF_ERROR(EnterNewKey(tx, tenant, key_id, spec));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return key_id;
}

Result<Change> PutApiKey(pg::Pool& pool, TenantId tenant, const ApiKeySpec& spec) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto before, tx.Execute(kLockKey, pg::Params::Of(tenant, spec.name))
    );
    if (!before.empty()) {
        UNIBOX_RETURN_IF_ERROR(CheckSameKey(before[0], spec));
        pg::Params scopes = pg::Params::Of(tenant, before[0].GetUuid(0));
        scopes.AddArray(spec.scopes);
        UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kUpdateKey, scopes));
        return rows.affected() == 0 ? Change::kUnchanged : Change::kUpdated;
    }
    UNIBOX_RETURN_IF_ERROR(EnterNewKey(tx, tenant, NewId(), spec));
    UNIBOX_RETURN_IF_ERROR(tx.Commit());
    return Change::kCreated;
}

Result<std::vector<ApiKeyRow>> ListApiKeys(pg::Pool& pool, TenantId tenant) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadOnly));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kListKeys, pg::Params::Of(tenant))
    );
    std::vector<ApiKeyRow> keys;
    for (const pg::Row row : rows) {
        keys.push_back({row.GetUuid(0), std::string(row.Text(1)), row.TextArray(2), row.Bool(3)});
    }
    return keys;
}

Result<Change> RevokeApiKey(pg::Pool& pool, TenantId tenant, std::string_view name) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(const auto found, tx.Execute(kLockKey, pg::Params::Of(tenant, name)));
    if (found.empty()) return NotFound("there is no API key " + std::string(name));
    const auto key = pg::Params::Of(tenant, found[0].GetUuid(0));
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kRevokeKey, key));
    return rows.affected() == 1 ? Change::kUpdated : Change::kUnchanged;
}

Result<AppRow> FindApp(const Administration& administration, std::string_view slug) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx,
        pg::SystemTx::Begin(administration.pool, pg::Access::kReadOnly, administration.deadline)
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kFindApp, pg::Params::Of(slug)));
    if (rows.empty()) return NotFound("no provider app " + std::string(slug));
    const pg::Row row = rows[0];
    return AppRow{
        row.GetUuid(0), {std::string(row.Text(1)), std::string(row.Text(2))}, row.Bool(3)};
}

Result<Change> PutApp(
    pg::Pool& pool,
    Uuid app_id,
    const AppSpec& spec,
    const std::optional<std::string>& verify_token_sealed
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    std::optional<pg::Bytes> sealed;
    if (verify_token_sealed) sealed = pg::Bytes{*verify_token_sealed};
    const auto params = pg::Params::Of(app_id, spec.slug, spec.provider, sealed);
    UNIBOX_ASSIGN_OR_RETURN(const auto inserted, tx.Execute(kInsertApp, params));
    UNIBOX_ASSIGN_OR_RETURN(const auto updated, tx.ExecuteAndCommit(kUpdateApp, params));
    if (inserted.affected() == 1) return Change::kCreated;
    return updated.affected() == 1 ? Change::kUpdated : Change::kUnchanged;
}

Result<Change> PutAppSecret(
    pg::Pool& pool, Uuid app_id, const NewSecret& secret, Millis overlap_time
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(const auto locked, tx.Execute(kLockApp, pg::Params::Of(app_id)));
    if (locked.empty()) return NotFound("no such provider app");
    UNIBOX_ASSIGN_OR_RETURN(
        const auto newest, tx.Execute(kNewestAppSecret, pg::Params::Of(app_id))
    );
    if (IsNewest(newest, secret)) return Change::kUnchanged;
    const pg::Bytes fingerprint{secret.fingerprint};
    const auto same = pg::Params::Of(app_id, fingerprint);
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kDropSameAppSecret, same).status());
    const auto overlap = pg::Params::Of(app_id, overlap_time.count());
    UNIBOX_RETURN_IF_ERROR(tx.Execute(kExpireAppSecrets, overlap).status());
    const auto row = pg::Params::Of(app_id, NewId(), pg::Bytes{secret.sealed}, fingerprint);
    UNIBOX_RETURN_IF_ERROR(tx.ExecuteAndCommit(kInsertAppSecret, row).status());
    return ChangeOf(newest);
}

Result<std::vector<DeadLetter>> ListDeadLetters(
    pg::Pool& pool, std::int64_t after, std::int32_t count_max, bool with_replayed
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadOnly));
    const auto params = pg::Params::Of(after, count_max, with_replayed);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, tx.ExecuteAndCommit(kListDead, params));
    std::vector<DeadLetter> letters;
    for (const pg::Row row : rows) letters.push_back(ToDeadLetter(row));
    return letters;
}

Result<DeadLetter> GetDeadLetter(pg::Pool& pool, std::int64_t id) {
    UNIBOX_ASSIGN_OR_RETURN(const auto letters, ListDeadLetters(pool, id - 1, 1, true));
    if (letters.empty() || letters[0].id != id) {
        return NotFound("no dead letter " + std::to_string(id));
    }
    return letters[0];
}

Status MarkDeadLetterReplayed(pg::Pool& pool, std::int64_t id) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, pg::SystemTx::Begin(pool, pg::Access::kReadWrite));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, tx.ExecuteAndCommit(kMarkReplayed, pg::Params::Of(id))
    );
    return rows.affected() == 1 ? Status() : NotFound("no dead letter " + std::to_string(id));
}

}  // namespace unibox::store
