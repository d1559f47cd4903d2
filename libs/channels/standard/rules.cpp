#include "channels/standard/rules.hpp"

#include "base/utf8.hpp"
#include "channels/complete.hpp"

#include <cmath>
#include <string>

namespace unibox::channels {
namespace {

constexpr double kLatitudeMax = 90;
constexpr double kLongitudeMax = 180;

Status CheckCoordinates(const v1::Attachment& attachment, const std::string& field) {
    if (attachment.type() != v1::ATTACHMENT_TYPE_LOCATION) {
        if (attachment.latitude() != 0) return RefuseField(field + ".latitude", "is for locations");
        if (attachment.longitude() == 0) return {};
        return RefuseField(field + ".longitude", "is for locations");
    }
    // The comparison is false for what is no number.
    if (!(std::abs(attachment.latitude()) <= kLatitudeMax)) {
        return RefuseField(field + ".latitude", "must be a number from -90 to 90");
    }
    if (!(std::abs(attachment.longitude()) <= kLongitudeMax)) {
        return RefuseField(field + ".longitude", "must be a number from -180 to 180");
    }
    return {};
}

}  // namespace

Status RefuseField(std::string_view field, std::string_view what) {
    return InvalidArgument(std::string(field) + " " + std::string(what)).WithField(field);
}

Status CheckStandardText(std::string_view text, std::string_view field, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        return RefuseField(field, "is longer than " + std::to_string(bytes_max) + " bytes");
    }
    if (text.find('\0') != std::string_view::npos) return RefuseField(field, "holds a NUL");
    if (CleanText(text) != text) return RefuseField(field, "is not UTF-8");
    return {};
}

Status CheckStandardId(std::string_view id, std::string_view field, Need need) {
    if (id.empty() && need == Need::kRequired) return RefuseField(field, "is missing or empty");
    return CheckStandardText(id, field, kStandardIdBytesMax);
}

Status CheckStandardTime(std::int64_t unix_ms, std::string_view field) {
    return unix_ms > 0 ? Status() : RefuseField(field, "must be after 1970-01-01T00:00:00Z");
}

Status CheckStandardAttachment(
    const v1::Attachment& attachment, std::string_view field, std::string_view id_name
) {
    const std::string prefix(field);
    const bool known = v1::AttachmentType_IsValid(attachment.type()) &&
                       attachment.type() != v1::ATTACHMENT_TYPE_UNSPECIFIED;
    if (!known) {
        return RefuseField(
            prefix + ".type",
            "must be image, video, audio, voice, file, sticker, location, contact, link or other"
        );
    }
    if (attachment.has_contact_card()) {
        return RefuseField(
            prefix + ".contact_card", "cannot be given: only providers' cards are read"
        );
    }
    const auto check = [&prefix](std::string_view text, std::string_view name, std::size_t max) {
        return CheckStandardText(text, prefix + "." + std::string(name), max);
    };
    UNIBOX_RETURN_IF_ERROR(check(attachment.name(), "name", kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(check(attachment.url(), "url", kUrlBytesMax));
    UNIBOX_RETURN_IF_ERROR(check(attachment.mime_type(), "mime_type", kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(check(attachment.provider_media_id(), id_name, kStandardIdBytesMax));
    if (attachment.size_bytes() < 0) {
        return RefuseField(prefix + ".size_bytes", "must be a whole number from 0");
    }
    return CheckCoordinates(attachment, prefix);
}

Status CheckStandardAttachmentCount(int count, std::string_view field) {
    if (count <= kAttachmentCountMax) return {};
    return RefuseField(field, "has more than " + std::to_string(kAttachmentCountMax) + " items");
}

}  // namespace unibox::channels
