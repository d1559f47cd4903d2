// The events of the standard channel: our own JSON (README.md beside it). What its values may be is
// in rules.hpp.
#include "channels/complete.hpp"
#include "channels/json.hpp"
#include "channels/parse_sink.hpp"
#include "channels/standard/rules.hpp"
#include "channels/standard/standard.hpp"
#include "channels/text.hpp"
#include "domain/event_key.hpp"

#include <array>
#include <limits>

namespace unibox::channels {
namespace {

// An id: a string, or a whole number, which is taken as its digits.
Result<std::string> ReadId(const JsonValue& value, std::string_view field, Need need) {
    if (!value.exists()) {
        if (need == Need::kRequired) return RefuseField(field, "is missing");
        return std::string();
    }
    std::string id = value.Text();
    // Of 64 bits, signed or not; larger ones have become strings before (json.hpp).
    const bool whole_number = value.IsNumber() && id.find_first_not_of("-0123456789") == id.npos;
    if (!value.IsString() && !whole_number) return RefuseField(field, "must be a string");
    UNIBOX_RETURN_IF_ERROR(CheckStandardId(id, field, need));
    return id;
}

Result<std::string> ReadText(
    const JsonValue& value, std::string_view field, std::size_t bytes_max
) {
    if (!value.exists()) return std::string();
    if (!value.IsString()) return RefuseField(field, "must be a string");
    std::string text = value.Text();
    UNIBOX_RETURN_IF_ERROR(CheckStandardText(text, field, bytes_max));
    return text;
}

Result<std::int64_t> ReadTime(const JsonValue& value, std::string_view field) {
    if (!value.exists()) return std::int64_t{0};
    const std::int64_t unix_ms = value.TimeMs();
    if (unix_ms == 0) return RefuseField(field, "is not a time (RFC 3339 or Unix seconds)");
    UNIBOX_RETURN_IF_ERROR(CheckStandardTime(unix_ms, field));
    return unix_ms;
}

struct TypeName {
    std::string_view name;
    v1::AttachmentType type;
};
constexpr std::array<TypeName, 10> kAttachmentTypes = {{
    {"image", v1::ATTACHMENT_TYPE_IMAGE},
    {"video", v1::ATTACHMENT_TYPE_VIDEO},
    {"audio", v1::ATTACHMENT_TYPE_AUDIO},
    {"voice", v1::ATTACHMENT_TYPE_VOICE},
    {"file", v1::ATTACHMENT_TYPE_FILE},
    {"sticker", v1::ATTACHMENT_TYPE_STICKER},
    {"location", v1::ATTACHMENT_TYPE_LOCATION},
    {"contact", v1::ATTACHMENT_TYPE_CONTACT},
    {"link", v1::ATTACHMENT_TYPE_LINK},
    {"other", v1::ATTACHMENT_TYPE_OTHER},
}};

Result<v1::Attachment> ReadAttachment(const JsonValue& source, const std::string& field) {
    if (!source.IsObject()) return RefuseField(field, "must be an object");
    v1::Attachment attachment;
    const std::string_view type = source["type"].View();
    for (const TypeName& known : kAttachmentTypes) {
        if (known.name == type) attachment.set_type(known.type);
    }
    UNIBOX_ASSIGN_OR_RETURN(
        *attachment.mutable_name(), ReadText(source["name"], field + ".name", kNameBytesMax)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *attachment.mutable_url(), ReadText(source["url"], field + ".url", kUrlBytesMax)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *attachment.mutable_mime_type(),
        ReadText(source["mime_type"], field + ".mime_type", kNameBytesMax)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *attachment.mutable_provider_media_id(),
        ReadId(source["id"], field + ".id", Need::kOptional)
    );
    const JsonValue size = source["size_bytes"];
    if (size.exists() && size.Int().value_or(-1) < 0)
        return RefuseField(field + ".size_bytes", "must be a whole number from 0");
    attachment.set_size_bytes(size.Int().value_or(0));
    if (attachment.type() == v1::ATTACHMENT_TYPE_LOCATION) {
        constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
        attachment.set_latitude(source["latitude"].Number().value_or(kNone));
        attachment.set_longitude(source["longitude"].Number().value_or(kNone));
    }
    UNIBOX_RETURN_IF_ERROR(CheckStandardAttachment(attachment, field, "id"));
    return attachment;
}

template <typename Attachments>
Status ReadAttachments(const JsonValue& source, Attachments* attachments) {
    if (!source.exists()) return {};
    if (!source.IsArray()) return RefuseField("data.attachments", "must be an array");
    int index = 0;
    for (const auto item : source.Items()) {
        UNIBOX_RETURN_IF_ERROR(CheckStandardAttachmentCount(index + 1, "data.attachments"));
        const std::string field = "data.attachments[" + std::to_string(index++) + "]";
        UNIBOX_ASSIGN_OR_RETURN(*attachments->Add(), ReadAttachment(JsonValue(item), field));
    }
    return {};
}

class EventReader {
public:
    EventReader(const JsonValue& body, const std::string& webhook_id)
        : body_(body), data_(body["data"]), webhook_id_(webhook_id) {}

