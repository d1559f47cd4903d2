#include "channels/telegram/content.hpp"

#include "base/utf8.hpp"
#include "channels/complete.hpp"
#include "channels/contact_card.hpp"
#include "channels/parse_sink.hpp"
#include "channels/telegram/members.hpp"
#include "channels/text.hpp"
#include "domain/timestamps.hpp"

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

void ReadFile(const JsonValue& file, v1::AttachmentType type, v1::Attachment& attachment) {
    attachment.set_type(type);
    // Music has performer and title, a sticker the emoji that it stands for.
    attachment.set_name(FirstText(
        {file["file_name"].Text(),
         JoinNonEmpty({file["performer"].Text(), file["title"].Text()}),
         file["emoji"].Text()}
    ));
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
        if (const JsonValue live = media["live_photo"]; live.IsObject())
            ReadFile(live, v1::ATTACHMENT_TYPE_IMAGE, *body.add_attachments());
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
    v1::ContactCard card;
    card.set_given_name(contact["first_name"].Text());
    card.set_family_name(contact["last_name"].Text());
    card.set_provider_user_id(contact["user_id"].Text());
    card.set_vcard(contact["vcard"].Text());
    if (const std::string number = contact["phone_number"].Text(); !number.empty())
        card.add_phones()->set_value(number);
    AddContactCard(std::move(card), body);
}

void SetTime(std::int64_t unix_ms, v1::Forward& forward) {
    if (unix_ms == 0) return;
    domain::SetTime(unix_ms, forward.mutable_origin_time());
}

// What the text shows in other words than the link itself.
void ReadLinks(const JsonValue& entities, event::v1::MessageBody& body) {
    const std::string text = body.text();
    for (const auto item : entities.Items()) {
        const JsonValue entity(item);
        const std::string url = entity["url"].Text();
        if (url.empty() || entity["type"].View() != "text_link") continue;
        v1::Attachment& attachment = *body.add_attachments();
        attachment.set_type(v1::ATTACHMENT_TYPE_LINK);
        attachment.set_url(url);
        // One more than there may be: what is cut away is told.
        if (body.attachments_size() > kAttachmentCountMax) return;
        const auto offset = entity["offset"].Int();
        const auto length = entity["length"].Int();
        if (offset && length) attachment.set_name(std::string(Utf16Slice(text, *offset, *length)));
    }
}

void ReadStory(const JsonValue& story, event::v1::MessageBody& body) {
    if (!story["id"].IsSaid()) return;
    v1::Attachment& attachment = *body.add_attachments();
    attachment.set_type(v1::ATTACHMENT_TYPE_LINK);
    attachment.set_name("story");
    attachment.set_provider_media_id(story["chat"]["id"].Text() + ":" + story["id"].Text());
}

// What the message is, if it is nothing that can be read: content by its name, before whatever has
// no name here.
std::string UnreadMember(const JsonValue& message) {
    const MemberTable& table = TelegramMessageTable();
    std::string unknown;
    for (const auto& member : message.Members()) {
        if (!JsonValue(member.value).IsSaid()) continue;
        const Member* const known = table.Find(member.key);
        if (known == nullptr && unknown.empty()) unknown = member.key;
        const int mark = known == nullptr ? 0 : known->mark;
        if (mark == kTelegramContent || mark == kTelegramUnshown) return std::string(member.key);
    }
    return unknown.empty() ? "empty" : unknown;
}

// Bot API before 7.0, and whoever still writes like it.
void ReadOldForward(const JsonValue& message, v1::Forward& forward) {
    const JsonValue user = message["forward_from"];
    const JsonValue chat = message["forward_from_chat"];
    const JsonValue origin = chat.IsObject() ? chat : user;
    forward.set_origin_type(chat.IsObject() ? "chat" : user.IsObject() ? "user" : "hidden_user");
    forward.set_origin_id(origin["id"].Text());
    forward.set_origin_name(FirstText({TelegramName(origin), message["forward_sender_name"].Text()})
    );
    forward.set_origin_message_id(message["forward_from_message_id"].Text());
    forward.set_author_signature(message["forward_signature"].Text());
    SetTime(message["forward_date"].TimeMs(), forward);
}

void ReadForward(const JsonValue& message, v1::MessageContext& context) {
    const JsonValue origin = message["forward_origin"];
    if (!origin.IsObject()) {
        if (message["forward_date"].IsSaid()) ReadOldForward(message, *context.mutable_forward());
        return;
    }
    v1::Forward& forward = *context.mutable_forward();
    forward.set_origin_type(origin["type"].Text());
    for (const std::string_view author : {"sender_user", "sender_chat", "chat"}) {
        if (!origin[author].IsObject()) continue;
        forward.set_origin_id(origin[author]["id"].Text());
        forward.set_origin_name(TelegramName(origin[author]));
    }
    if (forward.origin_name().empty()) forward.set_origin_name(origin["sender_user_name"].Text());
    forward.set_origin_message_id(origin["message_id"].Text());
    forward.set_author_signature(origin["author_signature"].Text());
    SetTime(origin["date"].TimeMs(), forward);
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

std::optional<std::string_view> TelegramNotice(const JsonValue& message) {
    const MemberTable& table = TelegramMessageTable();
    for (const auto& member : message.Members()) {
        const Member* const known = table.Find(member.key);
        const bool notice = known != nullptr && known->mark == kTelegramNotice;
        if (notice && JsonValue(member.value).IsSaid()) return known->name;
    }
    return std::nullopt;
}

void ReadTelegramContext(const JsonValue& message, event::v1::MessageBody& body) {
    v1::MessageContext context;
    context.set_quoted_text(message["quote"]["text"].Text());
    context.set_album_id(message["media_group_id"].Text());
    ReadForward(message, context);
    SetContext(std::move(context), body);
}

std::string ReadTelegramContent(const JsonValue& message, event::v1::MessageBody& body) {
    body.set_kind(v1::MESSAGE_KIND_TEXT);
    body.set_text(message["text"].Text());
    const bool has_text = !body.text().empty();
    if (!has_text) body.set_text(message["caption"].Text());
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
    std::string unread;
    if (body.attachments_size() == 0 && !has_text) {
        unread = UnreadMember(message);
        if (body.text().empty()) {
            SetUnsupported(body, unread);
            return unread;
        }
        AddOther(unread, body);  // A caption is always that of something.
    }
    ReadLinks(message[has_text ? "entities" : "caption_entities"], body);
    ReadStory(message["reply_to_story"], body);
    return unread;
}

}  // namespace unibox::channels
