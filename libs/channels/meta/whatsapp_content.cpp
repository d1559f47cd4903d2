#include "channels/contact_card.hpp"
#include "channels/meta/parts.hpp"
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

// "Main St 1, 1000-001 Lisbon, Portugal"
std::string AddressLine(const JsonValue& address) {
    std::string town = address["zip"].Text();
    const std::string city = address["city"].Text();
    if (!town.empty() && !city.empty()) town += ' ';
    town += city;
    return JoinNonEmpty(
        {address["street"].Text(), town, address["state"].Text(), address["country"].Text()}
    );
}

void AddPoints(
    const JsonValue& items,
    std::string_view value_name,
    google::protobuf::RepeatedPtrField<v1::ContactPoint>* points
) {
    for (const auto item : items.Items()) {
        const JsonValue source(item);
        std::string value = value_name.empty() ? AddressLine(source) : source[value_name].Text();
        v1::ContactPoint point;
        point.set_value(std::move(value));
        point.set_kind(source["type"].Text());
        point.set_provider_user_id(FirstText({source["wa_id"].Text(), source["user_id"].Text()}));
        if (!point.value().empty() || !point.provider_user_id().empty())
            points->Add(std::move(point));
    }
}

v1::ContactCard ReadCard(const JsonValue& contact) {
    v1::ContactCard card;
    const JsonValue name = contact["name"];
    card.set_formatted_name(name["formatted_name"].Text());
    card.set_given_name(name["first_name"].Text());
    card.set_family_name(name["last_name"].Text());
    card.set_middle_name(name["middle_name"].Text());
    card.set_name_prefix(name["prefix"].Text());
    card.set_name_suffix(name["suffix"].Text());
    const JsonValue org = contact["org"];
    card.set_organization(JoinNonEmpty({org["company"].Text(), org["department"].Text()}));
    card.set_job_title(org["title"].Text());
    card.set_birthday(contact["birthday"].Text());
    AddPoints(contact["phones"], "phone", card.mutable_phones());
    AddPoints(contact["emails"], "email", card.mutable_emails());
    AddPoints(contact["urls"], "url", card.mutable_urls());
    AddPoints(contact["addresses"], "", card.mutable_addresses());
    return card;
}

bool ReadContacts(const JsonValue& contacts, event::v1::MessageBody& body) {
    for (const auto item : contacts.Items()) {
        if (JsonValue(item).IsObject()) AddContactCard(ReadCard(JsonValue(item)), body);
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

// "2 × sku-1" a line, after the customer's own words; the prices in the context.
bool ReadOrder(const JsonValue& order, event::v1::MessageBody& body) {
    std::string text = order["text"].Text();
    for (const auto item : order["product_items"].Items()) {
        const JsonValue product(item);
        if (!text.empty()) text += '\n';
        text += product["quantity"].Text() + " \u00D7 " + product["product_retailer_id"].Text();
        v1::OrderItem& line = *body.mutable_context()->add_order();
        line.set_product_id(product["product_retailer_id"].Text());
        line.set_quantity(product["quantity"].Text());
        line.set_price(product["item_price"].Text());
        line.set_currency(product["currency"].Text());
        line.set_catalog_id(order["catalog_id"].Text());
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
    const std::string word = message["unsupported"]["type"].Text();
    SetUnsupported(body, type == "unsupported" && !word.empty() ? word : type);
    return false;
}

void ReadWhatsAppContext(const JsonValue& message, event::v1::MessageBody& body) {
    v1::MessageContext context;
    const JsonValue told = message["context"];
    const bool often = told["frequently_forwarded"].Truth();
    if (often || told["forwarded"].Truth()) context.mutable_forward()->set_many_times(often);
    if (message["referral"].IsObject())
        ReadReferral(message["referral"], *context.mutable_referral());
    if (const JsonValue product = told["referred_product"]; product.IsObject()) {
        v1::Referral& referral = *context.mutable_referral();
        if (referral.source_type().empty()) referral.set_source_type("product");
        referral.set_product_id(product["product_retailer_id"].Text());
        referral.set_catalog_id(product["catalog_id"].Text());
    }
    SetContext(std::move(context), body);
}

}  // namespace unibox::channels
