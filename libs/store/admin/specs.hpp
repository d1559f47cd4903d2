// What administration says of the rows of rows.hpp, and what it may say.
// Thread safety: values and pure functions.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "unibox/v1/admin.pb.h"
#include "unibox/v1/agent.pb.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unibox::store {

inline constexpr std::size_t kNameBytesMax = 63;
inline constexpr std::size_t kDisplayNameBytesMax = 512;
inline constexpr std::size_t kExternalIdBytesMax = 255;
inline constexpr std::size_t kRouteBytesMax = 256;
inline constexpr std::size_t kUrlBytesMax = 2'048;
inline constexpr std::size_t kLabelBytesMax =
    64;  // As commands take them, also keys of attributes.
inline constexpr std::size_t kReplyBytesMax = 64 * 1024;
inline constexpr std::size_t kOptionBytesMax = 1'024;
inline constexpr std::size_t kOptionCountMax = 100;
inline constexpr std::size_t kEventCountMax = 32;
inline constexpr std::int32_t kReopenWindowSMax = 365 * 86'400;
inline constexpr std::int32_t kIngestRateMax = 1'000'000;
inline constexpr std::int32_t kIngestBurstMax = 10'000'000;
inline constexpr std::int32_t kRetentionDaysMax = 36'500;

// 1 to 63 of a-z, 0-9, '-' and '_': names of tenants, channels, keys, teams.
bool IsName(std::string_view text);
inline constexpr std::string_view kNameRule = "must be 1 to 63 of a-z, 0-9, '-' and '_'";

struct AgentSpec {
    std::string external_id;  // As the tenant's identity provider calls the person; never changes.
    std::string name;
    std::string email;
    v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
    bool disabled = false;
    bool operator==(const AgentSpec&) const = default;
};
struct TeamSpec {
    std::string slug;  // Never changes.
    std::string name;
    bool disabled = false;
    bool operator==(const TeamSpec&) const = default;
};
// Of a key that is there: CreateApiKey makes one.
struct ApiKeySettings {
    std::string name;  // Never changes.
    std::vector<std::string> scopes;
    bool disabled = false;  // Revoked, for ever.
    bool operator==(const ApiKeySettings&) const = default;
};
struct LabelSpec {
    std::string name;  // Never changes.
    std::string color;
    std::string description;
    bool operator==(const LabelSpec&) const = default;
};
struct AttributeSpec {
    std::string name;  // Never changes.
    std::string display_name;
    v1::AttributeType type = v1::ATTRIBUTE_TYPE_UNSPECIFIED;
    std::vector<std::string> options;
    bool operator==(const AttributeSpec&) const = default;
};
struct CannedReplySpec {
    std::string slug;  // Never changes.
    std::string text;
    bool operator==(const CannedReplySpec&) const = default;
};
struct WebhookEndpointSpec {
    std::string slug;  // Never changes.
    std::string url;   // Whether it may be called is for who calls it.
    std::vector<std::string> events;
    // WebhookSealingContext, the newest first; two at most.
    std::vector<std::string> sealed_secrets;
    bool disabled = false;
    bool operator==(const WebhookEndpointSpec&) const = default;
};

// The additional data that secrets are sealed with.
std::string ChannelSealingContext(const ChannelId& channel);
std::string WebhookSealingContext(const Uuid& endpoint);

struct ChannelSpec;  // objects.hpp
struct TenantSpec;

// Everything that is wrong with it, in the order of its fields: the rules of the API and of
// tenants.yaml alike. Each INVALID_ARGUMENT, whose field() is that of unibox.v1's message and
// begins its text.
using Faults = std::vector<Status>;
Faults FaultsOf(const TenantSpec& spec);
Faults FaultsOf(const ChannelSpec& spec);
Faults FaultsOf(const AgentSpec& spec);
Faults FaultsOf(const TeamSpec& spec);
Faults FaultsOf(const ApiKeySettings& spec);
Faults FaultsOf(const LabelSpec& spec);
Faults FaultsOf(const AttributeSpec& spec);
Faults FaultsOf(const CannedReplySpec& spec);
// Of its secrets nothing.
Faults FaultsOf(const WebhookEndpointSpec& spec);
// The first of them.
template <typename Spec>
Status CheckSpec(const Spec& spec) {
    Faults faults = FaultsOf(spec);
    return faults.empty() ? Status() : std::move(faults.front());
}
// UTF-8 without control characters, of so many bytes.
Status CheckText(
    std::string_view field, std::string_view text, std::size_t bytes_min, std::size_t bytes_max
);

}  // namespace unibox::store
