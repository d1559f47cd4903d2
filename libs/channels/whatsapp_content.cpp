#include "channels/meta_parts.hpp"
#include "channels/text.hpp"

#include <array>

namespace unibox::channels {
namespace {

struct MediaType {
    std::string_view name;
    v1::AttachmentType type;
};
constexpr std::array<MediaType, 5> kMediaTypes = {{
    {"image", v1::ATTACHMENT_TYPE_IMAGE},
    {"video", v1::ATTACHMENT_TYPE_VIDEO},
    {"audio", v1::ATTACHMENT_TYPE_AUDIO},
    {"document", v1::ATTACHMENT_TYPE_FILE},
    {"sticker", v1::ATTACHMENT_TYPE_STICKER},
}};

bool ReadMedia(const JsonValue& message, std::string_view type, event::v1::MessageBody& body) {
    for (const MediaType& media : kMediaTypes) {
        const JsonValue source = message[media.name];
        if (media.name != type || !source.IsObject()) continue;
        v1::Attachment& attachment = *body.add_attachments();
        attachment.set_type(source["voice"].Truth() ? v1::ATTACHMENT_TYPE_VOICE : media.type);
        attachment.set_name(source["filename"].Text());
        attachment.set_mime_type(source["mime_type"].Text());
        attachment.set_provider_media_id(source["id"].Text());
        attachment.set_url(source["url"].Text());
        attachment.set_unavailable(
            attachment.provider_media_id().empty() && attachment.url().empty()
        );
        attachment.set_size_bytes(std::max<std::int64_t>(source["file_size"].Int().value_or(0), 0));
        body.set_text(source["caption"].Text());
        return true;
    }
    return false;
}

bool ReadLocation(const JsonValue& location, event::v1::MessageBody& body) {
    const auto latitude = location["latitude"].Number();
    const auto longitude = location["longitude"].Number();
    if (!latitude || !longitude) return false;
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_LOCATION);
    attachment.set_latitude(*latitude);
    attachment.set_longitude(*longitude);
    attachment.set_url(location["url"].Text());
    attachment.set_name(JoinNonEmpty({location["name"].Text(), location["address"].Text()}));
    return true;
}

bool ReadContacts(const JsonValue& contacts, event::v1::MessageBody& body) {
    for (const auto item : contacts.Items()) {
        const JsonValue contact(item);
        if (!contact.IsObject()) continue;
        std::string name = contact["name"]["formatted_name"].Text();
        for (const auto phone : contact["phones"].Items())
            name = JoinNonEmpty({name, JsonValue(phone)["phone"].Text()});
        v1::Attachment& attachment = *body.add_attachments();
        attachment.set_type(v1::ATTACHMENT_TYPE_CONTACT);
        attachment.set_name(name);
    }
    return body.attachments_size() > 0;
}

// Answers to our buttons, lists and flows.
bool ReadInteractive(const JsonValue& interactive, event::v1::MessageBody& body) {
    const std::string_view type = interactive["type"].View();
    const JsonValue reply = interactive[type];
    if (!reply.IsObject()) return false;
    if (type == "button_reply" || type == "list_reply") {
        body.set_text(reply["title"].Text());
        body.set_payload(reply["id"].Text());
        return true;
    }
    if (type != "nfm_reply") return false;
    body.set_text(reply["body"].Text());
    const JsonValue response = reply["response_json"];  // JSON inside a string.
    body.set_payload(response.IsObject() ? response.Json() : response.Text());
    return true;
}

bool ReadButton(const JsonValue& button, event::v1::MessageBody& body) {
    body.set_text(button["text"].Text());
    body.set_payload(button["payload"].Text());
    return button.IsObject();
}

// "2 × sku-1" a line, after the customer's own words.
bool ReadOrder(const JsonValue& order, event::v1::MessageBody& body) {
    std::string text = order["text"].Text();
    for (const auto item : order["product_items"].Items()) {
        const JsonValue product(item);
        if (!text.empty()) text += '\n';
        text += product["quantity"].Text() + " \u00D7 " + product["product_retailer_id"].Text();
    }
    body.set_text(text);
    return !text.empty();
}

bool ReadByType(const JsonValue& message, std::string_view type, event::v1::MessageBody& body) {
    if (type == "text") {
        body.set_text(message["text"]["body"].Text());
        return !body.text().empty();
    }
    if (type == "location") return ReadLocation(message["location"], body);
    if (type == "contacts") return ReadContacts(message["contacts"], body);
    if (type == "interactive") return ReadInteractive(message["interactive"], body);
    if (type == "button") return ReadButton(message["button"], body);
    if (type == "order") return ReadOrder(message["order"], body);
    return ReadMedia(message, type, body);
}

}  // namespace

bool ReadWhatsAppContent(const JsonValue& message, event::v1::MessageBody& body) {
    body.set_reply_to_provider_id(message["context"]["id"].Text());
    const std::string_view type = message["type"].View();
    if (ReadByType(message, type, body)) {
        body.set_kind(v1::MESSAGE_KIND_TEXT);
        return true;
    }
    SetUnsupported(body, type);
    return false;
}

}  // namespace unibox::channels
