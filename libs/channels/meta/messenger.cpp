// Messenger and Instagram messaging: entry[].messaging[], entry[].standby[] and
// entry[].changes[]. See README.md beside it.
#include "channels/meta/members.hpp"
#include "channels/meta/parts.hpp"
#include "channels/text.hpp"
#include "domain/event_key.hpp"

#include <array>

namespace unibox::channels {
namespace {

// One item of messaging[] or standby[].
class ItemParser {
public:
    ItemParser(
        const JsonValue& item, const std::string& page_id, v1::Provider provider, ParseSink& sink
    )
        : item_(item),
          page_id_(page_id),
          provider_(provider),
          time_ms_(item["timestamp"].TimeMs()),
          sink_(sink) {}

    void Run();

private:
    using Handler = void (ItemParser::*)(const JsonValue&);
    struct Kind {
        std::string_view member;
        Handler handler;
    };
    static const std::array<Kind, 19> kKinds;

    // The item is from our side: an echo, or a reaction of the page.
    bool FromUs() const {
        return item_["message"]["is_echo"].Truth() || item_["sender"]["id"].Text() == page_id_;
    }
    ProviderEvent New(std::string_view key_class) const;
    // Events without an id of their own are told apart by the time in the payload, and where there
    // is none by their whole content.
    std::string TimeDiscriminator(const JsonValue& value) const {
        return time_ms_ != 0 ? std::to_string(time_ms_) : value.Json();
    }
    bool Missing(const std::string& id, std::string_view what) {
        if (id.empty()) sink_.Problem("missing_field", std::string(what) + " is missing");
        return id.empty();
    }
    void Message(const JsonValue& message);
    void ReadAttachments(const JsonValue& items, event::v1::MessageBody& body);
    void CheckReadable(const JsonValue& message, event::v1::MessageBody& body);
    void Deleted(const JsonValue& message);
    void Postback(const JsonValue& postback);
    void Edit(const JsonValue& edit);
    void Reaction(const JsonValue& reaction);
    void Delivery(const JsonValue& delivery) {
        Receipts(delivery, v1::DELIVERY_STATE_DELIVERED, "delivered");
    }
    void Read(const JsonValue& read) { Receipts(read, v1::DELIVERY_STATE_READ, "read"); }
    void Receipts(const JsonValue& receipt, v1::DeliveryState state, std::string_view word);
    void AddReceipt(const std::string& mid, v1::DeliveryState state, std::string_view word);
    void Typing(const JsonValue& typing);
    void Control(const JsonValue& value);
    void Handover(const JsonValue& value);
    void AddControl(const JsonValue& value, std::string_view type);

