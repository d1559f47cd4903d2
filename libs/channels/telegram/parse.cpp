// Telegram Bot API: one Update a POST. See README.md beside it.
#include "channels/json.hpp"
#include "channels/parse_sink.hpp"
#include "channels/telegram/content.hpp"
#include "channels/telegram/members.hpp"
#include "channels/telegram/telegram.hpp"
#include "channels/text.hpp"
#include "domain/event_key.hpp"

#include <array>

namespace unibox::channels {
namespace {

// What a message, and whatever is about one, says of its place.
struct Place {
    std::string chat_id;
    std::string business_id;
    std::string topic_id;  // Of direct messages to a channel: one chat, a topic for each customer.

    std::string chat_key() const {
        return business_id.empty() ? chat_id : business_id + ":" + chat_id;
    }
    std::string thread_key() const {
        return topic_id.empty() ? chat_key() : chat_key() + ":" + topic_id;
    }
    // A message_id is unique in its chat, whatever its topic.
    std::string MessageKey(const std::string& message_id) const {
        return chat_key() + ":" + message_id;
    }
};

Place PlaceOf(const JsonValue& value) {
    return {
        value["chat"]["id"].Text(),
        value["business_connection_id"].Text(),
        value["direct_messages_topic"]["topic_id"].Text()};
}

// The customer of a chat in which somebody of the tenant's side may write too; else absent.
JsonValue CustomerOf(const JsonValue& message, const Place& place) {
    if (!place.topic_id.empty()) return message["direct_messages_topic"]["user"];
    return place.business_id.empty() ? JsonValue() : message["chat"];
}

class UpdateParser {
public:
    UpdateParser(const JsonValue& update, ParseSink& sink)
        : update_(update), update_id_(update["update_id"].Text()), sink_(sink) {}

    void Run();

private:
    void OtherUpdate();
    using Handler = void (UpdateParser::*)(const JsonValue&);
    struct Kind {
        std::string_view member;
        Handler handler;
    };
    static const std::array<Kind, 19> kKinds;

    ProviderEvent New(std::string_view key_class, std::string thread_key) const {
        return NewEvent(v1::PROVIDER_TELEGRAM, "", key_class, std::move(thread_key));
    }
    // The provider's own event id; the time inside the payload where an update has none.
    std::string Discriminator(const JsonValue& value) const {
        return update_id_.empty() ? value["date"].Text() : update_id_;
    }
    bool SetAuthor(const JsonValue& message, const Place& place, event::v1::InboundEvent& event)
        const;
    void Message(const JsonValue& message);
    void ReadContent(const JsonValue& message, event::v1::MessageBody& body);
    void ServiceMessage(const JsonValue& message, std::string_view member, ProviderEvent&& event);
    void Edit(const JsonValue& message);
    void DeletedMessages(const JsonValue& deleted);
    void Reaction(const JsonValue& reaction);
    std::vector<std::string> Emojis(const JsonValue& reactions);
    void AddReaction(const JsonValue& reaction, const std::string& emoji, bool removed);
    void Callback(const JsonValue& callback);
    void Membership(const JsonValue& change);
    void BusinessConnection(const JsonValue& connection);
    void UserControl(const JsonValue& value);

