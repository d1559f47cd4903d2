#include "base/utf8.hpp"
#include "channels/complete.hpp"
#include "channels/meta/parts.hpp"
#include "channels/text.hpp"

#include <array>

namespace unibox::channels {
namespace {

struct TypeName {
    std::string_view name;
    v1::AttachmentType type;
};
constexpr std::array<TypeName, 7> kAttachmentTypes = {{
    {"image", v1::ATTACHMENT_TYPE_IMAGE},
    {"video", v1::ATTACHMENT_TYPE_VIDEO},
    {"audio", v1::ATTACHMENT_TYPE_AUDIO},
    {"file", v1::ATTACHMENT_TYPE_FILE},
    {"sticker", v1::ATTACHMENT_TYPE_STICKER},
    {"like_heart", v1::ATTACHMENT_TYPE_STICKER},
    {"location", v1::ATTACHMENT_TYPE_LOCATION},
}};
// What lives at the provider and is only pointed to.
constexpr std::array<std::string_view, 10> kLinkTypes = {
    "fallback",
    "template",
    "share",
    "story_mention",
    "ig_reel",
    "reel",
    "ig_post",
    "post",
    "ig_story",
    "appointment_booking"};
// Links of which the provider tells no more than that.
constexpr std::array<std::string_view, 1> kBareLinkTypes = {"ephemeral"};

template <std::size_t kSize>
bool Contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

v1::AttachmentType AttachmentTypeOf(const JsonValue& attachment) {
    const std::string_view name = attachment["type"].View();
    if (attachment["payload"]["sticker_id"].exists()) return v1::ATTACHMENT_TYPE_STICKER;
    for (const TypeName& type : kAttachmentTypes) {
        if (type.name == name) return type.type;
    }
    const bool link = Contains(kLinkTypes, name) || Contains(kBareLinkTypes, name);
    return link ? v1::ATTACHMENT_TYPE_LINK : v1::ATTACHMENT_TYPE_OTHER;
}

void ReadLocation(const JsonValue& coordinates, v1::Attachment& attachment) {
    const auto latitude = coordinates["lat"].Number();
    const auto longitude = coordinates["long"].Number();
    attachment.set_unavailable(!latitude || !longitude);
    attachment.set_latitude(latitude.value_or(0));
    attachment.set_longitude(longitude.value_or(0));
}

// The elements of a template stand in one of these places.
JsonValue ElementsOf(const JsonValue& payload) {
    for (const JsonValue& elements :
         {payload["elements"], payload["generic"]["elements"], payload["product"]["elements"]}) {
        if (elements.IsSaid()) return elements;
    }
    return {};
}

std::string ButtonUrl(const JsonValue& buttons) {
    for (const auto button : buttons.Items()) {
        if (std::string url = JsonValue(button)["url"].Text(); !url.empty()) return url;
    }
    return {};
}

// What our own side sent: its words are the message's text, its first title and link the
// attachment's.
void ReadTemplate(
    const JsonValue& payload, v1::Attachment& attachment, event::v1::MessageBody& body
) {
    std::string titles;
    std::string url = ButtonUrl(payload["buttons"]);
    for (const auto item : ElementsOf(payload).Items()) {
        const JsonValue element(item);
        const std::string title = element["title"].Text();
        if (attachment.name().empty())
            attachment.set_name(std::string(CutUtf8(title, kNameBytesMax)));
        if (!titles.empty() && !title.empty()) titles += '\n';
        titles += title;
        url = FirstText(
            {url,
             element["url"].Text(),
             element["default_action"]["url"].Text(),
             ButtonUrl(element["buttons"]),
             element["image_url"].Text()}
        );
    }
    if (attachment.url().empty()) attachment.set_url(url);
    const std::string words = FirstText({payload["text"].Text(), titles});
    if (words.empty()) return;
    body.set_text(body.text().empty() ? words : body.text() + "\n" + words);
}

bool IsMedia(v1::AttachmentType type) {
    return type == v1::ATTACHMENT_TYPE_IMAGE || type == v1::ATTACHMENT_TYPE_VIDEO ||
           type == v1::ATTACHMENT_TYPE_AUDIO || type == v1::ATTACHMENT_TYPE_FILE;
}

}  // namespace

bool ReadMessengerAttachment(const JsonValue& source, event::v1::MessageBody& body) {
    v1::Attachment& attachment = *body.add_attachments();
    const JsonValue payload = source["payload"];
    attachment.set_type(AttachmentTypeOf(source));
    attachment.set_url(FirstText({payload["url"].Text(), source["url"].Text()}));
    attachment.set_name(FirstText({payload["title"].Text(), source["title"].Text()}));
    attachment.set_provider_media_id(FirstText(
        {payload["sticker_id"].Text(),
         payload["reel_video_id"].Text(),
         payload["ig_post_media_id"].Text(),
         payload["attachment_id"].Text(),
         payload["id"].Text()}
    ));
    const std::string_view type = source["type"].View();
    const std::size_t text_size = body.text().size();
    if (type == "template") ReadTemplate(payload, attachment, body);
    if (attachment.type() == v1::ATTACHMENT_TYPE_LOCATION)
        ReadLocation(payload["coordinates"], attachment);
    if (attachment.type() == v1::ATTACHMENT_TYPE_OTHER) {
        attachment.set_name(source["type"].Text());
        return false;
    }
    const bool nowhere = attachment.url().empty() && attachment.provider_media_id().empty();
    if (IsMedia(attachment.type())) attachment.set_unavailable(nowhere);
    const bool link = attachment.type() == v1::ATTACHMENT_TYPE_LINK;
    const bool wordless = attachment.name().empty() && body.text().size() == text_size;
    return !(link && nowhere && wordless) || Contains(kBareLinkTypes, type);
}

void ReadReferral(const JsonValue& source, v1::Referral& referral) {
    const JsonValue ad = source["ads_context_data"];
    const std::string video = source["video_url"].Text();
    const std::string image = source["image_url"].Text();
    referral.set_source_type(FirstText({source["source_type"].Text(), source["source"].Text()}));
    referral.set_source_id(FirstText({source["source_id"].Text(), source["ad_id"].Text()}));
    referral.set_source_url(FirstText({source["source_url"].Text(), source["referer_uri"].Text()}));
    referral.set_headline(FirstText({source["headline"].Text(), ad["ad_title"].Text()}));
    referral.set_body(source["body"].Text());
    referral.set_media_type(source["media_type"].Text());
    referral.set_media_url(FirstText({video, image, ad["photo_url"].Text()}));
    // Of an advertisement on Messenger `video_url` is the film's still picture.
    referral.set_thumbnail_url(FirstText(
        {source["thumbnail_url"].Text(), ad["video_url"].Text(), video.empty() ? video : image}
    ));
    referral.set_click_id(source["ctwa_clid"].Text());
    referral.set_ref(source["ref"].Text());
    referral.set_entry_type(source["type"].Text());
    referral.set_post_id(ad["post_id"].Text());
    referral.set_product_id(FirstText({ad["product_id"].Text(), source["product"]["id"].Text()}));
    referral.set_flow_id(ad["flow_id"].Text());
    referral.set_greeting(source["welcome_message"]["text"].Text());
}

}  // namespace unibox::channels
