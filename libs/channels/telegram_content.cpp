#include "channels/telegram_content.hpp"

#include "channels/parse_sink.hpp"
#include "channels/text.hpp"

#include <array>

namespace unibox::channels {
namespace {

struct FileMember {
    std::string_view name;
    v1::AttachmentType type;
};
// `animation` stands before `document`, which Telegram repeats it in.
constexpr std::array<FileMember, 8> kFileMembers = {{
    {"animation", v1::ATTACHMENT_TYPE_VIDEO},
    {"document", v1::ATTACHMENT_TYPE_FILE},
    {"video", v1::ATTACHMENT_TYPE_VIDEO},
    {"video_note", v1::ATTACHMENT_TYPE_VIDEO},
    {"audio", v1::ATTACHMENT_TYPE_AUDIO},
    {"voice", v1::ATTACHMENT_TYPE_VOICE},
    {"sticker", v1::ATTACHMENT_TYPE_STICKER},
    {"live_photo", v1::ATTACHMENT_TYPE_IMAGE},
}};

constexpr std::array<std::string_view, 38> kServiceMembers = {
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "message_auto_delete_timer_changed",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway_completed",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "passport_data",
    "paid_message_price_changed",
    "direct_message_price_changed",
    "checklist_tasks_done",
    "checklist_tasks_added"};

// Members of a message that are not its content.
constexpr std::array<std::string_view, 34> kEnvelopeMembers = {
    "message_id",
    "message_thread_id",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "date",
    "business_connection_id",
    "chat",
    "forward_origin",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "external_reply",
    "quote",
    "reply_to_story",
    "via_bot",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "media_group_id",
    "author_signature",
    "entities",
    "link_preview_options",
    "effect_id",
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "reply_markup",
    "forward_from",
    "forward_date",
    "forward_from_chat",
    "text"};

template <std::size_t kSize>
bool Contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void ReadFile(const JsonValue& file, v1::AttachmentType type, v1::Attachment& attachment) {
    attachment.set_type(type);
    attachment.set_name(file["file_name"].Text());
    attachment.set_mime_type(file["mime_type"].Text());
    attachment.set_size_bytes(std::max<std::int64_t>(file["file_size"].Int().value_or(0), 0));
    attachment.set_provider_media_id(file["file_id"].Text());
    attachment.set_unavailable(attachment.size_bytes() > kTelegramFileBytesMax);
}

void ReadPhoto(const JsonValue& sizes, event::v1::MessageBody& body) {
    JsonValue largest;  // Sizes of one picture, the largest last.
    for (const auto size : sizes.Items()) largest = JsonValue(size);
    if (largest.IsObject()) ReadFile(largest, v1::ATTACHMENT_TYPE_IMAGE, *body.add_attachments());
}

void AddOther(std::string_view name, event::v1::MessageBody& body) {
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_OTHER);
    attachment.set_name(CleanText(name));
}

// What has not been paid for is told, but not handed out.
void ReadPaidMedia(const JsonValue& paid, event::v1::MessageBody& body) {
    for (const auto item : paid["paid_media"].Items()) {
        const JsonValue media(item);
        const int known_count = body.attachments_size();
        ReadPhoto(media["photo"], body);
        if (const JsonValue video = media["video"]; video.IsObject())
            ReadFile(video, v1::ATTACHMENT_TYPE_VIDEO, *body.add_attachments());
        if (body.attachments_size() > known_count) continue;
        AddOther("paid_media", body);
        body.mutable_attachments()->rbegin()->set_unavailable(true);
    }
}

void ReadPlace(const JsonValue& message, event::v1::MessageBody& body) {
    const JsonValue venue = message["venue"];
    const JsonValue place = venue.exists() ? venue["location"] : message["location"];
    const auto latitude = place["latitude"].Number();
    const auto longitude = place["longitude"].Number();
    if (!latitude || !longitude) return;
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_LOCATION);
    attachment.set_latitude(*latitude);
    attachment.set_longitude(*longitude);
    attachment.set_name(JoinNonEmpty({venue["title"].Text(), venue["address"].Text()}));
}

void ReadContact(const JsonValue& contact, event::v1::MessageBody& body) {
    if (!contact.IsObject()) return;
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_CONTACT);
    attachment.set_name(JoinNonEmpty({TelegramName(contact), contact["phone_number"].Text()}));
}

std::string UnknownMember(const JsonValue& message) {
    for (const auto& member : message.Members()) {
        if (!Contains(kEnvelopeMembers, member.key)) return std::string(member.key);
    }
    return "empty";
}

}  // namespace

std::string TelegramName(const JsonValue& user_or_chat) {
    std::string name = user_or_chat["first_name"].Text();
    const std::string last = user_or_chat["last_name"].Text();
    if (!name.empty() && !last.empty()) name += ' ';
    name += last;
    if (name.empty()) name = user_or_chat["title"].Text();
    return name.empty() ? user_or_chat["username"].Text() : name;
}

std::optional<std::string_view> TelegramServiceMember(const JsonValue& message) {
    for (const auto& member : message.Members()) {
        if (Contains(kServiceMembers, member.key)) return member.key;
    }
    return std::nullopt;
}

std::string ReadTelegramContent(const JsonValue& message, event::v1::MessageBody& body) {
    body.set_kind(v1::MESSAGE_KIND_TEXT);
    const JsonValue text = message["text"];
    body.set_text(text.exists() ? text.Text() : message["caption"].Text());
    ReadPhoto(message["photo"], body);
    for (const FileMember& member : kFileMembers) {
        const JsonValue file = message[member.name];
        if (!file.IsObject()) continue;
        ReadFile(file, member.type, *body.add_attachments());
        if (member.name == "animation") break;
    }
    ReadPaidMedia(message["paid_media"], body);
    ReadPlace(message, body);
    ReadContact(message["contact"], body);
    if (const JsonValue data = message["web_app_data"]; data.IsObject()) {
        body.set_kind(v1::MESSAGE_KIND_POSTBACK);
        body.set_text(data["button_text"].Text());
        body.set_payload(data["data"].Text());
        return {};
    }
    const bool has_text = text.exists() && !body.text().empty();
    if (body.attachments_size() > 0 || has_text) return {};
    std::string unread = UnknownMember(message);
    if (body.text().empty()) {
        SetUnsupported(body, unread);
    } else {
        AddOther(unread, body);  // A caption is always that of something.
    }
    return unread;
}

}  // namespace unibox::channels