    Result<ProviderEvent> Read();

private:
    using Reader = Status (EventReader::*)();
    struct Type {
        std::string_view name;
        std::string_view key_class;
        Reader reader;
    };
    static const std::array<Type, 7> kTypes;

    Status ReadPlace();
    Status ReadMessageId();
    Status Message();
    Status Edit();
    Status Delete();
    Status Reaction();
    Status Receipt();
    Status Typing();
    Status Control();

    JsonValue body_;
    JsonValue data_;
    const std::string& webhook_id_;
    ProviderEvent event_;
};

const std::array<EventReader::Type, 7> EventReader::kTypes = {{
    {"message.created", domain::kClassMessage, &EventReader::Message},
    {"message.updated", domain::kClassEdit, &EventReader::Edit},
    {"message.deleted", domain::kClassDelete, &EventReader::Delete},
    {"message.reaction", domain::kClassReaction, &EventReader::Reaction},
    {"message.status", domain::kClassReceipt, &EventReader::Receipt},
    {"typing", domain::kClassTyping, &EventReader::Typing},
    {"typing.started", domain::kClassTyping, &EventReader::Typing},
}};

Result<ProviderEvent> EventReader::Read() {
    if (!body_["type"].exists()) return RefuseField("type", "is missing");
    const std::string_view type = body_["type"].View();
    if (type.empty()) return RefuseField("type", "must be a string that is not empty");
    if (!data_.exists()) return RefuseField("data", "is missing");
    if (!data_.IsObject()) return RefuseField("data", "must be an object");
    event_ = NewEvent(v1::PROVIDER_STANDARD, "", domain::kClassControl, "");
    Reader reader = &EventReader::Control;
    for (const Type& known : kTypes) {
        if (known.name != type) continue;
        event_.key_class = known.key_class;
        reader = known.reader;
    }
    UNIBOX_RETURN_IF_ERROR(ReadPlace());
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t time_ms, ReadTime(body_["timestamp"], "timestamp"));
    event_.event.set_provider_time_ms(time_ms);
    UNIBOX_RETURN_IF_ERROR((this->*reader)());
    CutToLimits(event_.event);
    return std::move(event_);
}

// Thread and contact. Only a new message needs to say who wrote it.
Status EventReader::ReadPlace() {
    const JsonValue contact = data_["contact"];
    if (contact.exists() && !contact.IsObject())
        return RefuseField("data.contact", "must be an object");
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string thread,
        ReadId(data_["conversation_ref"], "data.conversation_ref", Need::kOptional)
    );
    const bool needed = thread.empty() || event_.key_class == domain::kClassMessage;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string contact_id,
        ReadId(
            contact["external_id"],
            "data.contact.external_id",
            needed ? Need::kRequired : Need::kOptional
        )
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *event_.event.mutable_contact_name(),
        ReadText(contact["name"], "data.contact.name", kNameBytesMax)
    );
    event_.event.set_contact_key(contact_id);
    event_.event.set_thread_key(thread.empty() ? contact_id : thread);
    return {};
}

Status EventReader::ReadMessageId() {
    UNIBOX_ASSIGN_OR_RETURN(
        *event_.event.mutable_provider_id(),
        ReadId(data_["message_id"], "data.message_id", Need::kRequired)
    );
    return {};
}

Status EventReader::Message() {
    UNIBOX_RETURN_IF_ERROR(ReadMessageId());
    auto& message = *event_.event.mutable_message();
    const std::string_view direction = data_["direction"].View();
    if (data_["direction"].exists() && direction != "inbound" && direction != "outbound") {
        return RefuseField("data.direction", "must be inbound or outbound");
    }
    message.set_direction(direction == "outbound" ? v1::DIRECTION_OUTBOUND : v1::DIRECTION_INBOUND);
    UNIBOX_ASSIGN_OR_RETURN(
        *message.mutable_text(), ReadText(data_["text"], "data.text", kStandardTextBytesMax)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *message.mutable_payload(), ReadText(data_["payload"], "data.payload", kPayloadBytesMax)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *message.mutable_subject(), ReadText(data_["subject"], "data.subject", kSubjectBytesMax)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *message.mutable_reply_to_provider_id(),
        ReadId(data_["reply_to"], "data.reply_to", Need::kOptional)
    );
    UNIBOX_ASSIGN_OR_RETURN(
        *message.mutable_client_ref(),
        ReadId(data_["client_ref"], "data.client_ref", Need::kOptional)
    );
    UNIBOX_RETURN_IF_ERROR(ReadAttachments(data_["attachments"], message.mutable_attachments()));
    if (message.text().empty() && message.payload().empty() && message.attachments_size() == 0) {
        return RefuseField("data.text", "is missing, and there are no attachments");
    }
    message.set_kind(message.payload().empty() ? v1::MESSAGE_KIND_TEXT : v1::MESSAGE_KIND_POSTBACK);
    return {};
}

