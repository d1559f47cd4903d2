// Keys and rows turned into arrays, one for each column, as unnest takes them. Private to store.
// Thread safety: values.
#pragma once

#include "domain/inbox_keys.hpp"
#include "pg/params.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace unibox::store::detail {

// (tenant_id, channel_id, text) keys: contacts and threads.
struct TextKeyArrays {
    std::vector<std::int64_t> tenants;
    std::vector<ChannelId> channels;
    std::vector<std::string_view> texts;

    void Add(TenantId tenant, const ChannelId& channel, std::string_view text) {
        tenants.push_back(tenant.value);
        channels.push_back(channel);
        texts.push_back(text);
    }
    void AddTo(pg::Params& params) const {
        params.AddArray(tenants).AddArray(channels).AddArray(texts);
    }
};

// (tenant_id, channel_id, event_key) keys: ext_ref and parked events.
struct EventRefArrays {
    std::vector<std::int64_t> tenants;
    std::vector<ChannelId> channels;
    std::vector<EventKey> keys;

    void Add(const domain::EventRef& ref) {
        tenants.push_back(ref.tenant.value);
        channels.push_back(ref.channel);
        keys.push_back(ref.key);
    }
    void AddTo(pg::Params& params) const {
        params.AddArray(tenants).AddArray(channels).AddArray(keys);
    }
};

inline pg::TimestampMs Time(std::int64_t unix_ms) {
    return pg::TimestampMs{unix_ms};
}
inline std::optional<pg::TimestampMs> Time(const std::optional<std::int64_t>& unix_ms) {
    if (!unix_ms) return std::nullopt;
    return pg::TimestampMs{*unix_ms};
}

// Views of `values`, which must outlive the call that adds them to parameters.
inline std::vector<pg::Bytes> AsBytes(const std::vector<std::string>& values) {
    std::vector<pg::Bytes> bytes;
    bytes.reserve(values.size());
    for (const std::string& value : values) bytes.push_back(pg::Bytes{value});
    return bytes;
}

// A text[] as PostgreSQL writes it ({"a","b"}): unnest would flatten an array of arrays, so lists
// of texts travel in this form and are cast in the SQL.
std::string TextArrayLiteral(const std::vector<std::string>& values);

}  // namespace unibox::store::detail