    JsonValue update_;
    std::string update_id_;
    ParseSink& sink_;
    std::string_view member_;
};

const std::array<UpdateParser::Kind, 19> UpdateParser::kKinds = {{
    {"message", &UpdateParser::Message},
    {"business_message", &UpdateParser::Message},
    {"channel_post", &UpdateParser::Message},
    {"edited_message", &UpdateParser::Edit},
    {"edited_business_message", &UpdateParser::Edit},
    {"edited_channel_post", &UpdateParser::Edit},
    {"deleted_business_messages", &UpdateParser::DeletedMessages},
    {"message_reaction", &UpdateParser::Reaction},
    {"callback_query", &UpdateParser::Callback},
    {"my_chat_member", &UpdateParser::Membership},
    {"chat_member", &UpdateParser::Membership},
    {"business_connection", &UpdateParser::BusinessConnection},
    {"chat_join_request", &UpdateParser::UserControl},
    {"shipping_query", &UpdateParser::UserControl},
    {"pre_checkout_query", &UpdateParser::UserControl},
    {"purchased_paid_media", &UpdateParser::UserControl},
    {"poll_answer", &UpdateParser::UserControl},
    {"subscription", &UpdateParser::UserControl},
    {"managed_bot", &UpdateParser::UserControl},
}};

void UpdateParser::Run() {
    for (const Kind& kind : kKinds) {
        const JsonValue value = update_[kind.member];
        if (!value.exists()) continue;
        member_ = kind.member;
        if (!value.IsObject())
            return sink_.Problem("wrong_type", std::string(kind.member) + " is not an object");
        (this->*kind.handler)(value);
        return CheckMembers(update_, TelegramUpdateTable(), "update", sink_);
    }
    OtherUpdate();
}

// One that is passed over, or that is not known.
void UpdateParser::OtherUpdate() {
    std::string names;
    for (const auto& member : update_.Members()) {
        const Member* const known = TelegramUpdateTable().Find(member.key);
        if (known != nullptr && !known->ignored_because.empty()) return;
        names += " " + std::string(member.key);
    }
    sink_.Problem("unknown_event", "update with" + names);
}

// Who wrote it. In a business chat, and in direct messages to a channel, whoever is not the
// customer is the tenant's side: true, and the contact is the customer all the same.
bool UpdateParser::SetAuthor(
    const JsonValue& message, const Place& place, event::v1::InboundEvent& event
) const {
    const JsonValue sender_chat = message["sender_chat"];
    const JsonValue author = sender_chat["id"].IsSaid() ? sender_chat : message["from"];
    const std::string author_id = author["id"].Text();
    const JsonValue customer = CustomerOf(message, place);
    const std::string customer_id = customer["id"].Text();
    const bool outbound = !customer_id.empty() && author_id != customer_id;
    const bool known = !outbound && !author_id.empty();
    const JsonValue other = customer_id.empty() ? message["chat"] : customer;
    event.set_contact_key(known ? author_id : other["id"].Text());
    event.set_contact_name(TelegramName(known ? author : other));
    return outbound;
}

// In a forum every message of a topic "answers" the notice that opened the topic: that is no
// answer.
std::string AnsweredId(const JsonValue& message) {
    std::string answered = message["reply_to_message"]["message_id"].Text();
    const bool topic_alone =
        message["is_topic_message"].Truth() && answered == message["message_thread_id"].Text();
    return topic_alone ? std::string() : answered;
}

// Of this chat, or of another one.
void SetAnswered(const JsonValue& message, const Place& place, event::v1::MessageBody& body) {
    const std::string answered = AnsweredId(message);
    if (!answered.empty()) return body.set_reply_to_provider_id(place.MessageKey(answered));
    const JsonValue other = message["external_reply"];
    if (!other["message_id"].IsSaid() || !other["chat"]["id"].IsSaid()) return;
    body.set_reply_to_provider_id(other["chat"]["id"].Text() + ":" + other["message_id"].Text());
}

void UpdateParser::Message(const JsonValue& message) {
    const Place place = PlaceOf(message);
    const std::string message_id = message["message_id"].Text();
    if (place.chat_id.empty() || message_id.empty()) {
        return sink_.Problem(
            "missing_field", std::string(member_) + ".chat.id or .message_id is missing"
        );
    }
    ProviderEvent event = New(domain::kClassMessage, place.thread_key());
    event.event.set_provider_id(place.MessageKey(message_id));
    event.event.set_provider_time_ms(message["date"].TimeMs());
    const bool outbound = SetAuthor(message, place, event.event);
    if (const auto service = TelegramNotice(message)) {
        return ServiceMessage(message, *service, std::move(event));
    }
    auto& body = *event.event.mutable_message();
    body.set_direction(outbound ? v1::DIRECTION_OUTBOUND : v1::DIRECTION_INBOUND);
    ReadContent(message, body);
    ReadTelegramContext(message, body);
    SetAnswered(message, place, body);
    sink_.Add(std::move(event));
}

void UpdateParser::ReadContent(const JsonValue& message, event::v1::MessageBody& body) {
    const std::string unread = ReadTelegramContent(message, body);
    const bool known = unread == "empty" || TelegramMessageTable().Find(unread) != nullptr;
    if (!unread.empty() && known) {
        sink_.Problem("partly_understood", std::string(member_) + " of type " + unread);
    } else if (message["text"].exists() && !message["text"].IsString()) {
        sink_.Problem("partly_understood", std::string(member_) + ".text is not a string");
    }
}

void UpdateParser::ServiceMessage(
    const JsonValue& message, std::string_view member, ProviderEvent&& event
) {
    event.key_class = domain::kClassControl;
    event.discriminator = Discriminator(message);
    auto& control = *event.event.mutable_control();
    if (member == "migrate_to_chat_id" || member == "migrate_from_chat_id") {
        control.set_type("chat_migrated");
        SetAttribute(control, "to_chat_id", message["migrate_to_chat_id"].Text());
        SetAttribute(control, "from_chat_id", message["migrate_from_chat_id"].Text());
    } else {
        control.set_type(SnakeCase(member));
        const JsonValue notice = message[member];
        if (notice.IsObject()) {
            SetAttributes(control, notice);
        } else {
            SetAttribute(control, "value", notice);
        }
    }
    sink_.Add(std::move(event));
}

void UpdateParser::Edit(const JsonValue& message) {
    const Place place = PlaceOf(message);
    const std::string message_id = message["message_id"].Text();
    if (place.chat_id.empty() || message_id.empty()) {
        return sink_.Problem(
            "missing_field", std::string(member_) + ".chat.id or .message_id is missing"
        );
    }
    ProviderEvent event = New(domain::kClassEdit, place.thread_key());
    event.discriminator = update_id_.empty() ? message["edit_date"].Text() : update_id_;
    event.event.set_provider_id(place.MessageKey(message_id));
    const std::int64_t edit_ms = message["edit_date"].TimeMs();
    event.event.set_provider_time_ms(edit_ms != 0 ? edit_ms : message["date"].TimeMs());
    SetAuthor(message, place, event.event);
    event::v1::MessageBody content;
    ReadContent(message, content);
    if (content.kind() == v1::MESSAGE_KIND_UNSUPPORTED) return;  // Nothing to put in its place.
    auto& edit = *event.event.mutable_edit();
    edit.set_text(content.text());
    edit.mutable_attachments()->Swap(content.mutable_attachments());
    edit.set_whole(true);
    sink_.Add(std::move(event));
}

void UpdateParser::DeletedMessages(const JsonValue& deleted) {
    const Place place = PlaceOf(deleted);
    if (place.chat_id.empty())
        return sink_.Problem("missing_field", "deleted_business_messages.chat.id is missing");
    if (!deleted["message_ids"].IsArray()) {
        return sink_.Problem("missing_field", "deleted_business_messages.message_ids is missing");
    }
    for (const auto item : deleted["message_ids"].Items()) {
        const std::string message_id = JsonValue(item).Text();
        if (message_id.empty()) {
            sink_.Problem(
                "wrong_type", "deleted_business_messages.message_ids has an item that is no id"
            );
            continue;
        }
        ProviderEvent event = New(domain::kClassDelete, place.thread_key());
        event.discriminator = Discriminator(deleted);
        event.event.set_contact_key(place.chat_id);
        event.event.set_contact_name(TelegramName(deleted["chat"]));
        event.event.set_provider_id(place.MessageKey(message_id));
        event.event.mutable_delete_();
        sink_.Add(std::move(event));
    }
}

std::string EmojiOf(const JsonValue& reaction) {
    const std::string type = reaction["type"].Text();
    if (type == "paid") return "\u2B50";
    if (const std::string id = reaction["custom_emoji_id"].Text(); !id.empty())
        return "custom:" + id;
    return reaction["emoji"].Text();
}

std::vector<std::string> UpdateParser::Emojis(const JsonValue& reactions) {
    std::vector<std::string> emojis;
    for (const auto item : reactions.Items()) {
        std::string emoji = EmojiOf(JsonValue(item));
        if (emoji.empty()) {
            sink_.Problem("partly_understood", "a reaction of a type that is not known");
        } else {
            emojis.push_back(std::move(emoji));
        }
    }
    return emojis;
}

// The update tells all of a contact's reactions before and after; what changed becomes events,
// removals first.
void UpdateParser::Reaction(const JsonValue& reaction) {
    const Place place = PlaceOf(reaction);
    if (place.chat_id.empty() || reaction["message_id"].Text().empty()) {
        return sink_.Problem("missing_field", "message_reaction.chat.id or .message_id is missing");
    }
    if (!reaction["new_reaction"].IsArray()) {
        return sink_.Problem("missing_field", "message_reaction.new_reaction is missing");
    }
    const simdjson::dom::array left = reaction["new_reaction"].Items();
    if (left.begin() == left.end()) return AddReaction(reaction, "", true);
    const auto before = Emojis(reaction["old_reaction"]);
    const auto after = Emojis(reaction["new_reaction"]);
    const auto has = [](const std::vector<std::string>& emojis, const std::string& emoji) {
        return std::find(emojis.begin(), emojis.end(), emoji) != emojis.end();
    };
    for (const std::string& emoji : before) {
        if (!has(after, emoji)) AddReaction(reaction, emoji, true);
    }
    for (const std::string& emoji : after) {
        if (!has(before, emoji)) AddReaction(reaction, emoji, false);
    }
}

void UpdateParser::AddReaction(const JsonValue& reaction, const std::string& emoji, bool removed) {
    const Place place = PlaceOf(reaction);
    const JsonValue user = reaction["user"];
    const JsonValue author = user.exists() ? user : reaction["actor_chat"];
    ProviderEvent event = New(domain::kClassReaction, place.thread_key());
    event.discriminator = Discriminator(reaction) + (removed ? "-" : "+") + emoji;
    event.event.set_provider_id(place.MessageKey(reaction["message_id"].Text()));
    event.event.set_provider_time_ms(reaction["date"].TimeMs());
    event.event.set_contact_key(author["id"].Text());
    event.event.set_contact_name(TelegramName(author));
    event.event.mutable_reaction()->set_emoji(emoji);
    event.event.mutable_reaction()->set_removed(removed);
    sink_.Add(std::move(event));
}

// The text on the button that was pressed, if the message still shows its keyboard.
std::string ButtonText(const JsonValue& message, std::string_view data) {
    for (const auto row : message["reply_markup"]["inline_keyboard"].Items()) {
        for (const auto item : JsonValue(row).Items()) {
            const JsonValue button(item);
            if (button["callback_data"].View() == data) return button["text"].Text();
        }
    }
    return {};
}

void UpdateParser::Callback(const JsonValue& callback) {
    const JsonValue message = callback["message"];
    Place place = PlaceOf(message);
    const JsonValue author = callback["from"];
    if (place.chat_id.empty()) place.chat_id = author["id"].Text();
    if (place.chat_id.empty() || callback["id"].Text().empty()) {
        return sink_.Problem("missing_field", "callback_query.id or .from.id is missing");
    }
    ProviderEvent event = New(domain::kClassMessage, place.thread_key());
    event.event.set_provider_id(callback["id"].Text());
    if (author["id"].exists()) event.event.set_contact_key(author["id"].Text());
    event.event.set_contact_name(TelegramName(author));
    auto& body = *event.event.mutable_message();
    body.set_direction(v1::DIRECTION_INBOUND);
    body.set_kind(v1::MESSAGE_KIND_POSTBACK);
    const JsonValue data = callback["data"];
    body.set_payload(data.exists() ? data.Text() : callback["game_short_name"].Text());
    body.set_text(ButtonText(message, data.View()));
    if (body.payload().empty())
        sink_.Problem("partly_understood", "callback_query without data or game_short_name");
    const std::string answered = message["message_id"].Text();
    if (!answered.empty()) body.set_reply_to_provider_id(place.MessageKey(answered));
    sink_.Add(std::move(event));
}

void UpdateParser::Membership(const JsonValue& change) {
    const Place place = PlaceOf(change);
    if (place.chat_id.empty())
        return sink_.Problem("missing_field", std::string(member_) + ".chat.id is missing");
    const std::string status = change["new_chat_member"]["status"].Text();
    ProviderEvent event = New(domain::kClassControl, place.thread_key());
    event.discriminator = Discriminator(change);
    event.event.set_provider_time_ms(change["date"].TimeMs());
    SetAuthor(change, place, event.event);
    auto& control = *event.event.mutable_control();
    const bool about_us = member_ == "my_chat_member" && change["chat"]["type"].View() == "private";
    control.set_type("membership_changed");
    if (about_us && status == "kicked") control.set_type("contact_blocked");
    if (about_us && status == "member") control.set_type("contact_unblocked");
    SetAttribute(control, "status", status);
    SetAttribute(control, "user_id", change["new_chat_member"]["user"]["id"].Text());
    SetAttribute(control, "until_date", change["new_chat_member"]["until_date"].Text());
    SetAttribute(control, "old_status", change["old_chat_member"]["status"].Text());
    SetAttributes(control, change["invite_link"], "invite_link_");
    for (const std::string_view way : {"via_join_request", "via_chat_folder_invite_link"}) {
        if (change[way].Truth()) SetAttribute(control, way, "true");
    }
    sink_.Add(std::move(event));
}

void UpdateParser::BusinessConnection(const JsonValue& connection) {
    ProviderEvent event = New(domain::kClassControl, connection["user_chat_id"].Text());
    event.discriminator = Discriminator(connection);
    event.event.set_provider_time_ms(connection["date"].TimeMs());
    event.event.set_contact_name(TelegramName(connection["user"]));
    auto& control = *event.event.mutable_control();
    control.set_type("business_connection");
    SetAttribute(control, "business_connection_id", connection["id"].Text());
    SetAttribute(control, "enabled", connection["is_enabled"].Truth() ? "true" : "false");
    if (connection["can_reply"].IsBool())
        SetAttribute(control, "can_reply", connection["can_reply"].Json());
    SetAttributes(control, connection["rights"], "rights_");
    sink_.Add(std::move(event));
}

void UpdateParser::UserControl(const JsonValue& value) {
    const JsonValue from = value["from"];
    const JsonValue user = from.exists() ? from : value["user"];
    const std::string user_id = user["id"].Text();
    ProviderEvent event = New(domain::kClassControl, user_id);
    event.discriminator = Discriminator(value);
    event.event.set_provider_time_ms(value["date"].TimeMs());
    event.event.set_contact_name(TelegramName(user));
    auto& control = *event.event.mutable_control();
    control.set_type(std::string(member_));
    SetAttributes(control, value);
    SetAttribute(control, "id", value["id"].Text());
    const JsonValue invoice = value["invoice_payload"];
    SetAttribute(
        control, "payload", invoice.exists() ? invoice.Text() : value["paid_media_payload"].Text()
    );
    SetAttribute(control, "chat_id", value["chat"]["id"].Text());
    sink_.Add(std::move(event));
}

}  // namespace

Result<Parsed> ParseTelegram(const WebhookRequest& request) {
    UNIBOX_ASSIGN_OR_RETURN(const auto document, JsonDocument::ParseTolerant(request.body));
    ParseSink sink;
    UpdateParser(document.root(), sink).Run();
    return std::move(sink).Take(document.repairs());
}

}  // namespace unibox::channels
