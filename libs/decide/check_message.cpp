#include "decide/check_message.hpp"

#include "decide/check_command.hpp"
#include "decide/check_text.hpp"

#include <cmath>

namespace unibox::decide {
namespace {

using writer::v1::AppendMessage;

constexpr std::size_t kMimeTypeBytesMax = 255;

Status CheckPlace(const std::string& field, const v1::Attachment& place) {
    // Written so that a value that is no number fails.
    if (!(std::abs(place.latitude()) <= 90)) {
        return Wrong(field + ".latitude", "must be from -90 to 90");
    }
    if (!(std::abs(place.longitude()) <= 180)) {
        return Wrong(field + ".longitude", "must be from -180 to 180");
    }
    return {};
}

// Where the content is; a place and a card are content themselves.
Status CheckContent(const std::string& field, const v1::Attachment& attachment) {
    if (attachment.type() == v1::ATTACHMENT_TYPE_LOCATION) return CheckPlace(field, attachment);
    if (attachment.type() == v1::ATTACHMENT_TYPE_CONTACT && attachment.has_contact_card()) {
        return {};
    }
    if (!attachment.url().empty() || !attachment.provider_media_id().empty()) return {};
    return Wrong(
        field + ".url", "is empty, and so is provider_media_id: one must tell the content"
    );
}

Status CheckAttachment(const std::string& field, const v1::Attachment& attachment) {
    const bool known = v1::AttachmentType_IsValid(attachment.type()) &&
                       attachment.type() != v1::ATTACHMENT_TYPE_UNSPECIFIED;
    if (!known) return Wrong(field + ".type", "must be one of the types of attachments");
    UNIBOX_RETURN_IF_ERROR(CheckText(field + ".name", attachment.name(), kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(
        CheckText(field + ".mime_type", attachment.mime_type(), kMimeTypeBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(
        CheckText(field + ".provider_media_id", attachment.provider_media_id(), kNameBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(CheckText(field + ".url", attachment.url(), kUrlBytesMax));
    if (attachment.size_bytes() < 0) return Wrong(field + ".size_bytes", "must not be negative");
    if (attachment.ByteSizeLong() > kAttachmentBytesMax) {
        return Wrong(
            field, "must have at most " + std::to_string(kAttachmentBytesMax) + " bytes in all"
        );
    }
    return CheckContent(field, attachment);
}

Status CheckTemplate(const v1::MessageTemplate& message_template) {
    UNIBOX_RETURN_IF_ERROR(CheckName("template.name", message_template.name(), kNameBytesMax));
    UNIBOX_RETURN_IF_ERROR(
        CheckText("template.language", message_template.language(), kTemplateLanguageBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(
        CheckText("template.header_media_url", message_template.header_media_url(), kUrlBytesMax)
    );
    const auto& parameters = message_template.parameters();
    UNIBOX_RETURN_IF_ERROR(
        CheckCount("template.parameters", parameters.size(), kTemplateParameterCountMax)
    );
    for (int i = 0; i < parameters.size(); ++i) {
        const std::string field = Element("template.parameters", i);
        UNIBOX_RETURN_IF_ERROR(CheckText(field, parameters[i], kTemplateParameterBytesMax));
    }
    const auto& payloads = message_template.button_payloads();
    UNIBOX_RETURN_IF_ERROR(
        CheckCount("template.button_payloads", payloads.size(), kTemplateButtonCountMax)
    );
    for (int i = 0; i < payloads.size(); ++i) {
        const std::string field = Element("template.button_payloads", i);
        UNIBOX_RETURN_IF_ERROR(CheckText(field, payloads[i], kTemplateButtonBytesMax));
    }
    return {};
}

// What a message of its kind has.
Status CheckKind(const AppendMessage& message) {
    switch (message.kind()) {
        case v1::MESSAGE_KIND_TEXT:
        case v1::MESSAGE_KIND_NOTE:
        case v1::MESSAGE_KIND_ACTIVITY:
            if (message.has_template_()) {
                return Wrong("template", "belongs to messages of kind TEMPLATE alone");
            }
            if (message.text().empty() && message.attachments().empty()) {
                return Wrong("text", "must not be empty where there are no attachments");
            }
            return {};
        case v1::MESSAGE_KIND_TEMPLATE:
            if (!message.attachments().empty()) {
                return Wrong("attachments", "must be empty: a template has its own");
            }
            return CheckTemplate(message.template_());
        default:
            return Wrong("kind", "must be TEXT, TEMPLATE, NOTE or ACTIVITY");
    }
}

}  // namespace

Status CheckMessage(const AppendMessage& message) {
    UNIBOX_RETURN_IF_ERROR(CheckText("text", message.text(), kTextBytesMax));
    const auto& attachments = message.attachments();
    UNIBOX_RETURN_IF_ERROR(CheckCount("attachments", attachments.size(), kAttachmentCountMax));
    for (int i = 0; i < attachments.size(); ++i) {
        UNIBOX_RETURN_IF_ERROR(CheckAttachment(Element("attachments", i), attachments[i]));
    }
    if (message.reply_to_seq() < 0) return Wrong("reply_to_seq", "must not be negative");
    UNIBOX_RETURN_IF_ERROR(CheckText("client_ref", message.client_ref(), kNameBytesMax));
    return CheckKind(message);
}

}  // namespace unibox::decide
