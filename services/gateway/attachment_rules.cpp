#include "gateway/attachment_rules.hpp"

#include "base/utf8.hpp"
#include "domain/card_limits.hpp"
#include "gateway/fields.hpp"

#include <string>

namespace unibox::gateway {
namespace {

using ContactPoints = google::protobuf::RepeatedPtrField<v1::ContactPoint>;

std::string ItemOf(const std::string& list, int index) {
    return list + "[" + std::to_string(index) + "]";
}

Status CheckText(const std::string& field, const std::string& text, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        return WrongField(field, "at most " + std::to_string(bytes_max) + " bytes");
    }
    return IsCleanText(text) ? Status() : WrongField(field, "UTF-8 without NUL");
}

Status CheckPoints(const std::string& field, const ContactPoints& points) {
    if (points.size() > domain::kCardItemCountMax) {
        return WrongField(field, "a list of at most " + std::to_string(domain::kCardItemCountMax));
    }
    for (int i = 0; i < points.size(); ++i) {
        const std::string item = ItemOf(field, i);
        const auto max = domain::kCardTextBytesMax;
        UNIBOX_RETURN_IF_ERROR(CheckText(item + ".value", points[i].value(), max));
        UNIBOX_RETURN_IF_ERROR(CheckText(item + ".kind", points[i].kind(), max));
        UNIBOX_RETURN_IF_ERROR(
            CheckText(item + ".provider_user_id", points[i].provider_user_id(), max)
        );
    }
    return {};
}

Status CheckCard(const std::string& field, const v1::ContactCard& card) {
    const std::pair<const char*, const std::string*> texts[] = {
        {".formatted_name", &card.formatted_name()},
        {".given_name", &card.given_name()},
        {".family_name", &card.family_name()},
        {".middle_name", &card.middle_name()},
        {".name_prefix", &card.name_prefix()},
        {".name_suffix", &card.name_suffix()},
        {".organization", &card.organization()},
        {".job_title", &card.job_title()},
        {".birthday", &card.birthday()},
        {".provider_user_id", &card.provider_user_id()},
    };
    for (const auto& [name, text] : texts) {
        UNIBOX_RETURN_IF_ERROR(CheckText(field + name, *text, domain::kCardTextBytesMax));
    }
    UNIBOX_RETURN_IF_ERROR(CheckText(field + ".vcard", card.vcard(), domain::kVcardBytesMax));
    UNIBOX_RETURN_IF_ERROR(CheckPoints(field + ".phones", card.phones()));
    UNIBOX_RETURN_IF_ERROR(CheckPoints(field + ".emails", card.emails()));
    UNIBOX_RETURN_IF_ERROR(CheckPoints(field + ".urls", card.urls()));
    return CheckPoints(field + ".addresses", card.addresses());
}

Status CheckAttachment(const std::string& field, const v1::Attachment& attachment) {
    UNIBOX_RETURN_IF_ERROR(CheckUrl(field + ".url", attachment.url()));
    const bool is_place = attachment.type() == v1::ATTACHMENT_TYPE_LOCATION;
    const bool has_place = attachment.latitude() != 0 || attachment.longitude() != 0;
    if (has_place && !is_place) {
        return WrongField(field + ".latitude", "left out but for ATTACHMENT_TYPE_LOCATION");
    }
    if (attachment.unavailable()) {
        return WrongField(field + ".unavailable", "left out: only providers say it");
    }
    if (!attachment.has_contact_card()) return {};
    if (attachment.type() != v1::ATTACHMENT_TYPE_CONTACT) {
        return WrongField(field + ".contact_card", "left out but for ATTACHMENT_TYPE_CONTACT");
    }
    return CheckCard(field + ".contact_card", attachment.contact_card());
}

}  // namespace

Status CheckAttachments(const google::protobuf::RepeatedPtrField<v1::Attachment>& attachments) {
    std::size_t card_bytes = 0;
    for (int i = 0; i < attachments.size(); ++i) {
        UNIBOX_RETURN_IF_ERROR(CheckAttachment(ItemOf("attachments", i), attachments[i]));
        card_bytes += attachments[i].contact_card().ByteSizeLong();
    }
    if (card_bytes <= domain::kCardsBytesMax) return {};
    return WrongField(
        "attachments", "with cards of at most " + std::to_string(domain::kCardsBytesMax) + " bytes"
    );
}

}  // namespace unibox::gateway
