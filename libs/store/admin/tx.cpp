// The writing half of session.hpp.
#include "base/clock.hpp"
#include "pg/sqlstate.hpp"
#include "store/admin/detail/member_sql.hpp"
#include "store/admin/detail/object_sql.hpp"
#include "store/admin/detail/row_tables.hpp"
#include "store/admin/detail/stored_channels.hpp"
#include "store/admin/session.hpp"

#include <utility>

namespace unibox::store {
namespace {

constexpr std::size_t kStatementsPerRoundTrip = 500;

Uuid NewId() {
    return NewUuidV7(SystemClock().UnixMillis());
}

std::optional<pg::Bytes> AsBytes(const std::optional<std::string>& value) {
    return value ? std::optional(pg::Bytes{*value}) : std::nullopt;
}

Status ChangedMeanwhile() {
    return Status(
               Code::kAborted,
               "something else changed the same tenants, channels, apps or keys meanwhile"
    )
        .WithReason("CHANGED_MEANWHILE");
}

}  // namespace

Status AdminTx::Send(const pg::Statement& statement, const pg::Params& params, Expected expected) {
    UNIBOX_RETURN_IF_ERROR(tx_.Send(statement, params));
    expected_.push_back(std::move(expected));
    return expected_.size() < kStatementsPerRoundTrip ? Status() : Flush();
}

Status AdminTx::Flush() {
    const auto results = tx_.Sync();
    if (results.ok()) return Check(*results);
    const bool is_conflict = results.status().code() == Code::kAlreadyExists;  // A unique index's.
    return is_conflict ? ChangedMeanwhile() : results.status();
}

Status AdminTx::Check(const std::vector<pg::Rows>& results) {
    const auto expected = std::exchange(expected_, {});
    for (std::size_t i = 0; i < expected.size(); ++i) {
        bool as_expected = !expected[i].one_row || results[i].affected() == 1;
        if (const auto& holder = expected[i].holder) {
            as_expected = !results[i].empty() && results[i][0].Tenant(0) == holder->tenant &&
                          results[i][0].GetUuid(1) == holder->object;
        }
        if (expected[i].as_read) {
            as_expected = !results[i].empty() && expected[i].as_read(results[i][0]);
        }
        if (as_expected) continue;
        tx_.Rollback();
        return ChangedMeanwhile();
    }
    return {};
}

Status AdminTx::Write(const AppWrite& app) {
    const auto params = pg::Params::Of(
        app.app_id, app.spec.slug, app.spec.provider, AsBytes(app.verify_token_sealed)
    );
    if (app.change == Change::kCreated) {
        UNIBOX_RETURN_IF_ERROR(Send(detail::kInsertApp, params, {true, {}, {}}));
    } else if (app.change == Change::kUpdated) {
        UNIBOX_RETURN_IF_ERROR(Send(detail::kUpdateApp, params));
    }
    if (!app.secret) return {};
    const pg::Bytes fingerprint{app.secret->fingerprint};
    const auto same = pg::Params::Of(app.app_id, fingerprint);
    UNIBOX_RETURN_IF_ERROR(Send(detail::kDropSameAppSecret, same));
    const auto overlap = pg::Params::Of(app.app_id, overlap_time_.count());
    UNIBOX_RETURN_IF_ERROR(Send(detail::kExpireAppSecrets, overlap));
    const pg::Bytes sealed{app.secret->sealed};
    const auto row = pg::Params::Of(app.app_id, NewId(), sealed, fingerprint);
    return Send(detail::kInsertAppSecret, row);
}

Status AdminTx::Release(const ChannelWrite& channel) {
    const ChannelSpec& spec = channel.spec;
    if (!channel.old_route_key.empty() && channel.old_route_key != spec.route_key) {
        const auto old = pg::Params::Of(
            detail::Number(spec.provider), channel.old_route_key, channel.tenant, channel.channel
        );
        UNIBOX_RETURN_IF_ERROR(Send(detail::kDropRoute, old));
    }
    if (channel.old_token_hash.empty() || spec.token_hash == channel.old_token_hash) return {};
    const pg::Bytes hash{channel.old_token_hash};
    return Send(detail::kDropToken, pg::Params::Of(hash, channel.tenant, channel.channel));
}

Status AdminTx::Write(const TenantWrite& tenant) {
    const TenantSpec& spec = tenant.spec;
    const auto as_tenant = pg::Params::Of(tenant.tenant.ToString());
    UNIBOX_RETURN_IF_ERROR(Send(detail::kAsTenant, as_tenant));
    if (tenant.change == Change::kCreated) {
        const auto slug = pg::Params::Of(spec.slug, tenant.tenant);
        UNIBOX_RETURN_IF_ERROR(Send(detail::kClaimSlug, slug, {true, {}, {}}));
        return Send(detail::kInsertTenant, detail::TenantParams(tenant.tenant, spec));
    }
    if (tenant.change == Change::kUnchanged) return {};
    if (tenant.before) {
        const auto as_read = [id = tenant.tenant, before = *tenant.before](const pg::Row& row) {
            return detail::ToTenantRow(id, row).spec == before;
        };
        const auto key = pg::Params::Of(tenant.tenant);
        UNIBOX_RETURN_IF_ERROR(Send(detail::kLockTenant, key, {false, {}, as_read}));
    }
    return Send(detail::kUpdateTenant, detail::TenantParams(tenant.tenant, spec));
}

Status AdminTx::EnterChannel(const ChannelWrite& channel) {
    const ChannelSpec& spec = channel.spec;
    const Expected ours{false, Holder{channel.tenant, channel.channel.value}, {}};
    if (!spec.route_key.empty() && spec.route_key != channel.old_route_key) {
        const auto route = pg::Params::Of(
            detail::Number(spec.provider), spec.route_key, channel.tenant, channel.channel
        );
        UNIBOX_RETURN_IF_ERROR(Send(detail::kClaimRoute, route, ours));
    }
    if (!spec.token_hash || *spec.token_hash == channel.old_token_hash) return {};
    const auto token = pg::Params::Of(pg::Bytes{*spec.token_hash}, channel.tenant, channel.channel);
    return Send(detail::kClaimToken, token, ours);
}

Status AdminTx::ExpectAsRead(const ChannelWrite& channel) {
    if (!channel.before) return {};
    const auto as_read = [before = *channel.before](const pg::Row& row) {
        return detail::ToStoredChannel(row).spec == before;
    };
    const auto key = pg::Params::Of(channel.tenant, channel.channel);
    return Send(detail::kLockStoredChannel, key, {false, {}, as_read});
}

Status AdminTx::Write(const ChannelWrite& channel) {
    const ChannelSpec& spec = channel.spec;
    const auto key = pg::Params::Of(channel.tenant, channel.channel);
    if (channel.change == Change::kCreated) {
        auto row = key;
        row.Add(spec.slug).Add(spec.name).Add(detail::Number(spec.provider)).Add(spec.route_key);
        row.Add(AsBytes(spec.token_hash)).Add(spec.public_base_url).Add(spec.reopen_window_s);
        row.Add(spec.settings_json).Add(spec.disabled).Add(spec.app_id);
        UNIBOX_RETURN_IF_ERROR(Send(detail::kInsertChannel, row));
    } else if (channel.change == Change::kUpdated) {
        UNIBOX_RETURN_IF_ERROR(ExpectAsRead(channel));
        auto row = key;
        row.Add(spec.name).Add(spec.route_key).Add(AsBytes(spec.token_hash));
        row.Add(spec.public_base_url).Add(spec.reopen_window_s).Add(spec.settings_json);
        row.Add(spec.disabled).Add(spec.app_id);
        UNIBOX_RETURN_IF_ERROR(Send(detail::kUpdateChannel, row));
    }
    UNIBOX_RETURN_IF_ERROR(EnterChannel(channel));
    if (!channel.secret) return {};
    const pg::Bytes fingerprint{channel.secret->fingerprint};
    if (channel.change != Change::kCreated) {
        auto same = key;
        UNIBOX_RETURN_IF_ERROR(Send(detail::kDropSameSecret, same.Add(fingerprint)));
        auto overlap = key;
        UNIBOX_RETURN_IF_ERROR(Send(detail::kExpireSecrets, overlap.Add(overlap_time_.count())));
    }
    auto row = key;
    row.Add(NewId()).Add(pg::Bytes{channel.secret->sealed}).Add(fingerprint);
    return Send(detail::kInsertSecret, row);
}

Status AdminTx::Write(const KeyWrite& key) {
    const pg::Bytes hash{key.spec.key_hash};
    if (key.change == Change::kCreated) {
        const auto entry = pg::Params::Of(hash, key.tenant, key.key_id);
        UNIBOX_RETURN_IF_ERROR(Send(detail::kEnterKey, entry, {true, {}, {}}));
        auto row = pg::Params::Of(key.tenant, key.key_id, key.spec.name, hash);
        return Send(detail::kInsertKey, row.AddArray(key.spec.scopes));
    }
    if (key.change == Change::kUnchanged) return {};
    auto row = pg::Params::Of(key.tenant, key.key_id);
    if (key.revoke) UNIBOX_RETURN_IF_ERROR(Send(detail::kRevokeKey, row));
    return Send(detail::kUpdateKey, row.AddArray(key.spec.scopes));
}

template <typename Spec>
Status AdminTx::Write(const RowWrite<Spec>& row) {
    if (row.change == Change::kUnchanged) return {};
    const detail::RowStatements& sql = detail::RowTable<Spec>::kSql;
    const Expected one{true, {}, {}};
    const auto key = pg::Params::Of(row.tenant, row.id);
    if (row.before) {
        const auto as_read = [before = *row.before](const pg::Row& stored) {
            return detail::ToStored<Spec>(stored).spec == before;
        };
        UNIBOX_RETURN_IF_ERROR(Send(sql.lock, key, {false, {}, as_read}));
    }
    if (row.remove) return Send(sql.remove, key, one);
    const bool is_new = row.change == Change::kCreated;
    return Send(
        is_new ? sql.insert : sql.update, detail::ParamsOf(row.tenant, row.id, row.spec), one
    );
}
template Status AdminTx::Write(const RowWrite<AgentSpec>&);
template Status AdminTx::Write(const RowWrite<TeamSpec>&);
template Status AdminTx::Write(const RowWrite<LabelSpec>&);
template Status AdminTx::Write(const RowWrite<AttributeSpec>&);
template Status AdminTx::Write(const RowWrite<CannedReplySpec>&);
template Status AdminTx::Write(const RowWrite<WebhookEndpointSpec>&);

Status AdminTx::Write(const MemberWrite& member) {
    const bool of_team = member.kind == GroupKind::kTeam;
    const detail::MemberStatements& sql = of_team ? detail::kTeamMembers : detail::kChannelMembers;
    const auto row = pg::Params::Of(member.tenant, member.member.group, member.member.agent);
    return Send(member.remove ? sql.remove : sql.add, row);
}

Status AdminTx::Commit() {
    UNIBOX_RETURN_IF_ERROR(Flush());
    return tx_.Commit().status();
}

}  // namespace unibox::store
