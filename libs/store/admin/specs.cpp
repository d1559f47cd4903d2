#include "store/admin/specs.hpp"

#include "base/utf8.hpp"
#include "domain/hook_url.hpp"
#include "domain/tenant_limits.hpp"
#include "http/fetch.hpp"
#include "net/public_address.hpp"
#include "store/admin/objects.hpp"

#include <algorithm>
#include <array>

namespace unibox::store {
namespace {

// Kinds of unibox.event.v1.FeedEvent that a tenant can be told of.
constexpr std::array<std::string_view, 8> kFeedKinds = {
    "message_created",
    "message_updated",
    "conversation_updated",
    "message_reacted",
    "message_delivered",
    "messages_delivered",
    "contact_updated",
    "contacts_merged"};

Status Wrong(std::string_view field, std::string_view text) {
    return InvalidArgument(std::string(field) + " " + std::string(text))
        .WithReason("VALUE_INVALID")
        .WithField(field);
}

Status CheckName(std::string_view field, std::string_view text) {
    return IsName(text) ? Status() : Wrong(field, kNameRule);
}

bool HasControls(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = Utf8SequenceLength(text);
        if (IsControlCharacter(text.substr(0, length))) return true;
        text.remove_prefix(length);
    }
    return false;
}

bool IsColor(std::string_view text) {
    return text.size() == 7 && text.front() == '#' &&
           text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string_view::npos;
}

std::string At(std::string_view field, std::size_t index) {
    return std::string(field) + "[" + std::to_string(index) + "]";
}

Status CheckRange(std::string_view field, std::int32_t value, std::int32_t min, std::int32_t max) {
    if (value >= min && value <= max) return {};
    return Wrong(field, "must be " + std::to_string(min) + " to " + std::to_string(max));
}

// What may be entered; what the host's name leads to is looked at when it is called.
Status CheckEndpointUrl(const std::string& url) {
    const auto parsed = http::ParseFetchUrl(url, http::FetchRules{});
    if (!parsed.ok()) return Wrong("url", "cannot be called: " + parsed.status().message());
    const bool is_address = parsed->host.find(':') != std::string::npos ||
                            parsed->host.find_first_not_of("0123456789.") == std::string::npos;
    if (is_address && !net::IsPublicAddress(parsed->host)) return Wrong("url", "must be public");
    return {};
}

void Note(Faults& faults, Status checked) {
    if (!checked.ok()) faults.push_back(std::move(checked));
}

}  // namespace

