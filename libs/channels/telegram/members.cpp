// The objects of the Bot API (10.3) as far as updates hold them. See README.md beside it.
#include "channels/telegram/members.hpp"

#include "channels/telegram/content.hpp"

namespace unibox::channels {
namespace {

// Why something is passed over.
constexpr std::string_view kAccount = "a property of the account, not of what it says";
constexpr std::string_view kChatSetting = "a setting of the chat";
constexpr std::string_view kHowShown = "how it is shown, not what is said";
constexpr std::string_view kFile = "the file itself tells it";
constexpr std::string_view kCopy = "a copy of a message that has its own update";
constexpr std::string_view kForm = "how the text is formatted";
constexpr std::string_view kPrice = "what it cost in the provider's own currency";
constexpr std::string_view kOurs = "what our own side wrote or offered";

constexpr Member Content(std::string_view name, const MemberTable* inside) {
    return {name, {}, inside, kTelegramContent};
}

constexpr auto kUserMembers = Sorted(
    Taken("id", "first_name", "last_name", "username"),
    Ignored(
        kAccount,
        "is_bot",
        "language_code",
        "is_premium",
        "added_to_attachment_menu",
        "can_join_groups",
        "can_read_all_group_messages",
        "supports_guest_queries",
        "supports_inline_queries",
        "supports_join_request_queries",
        "can_connect_to_business",
        "can_manage_bots",
        "has_main_web_app",
        "has_topics_enabled",
        "allows_users_to_create_topics"
    )
);
constexpr MemberTable kUser{kUserMembers, {}};

// ChatFullInfo has more; updates do not carry it.
constexpr auto kChatMembers = Sorted(
    Taken("id", "title", "first_name", "last_name", "username"),
    Ignored(
        kChatSetting, "type", "is_forum", "is_direct_messages", "all_members_are_administrators"
    )
);
constexpr MemberTable kChat{kChatMembers, {}};

constexpr auto kMembershipChatMembers = Sorted(
    Taken("id", "title", "first_name", "last_name", "username", "type"),
    Ignored(kChatSetting, "is_forum", "is_direct_messages", "all_members_are_administrators")
);
constexpr MemberTable kMembershipChat{kMembershipChatMembers, {}};

constexpr auto kTopicMembers = Sorted(Known(Read("topic_id"), Read("user", &kUser)));
constexpr MemberTable kDirectMessagesTopic{kTopicMembers, {}};

constexpr auto kEntityMembers = Sorted(
    Taken("type", "offset", "length", "url"),
    Ignored(kForm, "language", "custom_emoji_id", "unix_time", "date_time_format"),
    Ignored("the text has the name under which the person is mentioned", "user")
);
constexpr MemberTable kEntity{kEntityMembers, {}};

constexpr auto kOriginMembers = Sorted(Known(
    Read("type"),
    Read("date"),
    Read("sender_user", &kUser),
    Read("sender_user_name"),
    Read("sender_chat", &kChat),
    Read("chat", &kChat),
    Read("message_id"),
    Read("author_signature")
));
constexpr MemberTable kOrigin{kOriginMembers, {}};

constexpr auto kQuoteMembers =
    Sorted(Taken("text"), Ignored(kForm, "position", "entities", "is_manual"));
constexpr MemberTable kQuote{kQuoteMembers, {}};

constexpr auto kExternalReplyMembers = Sorted(Known(Read("chat", &kChat), Read("message_id")));
constexpr MemberTable kExternalReply{kExternalReplyMembers, kCopy};

constexpr auto kRepliedMembers = Sorted(Taken("message_id"));
constexpr MemberTable kReplied{kRepliedMembers, kCopy};

constexpr auto kStoryMembers = Sorted(Known(Read("id"), Read("chat", &kChat)));
constexpr MemberTable kStory{kStoryMembers, {}};

constexpr auto kFileMembers = Sorted(
    Taken("file_id", "file_name", "mime_type", "file_size"),
    Ignored(
        kFile,
        "file_unique_id",
        "width",
        "height",
        "length",
        "duration",
        "thumbnail",
        "thumb",
        "cover",
        "start_timestamp",
        "qualities",
        "photo"
    )
);
constexpr MemberTable kFileTable{kFileMembers, {}};

constexpr auto kAudioMembers = Sorted(
    Taken("file_id", "file_name", "mime_type", "file_size", "performer", "title"),
    Ignored(kFile, "file_unique_id", "duration", "thumbnail", "thumb")
);
constexpr MemberTable kAudio{kAudioMembers, {}};

constexpr auto kStickerMembers = Sorted(
    Taken("file_id", "file_size", "emoji"),
    Ignored(
        kFile,
        "file_unique_id",
        "type",
        "width",
        "height",
        "is_animated",
        "is_video",
        "thumbnail",
        "thumb",
        "set_name",
        "premium_animation",
        "mask_position",
        "custom_emoji_id",
        "needs_repainting"
    )
);
constexpr MemberTable kSticker{kStickerMembers, {}};

constexpr auto kPaidItemMembers = Sorted(
    Known(Read("photo", &kFileTable), Read("video", &kFileTable), Read("live_photo", &kFileTable)),
    Ignored(kFile, "type", "width", "height", "duration")
);
constexpr MemberTable kPaidItem{kPaidItemMembers, {}};
constexpr auto kPaidMediaMembers =
    Sorted(Known(Read("paid_media", &kPaidItem)), Ignored(kPrice, "star_count"));
constexpr MemberTable kPaidMedia{kPaidMediaMembers, {}};

constexpr auto kContactMembers =
    Sorted(Taken("phone_number", "first_name", "last_name", "user_id", "vcard"));
constexpr MemberTable kContact{kContactMembers, {}};

constexpr auto kLocationMembers = Sorted(
    Taken("latitude", "longitude"),
    Ignored(
        "what a place shared live has besides the place",
        "horizontal_accuracy",
        "live_period",
        "heading",
        "proximity_alert_radius"
    )
);
constexpr MemberTable kLocation{kLocationMembers, {}};
constexpr auto kVenueMembers = Sorted(
    Known(Read("location", &kLocation), Read("title"), Read("address")),
    Ignored(
        "the place's number in another directory",
        "foursquare_id",
        "foursquare_type",
        "google_place_id",
        "google_place_type"
    )
);
constexpr MemberTable kVenue{kVenueMembers, {}};

constexpr auto kWebAppDataMembers = Sorted(Taken("data", "button_text"));
constexpr MemberTable kWebAppData{kWebAppDataMembers, {}};

constexpr auto kMessageMembers = Sorted(
    Known(
        Read("chat", &kChat),
        Read("direct_messages_topic", &kDirectMessagesTopic),
        Read("from", &kUser),
        Read("sender_chat", &kChat),
        Read("reply_to_message", &kReplied),
        Read("external_reply", &kExternalReply),
        Read("reply_to_story", &kStory),
        Read("quote", &kQuote),
        Read("forward_origin", &kOrigin),
        Read("forward_from", &kUser),
        Read("forward_from_chat", &kChat),
        Read("entities", &kEntity),
        Read("caption_entities", &kEntity),
        Content("animation", &kFileTable),
        Content("audio", &kAudio),
        Content("document", &kFileTable),
        Content("live_photo", &kFileTable),
        Content("paid_media", &kPaidMedia),
        Content("photo", &kFileTable),
        Content("sticker", &kSticker),
        Content("video", &kFileTable),
        Content("video_note", &kFileTable),
        Content("voice", &kFileTable),
        Content("contact", &kContact),
        Content("venue", &kVenue),
        Content("location", &kLocation),
        Read("web_app_data", &kWebAppData)
    ),
    Taken(
        "message_id",
        "date",
        "edit_date",
        "message_thread_id",
        "is_topic_message",
        "business_connection_id",
        "media_group_id",
        "text",
        "caption",
        "forward_date",
        "forward_from_message_id",
        "forward_sender_name",
        "forward_signature"
    ),
    // Kept raw where it stands alone.
    Marked(
        kTelegramUnshown,
        "poll",
        "dice",
        "story",
        "game",
        "invoice",
        "checklist",
        "giveaway",
        "giveaway_winners",
        "rich_message"
    ),
    Marked(
        kTelegramNotice,
        "new_chat_members",
        "left_chat_member",
        "chat_owner_left",
        "chat_owner_changed",
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
        "user_shared",
        "users_shared",
        "chat_shared",
        "gift",
        "unique_gift",
        "gift_upgrade_sent",
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
        "managed_bot_created",
        "poll_option_added",
        "poll_option_deleted",
        "suggested_post_approved",
        "suggested_post_approval_failed",
        "suggested_post_declined",
        "suggested_post_paid",
        "suggested_post_refunded",
        "community_chat_added",
        "community_chat_removed",
        "community_chat_joined",
        "video_chat_scheduled",
        "video_chat_started",
        "video_chat_ended",
        "video_chat_participants_invited",
        "voice_chat_scheduled",
        "voice_chat_started",
        "voice_chat_ended",
        "voice_chat_participants_invited",
        "passport_data",
        "paid_message_price_changed",
        "direct_message_price_changed",
        "checklist_tasks_done",
        "checklist_tasks_added"
    ),
    Ignored(
        kAccount,
        "sender_boost_count",
        "sender_tag",
        "via_bot",
        "sender_business_bot",
        "guest_bot_caller_user",
        "guest_bot_caller_chat",
        "guest_query_id"
    ),
    Ignored(
        kHowShown,
        "has_protected_content",
        "is_from_offline",
        "link_preview_options",
        "effect_id",
        "show_caption_above_media",
        "has_media_spoiler",
        "ephemeral_message_id",
        "receiver_user"
    ),
    Ignored(kPrice, "is_paid_post", "paid_star_count", "suggested_post_info"),
    Ignored("forward_origin says where it comes from", "is_automatic_forward"),
    Ignored("the channel is the contact, whoever signed for it", "author_signature"),
    Ignored(
        "the message answered is told, not the line in it",
        "reply_to_checklist_task_id",
        "reply_to_poll_option_id"
    ),
    Ignored(kOurs, "reply_markup")
);
constexpr MemberTable kMessage{kMessageMembers, {}};

constexpr auto kPressedMessageMembers = Sorted(Known(
    Read("message_id"),
    Read("chat", &kChat),
    Read("business_connection_id"),
    Read("direct_messages_topic", &kDirectMessagesTopic),
    Read("reply_markup")
));
constexpr MemberTable kPressedMessage{kPressedMessageMembers, kOurs};

constexpr auto kCallbackMembers = Sorted(
    Known(
        Read("id"),
        Read("from", &kUser),
        Read("message", &kPressedMessage),
        Read("data"),
        Read("game_short_name")
    ),
    Ignored("says where a game's points are kept", "chat_instance"),
    Ignored("names a message in a chat that the bot does not see", "inline_message_id")
);
constexpr MemberTable kCallback{kCallbackMembers, {}};

constexpr auto kReactionTypeMembers = Sorted(Taken("type", "emoji", "custom_emoji_id"));
constexpr MemberTable kReactionType{kReactionTypeMembers, {}};
constexpr auto kReactionMembers = Sorted(Known(
    Read("chat", &kChat),
    Read("message_id"),
    Read("date"),
    Read("old_reaction", &kReactionType),
    Read("new_reaction", &kReactionType),
    Read("user", &kUser),
    Read("actor_chat", &kChat)
));
constexpr MemberTable kReaction{kReactionMembers, {}};

constexpr auto kDeletedMembers =
    Sorted(Known(Read("business_connection_id"), Read("chat", &kChat), Read("message_ids")));
constexpr MemberTable kDeleted{kDeletedMembers, {}};

constexpr auto kMemberUserMembers = Sorted(Taken("id"));
constexpr MemberTable kMemberUser{kMemberUserMembers, kAccount};
constexpr auto kChatMemberMembers =
    Sorted(Known(Read("status"), Read("user", &kMemberUser), Read("until_date")));
constexpr MemberTable kChatMember{kChatMemberMembers, "a right or title of the member"};
constexpr auto kMembershipMembers = Sorted(
    Known(
        Read("chat", &kMembershipChat),
        Read("from", &kUser),
        Read("date"),
        Read("old_chat_member", &kChatMember),
        Read("new_chat_member", &kChatMember)
    ),
    Taken("invite_link", "via_join_request", "via_chat_folder_invite_link")
);
constexpr MemberTable kMembership{kMembershipMembers, {}};

constexpr auto kConnectionMembers = Sorted(
    Known(Read("user", &kUser)),
    Taken("id", "user_chat_id", "date", "is_enabled", "can_reply", "rights")
);
constexpr MemberTable kConnection{kConnectionMembers, {}};

constexpr std::string_view kNotToUs = "not said to the tenant";
constexpr std::string_view kNobody = "a count or state, said by nobody in particular";

constexpr auto kUpdateMembers = Sorted(
    Known(
        Read("message", &kMessage),
        Read("business_message", &kMessage),
        Read("channel_post", &kMessage),
        Read("edited_message", &kMessage),
        Read("edited_business_message", &kMessage),
        Read("edited_channel_post", &kMessage),
        Read("deleted_business_messages", &kDeleted),
        Read("message_reaction", &kReaction),
        Read("callback_query", &kCallback),
        Read("my_chat_member", &kMembership),
        Read("chat_member", &kMembership),
        Read("business_connection", &kConnection)
    ),
    // Their members become attributes.
    Taken(
        "chat_join_request",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll_answer",
        "subscription",
        "managed_bot",
        "update_id"
    ),
    Ignored(kNotToUs, "inline_query", "chosen_inline_result"),
    Ignored(kNobody, "message_reaction_count", "poll", "chat_boost", "removed_chat_boost")
);
constexpr MemberTable kUpdate{kUpdateMembers, {}};

}  // namespace

const MemberTable& TelegramUpdateTable() {
    return kUpdate;
}

const MemberTable& TelegramMessageTable() {
    return kMessage;
}

}  // namespace unibox::channels
