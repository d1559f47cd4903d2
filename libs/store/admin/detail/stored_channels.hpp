// Channels as session.hpp reads them. Private to libs/store. Thread safety: constants, a pure
// function.
#pragma once

#include "pg/transaction.hpp"
#include "store/admin/session.hpp"
#include "store/directory/detail/numbers.hpp"

namespace unibox::store::detail {

#define UNIBOX_READ_CHANNELS                                                                 \
    "SELECT c.channel_id, c.slug, c.name, c.provider, c.route_key, c.token_hash, "           \
    "c.public_base_url, c.reopen_window_s, c.settings::text, c.disabled_at IS NOT NULL, "    \
    "c.app_id, "                                                                             \
    "coalesce((SELECT s.fingerprint FROM channel_secrets s WHERE s.tenant_id = c.tenant_id " \
    "AND s.channel_id = c.channel_id AND s.expires_at = 'infinity' "                         \
    "ORDER BY s.created_at DESC, s.secret_id DESC LIMIT 1), '') "                            \
    "FROM channels c WHERE c.tenant_id = $1"
inline constexpr pg::Statement kReadTenantChannels{"admin_read_channels", UNIBOX_READ_CHANNELS};
inline constexpr pg::Statement kLockStoredChannel{
    "admin_lock_stored_channel", UNIBOX_READ_CHANNELS " AND c.channel_id = $2 FOR UPDATE OF c"};
#undef UNIBOX_READ_CHANNELS

inline StoredChannel ToStoredChannel(const pg::Row& row) {
    StoredChannel channel;
    channel.channel = row.GetId<ChannelId>(0);
    channel.spec.slug = row.Text(1);
    channel.spec.name = row.Text(2);
    channel.spec.provider = ToProvider(row.Int16(3));
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

}  // namespace unibox::store::detail