bool IsName(std::string_view text) {
    if (text.empty() || text.size() > kNameBytesMax) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::string ChannelSealingContext(const ChannelId& channel) {
    return "channel:" + channel.ToString();
}
std::string WebhookSealingContext(const Uuid& endpoint) {
    return "webhook_endpoint:" + endpoint.ToString();
}

Status CheckText(
    std::string_view field, std::string_view text, std::size_t bytes_min, std::size_t bytes_max
) {
    const std::string sizes = std::to_string(bytes_min) + " to " + std::to_string(bytes_max);
    if (text.size() < bytes_min || text.size() > bytes_max) {
        return Wrong(field, "must have " + sizes + " bytes");
    }
    if (!IsUtf8(text) || HasControls(text)) {
        return Wrong(field, "must be UTF-8 without control characters");
    }
    return {};
}

Faults FaultsOf(const TenantSpec& spec) {
    Faults faults;
    Note(faults, CheckName("name", spec.slug));
    Note(faults, CheckText("display_name", spec.name, 1, kDisplayNameBytesMax));
    Note(faults, CheckText("plan", spec.plan, 0, kNameBytesMax));
    Note(faults, CheckRange("ingest_rate_per_s", spec.ingest_rate_per_s, 1, kIngestRateMax));
    Note(faults, CheckRange("ingest_burst", spec.ingest_burst, 1, kIngestBurstMax));
    Note(faults, CheckRange("retention_days", spec.retention_days, 0, kRetentionDaysMax));
    const Status limits = domain::TenantLimits::Parse(spec.api_limits).status();
    if (!limits.ok()) faults.push_back(Wrong("api_limits", limits.message()));
    return faults;
}

Faults FaultsOf(const ChannelSpec& spec) {
    Faults faults;
    Note(faults, CheckName("name", spec.slug));
    Note(faults, CheckText("display_name", spec.name, 1, kDisplayNameBytesMax));
    Note(faults, CheckText("route", spec.route_key, 0, kRouteBytesMax));
    const std::string& url = spec.public_base_url;
    Status of_url = CheckText("public_base_url", url, 0, kUrlBytesMax);
    if (of_url.ok() && !url.empty() && !domain::IsHttpUrl(url)) {
        of_url = Wrong("public_base_url", "must be http://host or https://host, maybe with a path");
    }
    Note(faults, std::move(of_url));
    Note(faults, CheckRange("reopen_window_s", spec.reopen_window_s, 0, kReopenWindowSMax));
    return faults;
}

Faults FaultsOf(const AgentSpec& spec) {
    Faults faults;
    Note(faults, CheckText("external_id", spec.external_id, 1, kExternalIdBytesMax));
    Note(faults, CheckText("name", spec.name, 1, kDisplayNameBytesMax));
    Note(faults, CheckText("email", spec.email, 0, kDisplayNameBytesMax));
    if (spec.role == v1::AGENT_ROLE_UNSPECIFIED || !v1::AgentRole_IsValid(spec.role)) {
        faults.push_back(Wrong("role", "must be one of the roles"));
    }
    return faults;
}

Faults FaultsOf(const TeamSpec& spec) {
    Faults faults;
    Note(faults, CheckName("name", spec.slug));
    Note(faults, CheckText("display_name", spec.name, 1, kDisplayNameBytesMax));
    return faults;
}

Faults FaultsOf(const ApiKeySettings& spec) {
    Faults faults;
    Note(faults, CheckName("name", spec.name));
    if (spec.scopes.empty()) faults.push_back(Wrong("scopes", "must not be empty"));
    return faults;
}

Faults FaultsOf(const LabelSpec& spec) {
    Faults faults;
    Note(faults, CheckText("name", spec.name, 1, kLabelBytesMax));
    if (!spec.color.empty() && !IsColor(spec.color)) {
        faults.push_back(Wrong("color", "must be empty or #rrggbb"));
    }
    Note(faults, CheckText("description", spec.description, 0, kDisplayNameBytesMax));
    return faults;
}

Faults FaultsOf(const AttributeSpec& spec) {
    Faults faults;
    Note(faults, CheckText("name", spec.name, 1, kLabelBytesMax));
    Note(faults, CheckText("display_name", spec.display_name, 1, kDisplayNameBytesMax));
    if (spec.type == v1::ATTRIBUTE_TYPE_UNSPECIFIED || !v1::AttributeType_IsValid(spec.type)) {
        faults.push_back(Wrong("type", "must be one of the types"));
        return faults;  // Whether it has options is a matter of the type.
    }
    const bool has_options = spec.type == v1::ATTRIBUTE_TYPE_CHOICE;
    if (has_options == spec.options.empty()) {
        faults.push_back(Wrong("options", has_options ? "must not be empty" : "are of CHOICE alone")
        );
    }
    if (spec.options.size() > kOptionCountMax) {
        faults.push_back(Wrong("options", "are more than 100"));
    }
    for (std::size_t i = 0; i < spec.options.size(); ++i) {
        Note(faults, CheckText(At("options", i), spec.options[i], 1, kOptionBytesMax));
    }
    return faults;
}

Faults FaultsOf(const CannedReplySpec& spec) {
    Faults faults;
    Note(faults, CheckName("name", spec.slug));
    if (spec.text.empty() || spec.text.size() > kReplyBytesMax || !IsCleanText(spec.text)) {
        faults.push_back(Wrong("text", "must have 1 to 65536 bytes of UTF-8"));
    }
    return faults;
}

Faults FaultsOf(const WebhookEndpointSpec& spec) {
    Faults faults;
    Note(faults, CheckName("name", spec.slug));
    Status of_url = CheckText("url", spec.url, 1, kUrlBytesMax);
    if (of_url.ok()) of_url = CheckEndpointUrl(spec.url);
    Note(faults, std::move(of_url));
    if (spec.events.size() > kEventCountMax) faults.push_back(Wrong("events", "are more than 32"));
    for (std::size_t i = 0; i < spec.events.size(); ++i) {
        if (std::find(kFeedKinds.begin(), kFeedKinds.end(), spec.events[i]) == kFeedKinds.end()) {
            faults.push_back(
                Wrong(At("events", i), "must be a kind of the feed, as message_created")
            );
        }
    }
    return faults;
}

}  // namespace unibox::store
