#include "store/admin/specs.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>

namespace unibox::store {
namespace {

// Kinds of unibox.event.v1.FeedEvent that a tenant can be told of.
constexpr std::array<std::string_view, 6> kFeedKinds = {
    "message_created",
    "message_updated",
    "conversation_updated",
    "message_reacted",
    "message_delivered",
    "messages_delivered"};

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

Status CheckSpec(const AgentSpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckText("external_id", spec.external_id, 1, kExternalIdBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckText("name", spec.name, 1, kDisplayNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckText("email", spec.email, 0, kDisplayNameBytesMax));
    if (spec.role != v1::AGENT_ROLE_UNSPECIFIED && v1::AgentRole_IsValid(spec.role)) return {};
    return Wrong("role", "must be one of the roles");
}

Status CheckSpec(const TeamSpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckName("name", spec.slug));
    return CheckText("display_name", spec.name, 1, kDisplayNameBytesMax);
}

Status CheckSpec(const ApiKeySettings& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckName("name", spec.name));
    return spec.scopes.empty() ? Wrong("scopes", "must not be empty") : Status();
}

Status CheckSpec(const LabelSpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckText("name", spec.name, 1, kLabelBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckText("description", spec.description, 0, kDisplayNameBytesMax));
    return spec.color.empty() || IsColor(spec.color) ? Status()
                                                     : Wrong("color", "must be empty or #rrggbb");
}

Status CheckSpec(const AttributeSpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckText("name", spec.name, 1, kLabelBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckText("display_name", spec.display_name, 1, kDisplayNameBytesMax));
    if (spec.type == v1::ATTRIBUTE_TYPE_UNSPECIFIED || !v1::AttributeType_IsValid(spec.type)) {
        return Wrong("type", "must be one of the types");
    }
    const bool has_options = spec.type == v1::ATTRIBUTE_TYPE_CHOICE;
    if (has_options == spec.options.empty()) {
        return Wrong("options", has_options ? "must not be empty" : "are of CHOICE alone");
    }
    if (spec.options.size() > kOptionCountMax) return Wrong("options", "are more than 100");
    for (std::size_t i = 0; i < spec.options.size(); ++i) {
        UNIBOX_RETURN_IF_ERROR(CheckText(At("options", i), spec.options[i], 1, kOptionBytesMax));
    }
    return {};
}

Status CheckSpec(const CannedReplySpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckName("name", spec.slug));
    if (spec.text.empty() || spec.text.size() > kReplyBytesMax || !IsCleanText(spec.text)) {
        return Wrong("text", "must have 1 to 65536 bytes of UTF-8");
    }
    return {};
}

Status CheckSpec(const WebhookEndpointSpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckName("name", spec.slug));
    UNIBOX_RETURN_IF_ERROR(CheckText("url", spec.url, 1, kUrlBytesMax));
    if (spec.events.size() > kEventCountMax) return Wrong("events", "are more than 32");
    for (std::size_t i = 0; i < spec.events.size(); ++i) {
        if (std::find(kFeedKinds.begin(), kFeedKinds.end(), spec.events[i]) == kFeedKinds.end()) {
            return Wrong(At("events", i), "must be a kind of the feed, as message_created");
        }
    }
    return {};
}

}  // namespace unibox::store