    JsonValue item_;
    const std::string& page_id_;
    v1::Provider provider_;
    std::int64_t time_ms_;
    ParseSink& sink_;
    std::string_view member_;
};

const std::array<ItemParser::Kind, 19> ItemParser::kKinds = {{
    {"message", &ItemParser::Message},
    {"postback", &ItemParser::Postback},
    {"delivery", &ItemParser::Delivery},
    {"read", &ItemParser::Read},
    {"reaction", &ItemParser::Reaction},
    {"message_edit", &ItemParser::Edit},
    {"referral", &ItemParser::Control},
    {"optin", &ItemParser::Control},
    {"account_linking", &ItemParser::Control},
    {"policy_enforcement", &ItemParser::Control},
    {"messaging_feedback", &ItemParser::Control},
    {"game_play", &ItemParser::Control},
    {"pass_thread_control", &ItemParser::Handover},
    {"take_thread_control", &ItemParser::Handover},
    {"request_thread_control", &ItemParser::Handover},
    {"app_roles", &ItemParser::Handover},
    {"typing", &ItemParser::Typing},
    {"sender_action", &ItemParser::Typing},
    {"call", &ItemParser::Control},
}};

ProviderEvent ItemParser::New(std::string_view key_class) const {
    const JsonValue other = item_[FromUs() ? "recipient" : "sender"];
    const std::string customer = FirstText({other["id"].Text(), other["user_ref"].Text()});
    ProviderEvent event = NewEvent(provider_, page_id_, key_class, customer);
    event.alternative_provider =
        provider_ == v1::PROVIDER_MESSENGER ? v1::PROVIDER_INSTAGRAM : v1::PROVIDER_MESSENGER;
    event.event.set_provider_time_ms(time_ms_);
    return event;
}

void ItemParser::Run() {
    bool known = false;
    for (const Kind& kind : kKinds) {
        const JsonValue value = item_[kind.member];
        if (!value.exists()) continue;
        known = true;
        member_ = kind.member;
        if (value.IsObject() || kind.member == "sender_action") {
            (this->*kind.handler)(value);
        } else {
            sink_.Problem("wrong_type", std::string(kind.member) + " is not an object");
        }
    }
    if (known) return CheckMembers(item_, MessengerItemTable(), "messaging", sink_);
    std::string names;
    for (const auto& member : item_.Members()) names += " " + std::string(member.key);
    sink_.Problem("unknown_event", "messaging item with" + names);
}

void ItemParser::Message(const JsonValue& message) {
    const std::string mid = message["mid"].Text();
    if (Missing(mid, "message.mid")) return;
    if (message["is_deleted"].Truth()) return Deleted(message);
    ProviderEvent event = New(domain::kClassMessage);
    event.event.set_provider_id(mid);
    auto& body = *event.event.mutable_message();
    body.set_direction(FromUs() ? v1::DIRECTION_OUTBOUND : v1::DIRECTION_INBOUND);
    body.set_kind(v1::MESSAGE_KIND_TEXT);
    body.set_text(message["text"].Text());
    body.set_payload(message["quick_reply"]["payload"].Text());
    body.set_client_ref(message["metadata"].Text());
    body.set_reply_to_provider_id(message["reply_to"]["mid"].Text());
    ReadAttachments(message["attachments"], body);
    if (const JsonValue story = message["reply_to"]["story"]; story.IsObject()) {
        v1::Attachment& attachment = *body.add_attachments();
        attachment.set_type(v1::ATTACHMENT_TYPE_LINK);
        attachment.set_name("story");
        attachment.set_url(story["url"].Text());
        attachment.set_provider_media_id(story["id"].Text());
    }
    if (message["referral"].IsObject()) {
        v1::MessageContext context;
        ReadReferral(message["referral"], *context.mutable_referral());
        SetContext(std::move(context), body);
    }
    CheckReadable(message, body);
    sink_.Add(std::move(event));
}

void ItemParser::CheckReadable(const JsonValue& message, event::v1::MessageBody& body) {
    if (message["is_unsupported"].Truth()) {
        SetUnsupported(body, "unsupported");
    } else if (body.text().empty() && body.payload().empty() && body.attachments_size() == 0) {
        SetUnsupported(body, message["text"].exists() ? "text" : "empty");
        sink_.Problem(
            "partly_understood", "message has neither text nor attachments that can be read"
        );
    } else if (message["text"].exists() && !message["text"].IsString()) {
        sink_.Problem("partly_understood", "message.text is not a string");
    }
}

void ItemParser::ReadAttachments(const JsonValue& items, event::v1::MessageBody& body) {
    if (items.exists() && !items.IsArray())
        sink_.Problem("wrong_type", "message.attachments is not an array");
    for (const auto item : items.Items()) {
        const JsonValue attachment(item);
        if (!attachment.IsObject()) {
            sink_.Problem("wrong_type", "message.attachments[] is not an object");
        } else if (!ReadMessengerAttachment(attachment, body)) {
            const std::string type = attachment["type"].Text();
            sink_.Problem("partly_understood", "message.attachments[] of type " + type);
        }
    }
}

void ItemParser::Deleted(const JsonValue& message) {
    ProviderEvent event = New(domain::kClassDelete);
    event.discriminator = TimeDiscriminator(message);
    event.event.set_provider_id(message["mid"].Text());
    event.event.mutable_delete_();
    sink_.Add(std::move(event));
}

void ItemParser::Postback(const JsonValue& postback) {
    ProviderEvent event = New(domain::kClassMessage);
    event.event.set_provider_id(postback["mid"].Text());
    // Old API versions and standby items have no mid: then the thread stands in, and the time tells
    // them apart.
    if (event.event.provider_id().empty())
        event.discriminator = "postback:" + TimeDiscriminator(postback);
    auto& body = *event.event.mutable_message();
    body.set_direction(v1::DIRECTION_INBOUND);
    body.set_kind(v1::MESSAGE_KIND_POSTBACK);
    body.set_text(postback["title"].Text());
    body.set_payload(postback["payload"].Text());
    if (postback["referral"].IsObject()) {
        v1::MessageContext context;
        ReadReferral(postback["referral"], *context.mutable_referral());
        SetContext(std::move(context), body);
    }
    sink_.Add(std::move(event));
}

void ItemParser::Edit(const JsonValue& edit) {
    const std::string mid = edit["mid"].Text();
    if (Missing(mid, "message_edit.mid")) return;
    if (!edit["text"].IsString())
        return sink_.Problem("missing_field", "message_edit.text is missing");
    ProviderEvent event = New(domain::kClassEdit);
    const std::int64_t revision = std::max<std::int64_t>(edit["num_edit"].Int().value_or(0), 0);
    event.discriminator =
        revision > 0 ? "revision:" + std::to_string(revision) : TimeDiscriminator(edit);
    event.event.set_provider_id(mid);
    event.event.mutable_edit()->set_text(edit["text"].Text());
    event.event.mutable_edit()->set_revision(revision);
    sink_.Add(std::move(event));
}

void ItemParser::Reaction(const JsonValue& reaction) {
    const std::string mid = reaction["mid"].Text();
    if (Missing(mid, "reaction.mid")) return;
    const bool removed = reaction["action"].View() == "unreact";
    if (!removed && reaction["action"].View() != "react") {
        return sink_.Problem("unknown_event", "reaction.action is neither react nor unreact");
    }
    ProviderEvent event = New(domain::kClassReaction);
    std::string emoji = reaction["emoji"].Text();
    if (emoji.empty()) emoji = reaction["reaction"].Text();
    if (emoji.empty() && !removed)
        return sink_.Problem("missing_field", "reaction.emoji and .reaction are missing");
    auto& body = *event.event.mutable_reaction();
    body.set_emoji(std::move(emoji));
    body.set_removed(removed);
    event.discriminator = TimeDiscriminator(reaction) + (removed ? "-" : "+") + body.emoji();
    event.event.set_provider_id(mid);
    if (FromUs()) event.event.clear_contact_key();  // The page itself reacted.
    sink_.Add(std::move(event));
}

void ItemParser::Receipts(
    const JsonValue& receipt, v1::DeliveryState state, std::string_view word
) {
    bool by_id = false;
    for (const auto item : receipt["mids"].Items()) {
        const std::string mid = JsonValue(item).Text();
        if (Missing(mid, "delivery.mids[]")) continue;
        AddReceipt(mid, state, word);
        by_id = true;
    }
    if (const std::string mid = receipt["mid"].Text(); !mid.empty()) {
        AddReceipt(mid, state, word);
        by_id = true;
    }
    if (by_id) return;
    const std::int64_t watermark_ms = receipt["watermark"].TimeMs();
    if (watermark_ms == 0)
        return sink_.Problem("missing_field", std::string(word) + ": no mid and no watermark");
    ProviderEvent event = New(domain::kClassReceipt);
    event.discriminator = std::string(word) + ":" + std::to_string(watermark_ms);
    event.event.mutable_receipt()->set_state(state);
    event.event.mutable_receipt()->set_watermark_ms(watermark_ms);
    sink_.Add(std::move(event));
}

void ItemParser::AddReceipt(
    const std::string& mid, v1::DeliveryState state, std::string_view word
) {
    ProviderEvent event = New(domain::kClassReceipt);
    event.discriminator = word;
    event.event.set_provider_id(mid);
    event.event.mutable_receipt()->set_state(state);
    sink_.Add(std::move(event));
}

void ItemParser::Typing(const JsonValue& typing) {
    ProviderEvent event = New(domain::kClassTyping);
    event.discriminator = TimeDiscriminator(typing);
    event.event.mutable_typing();
    sink_.Add(std::move(event));
}

void ItemParser::Control(const JsonValue& value) {
    AddControl(value, member_);
}
void ItemParser::Handover(const JsonValue& value) {
    AddControl(value, "handover");
}

void ItemParser::AddControl(const JsonValue& value, std::string_view type) {
    ProviderEvent event = New(domain::kClassControl);
    // Several may share one time: the kind belongs to the discriminator.
    event.discriminator = std::string(member_) + ":" + TimeDiscriminator(value);
    auto& control = *event.event.mutable_control();
    control.set_type(std::string(type));
    if (type != member_) SetAttribute(control, "action", std::string(member_));
    SetAttributes(control, value);
    // That the page may not send, or which app is in charge of it, concerns nobody in particular.
    const bool of_page = member_ == "policy_enforcement" || member_ == "app_roles";
    control.set_about_channel(of_page && event.event.thread_key().empty());
    sink_.Add(std::move(event));
}

// Some apps get in changes[] what others get in messaging[].
void ParseChange(
    const JsonValue& change, const std::string& page_id, v1::Provider provider, ParseSink& sink
) {
    const std::string_view field = change["field"].View();
    const Member* const known = MessengerFieldTable().Find(field);
    if (known == nullptr)
        return sink.Problem("unknown_event", "changes[].field " + std::string(field.substr(0, 60)));
    if (known->mark != kMetaMessages) return;
    if (!change["value"].IsObject())
        return sink.Problem("wrong_type", "changes[].value is not an object");
    ItemParser(change["value"], page_id, provider, sink).Run();
}

}  // namespace

void ParseMessengerEntry(const JsonValue& entry, v1::Provider provider, ParseSink& sink) {
    const std::string page_id = entry["id"].Text();
    bool has_items = false;
    for (const std::string_view member : {"messaging", "standby", "changes"}) {
        const JsonValue items = entry[member];
        if (items.exists() && !items.IsArray())
            sink.Problem("wrong_type", "entry[]." + std::string(member) + " is not an array");
        has_items |= items.exists();
        for (const auto item : items.Items()) {
            const JsonValue value(item);
            if (page_id.empty()) {
                sink.Problem("missing_field", "entry[].id is missing");
            } else if (!value.IsObject()) {
                sink.Problem(
                    "wrong_type", "entry[]." + std::string(member) + "[] is not an object"
                );
            } else if (member == "changes") {
                ParseChange(value, page_id, provider, sink);
            } else {
                ItemParser(value, page_id, provider, sink).Run();
            }
        }
    }
    if (!has_items)
        sink.Problem("unknown_event", "entry[] has neither messaging, standby nor changes");
}

}  // namespace unibox::channels