Status EventReader::Edit() {
    UNIBOX_RETURN_IF_ERROR(ReadMessageId());
    event_.discriminator = webhook_id_;
    auto& edit = *event_.event.mutable_edit();
    UNIBOX_ASSIGN_OR_RETURN(
        *edit.mutable_text(), ReadText(data_["text"], "data.text", kStandardTextBytesMax)
    );
    UNIBOX_RETURN_IF_ERROR(ReadAttachments(data_["attachments"], edit.mutable_attachments()));
    if (!data_["text"].exists() && edit.attachments_size() == 0) {
        return RefuseField("data.text", "is missing, and there are no attachments");
    }
    const JsonValue revision = data_["revision"];
    if (revision.exists() && revision.Int().value_or(-1) < 0) {
        return RefuseField("data.revision", "must be a whole number from 0");
    }
    edit.set_revision(revision.Int().value_or(0));
    return {};
}

Status EventReader::Delete() {
    UNIBOX_RETURN_IF_ERROR(ReadMessageId());
    event_.discriminator = webhook_id_;
    event_.event.mutable_delete_();
    return {};
}

Status EventReader::Reaction() {
    UNIBOX_RETURN_IF_ERROR(ReadMessageId());
    event_.discriminator = webhook_id_;
    auto& reaction = *event_.event.mutable_reaction();
    UNIBOX_ASSIGN_OR_RETURN(
        *reaction.mutable_emoji(), ReadText(data_["emoji"], "data.emoji", kNameBytesMax)
    );
    const JsonValue removed = data_["removed"];
    if (removed.exists() && !removed.IsBool())
        return RefuseField("data.removed", "must be true or false");
    reaction.set_removed(removed.Truth());
    if (reaction.emoji().empty() && !reaction.removed())
        return RefuseField("data.emoji", "is missing");
    return {};
}

struct StateName {
    std::string_view name;
    v1::DeliveryState state;
};
constexpr std::array<StateName, 4> kStates = {{
    {"sent", v1::DELIVERY_STATE_SENT},
    {"delivered", v1::DELIVERY_STATE_DELIVERED},
    {"read", v1::DELIVERY_STATE_READ},
    {"failed", v1::DELIVERY_STATE_FAILED},
}};

Status EventReader::Receipt() {
    auto& receipt = *event_.event.mutable_receipt();
    const std::string_view status = data_["status"].View();
    for (const StateName& known : kStates) {
        if (known.name == status) receipt.set_state(known.state);
    }
    if (receipt.state() == v1::DELIVERY_STATE_UNSPECIFIED) {
        return RefuseField("data.status", "must be sent, delivered, read or failed");
    }
    UNIBOX_ASSIGN_OR_RETURN(
        *receipt.mutable_error(), ReadId(data_["error"], "data.error", Need::kOptional)
    );
    if (receipt.state() != v1::DELIVERY_STATE_FAILED) receipt.clear_error();
    event_.discriminator = status;
    if (!data_["until"].exists()) return ReadMessageId();
    if (receipt.state() < v1::DELIVERY_STATE_DELIVERED) {
        return RefuseField("data.status", "must be delivered or read where there is an until");
    }
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t until_ms, ReadTime(data_["until"], "data.until"));
    receipt.set_watermark_ms(until_ms);
    event_.discriminator += ":" + std::to_string(until_ms);
    return {};
}

Status EventReader::Typing() {
    event_.discriminator = webhook_id_;
    event_.event.mutable_typing();
    return {};
}

Status EventReader::Control() {
    event_.discriminator = webhook_id_;
    UNIBOX_ASSIGN_OR_RETURN(
        *event_.event.mutable_provider_id(),
        ReadId(data_["message_id"], "data.message_id", Need::kOptional)
    );
    auto& control = *event_.event.mutable_control();
    control.set_type(SnakeCase(body_["type"].View()));
    for (const auto& member : data_.Members()) {
        const JsonValue value(member.value);
        if (member.key == "conversation_ref" || member.key == "message_id") continue;
        const std::string text = value.IsBool() ? value.Json() : value.Text();
        SetAttribute(control, SnakeCase(member.key), text);
    }
    return {};
}

}  // namespace

Result<Parsed> ParseStandard(const WebhookRequest& request) {
    const std::string_view webhook_id = StandardWebhookId(request);
    if (webhook_id.empty()) return InvalidArgument("webhook-id is missing").WithField("webhook-id");
    UNIBOX_ASSIGN_OR_RETURN(const auto document, JsonDocument::ParseStrict(request.body));
    UNIBOX_ASSIGN_OR_RETURN(
        auto event, EventReader(document.root(), std::string(webhook_id)).Read()
    );
    Parsed parsed;
    parsed.events.push_back(std::move(event));
    return parsed;
}

}  // namespace unibox::channels
