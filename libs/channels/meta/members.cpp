// The objects of Meta's webhooks, by its references of 2026: what is read, and what is passed over
// and why. See README.md beside it.
#include "channels/meta/members.hpp"

#include "channels/meta/parts.hpp"

namespace unibox::channels {
namespace {

constexpr std::string_view kOurs = "what our own side sent or set up";
constexpr std::string_view kRepeats = "another member says the same";
constexpr std::string_view kGuess = "what the provider's machine makes of the text";
constexpr std::string_view kApp = "which of the tenant's programs was involved";
constexpr std::string_view kBilling = "what the provider charges";
constexpr std::string_view kPublic = "said in public, not to the tenant";
constexpr std::string_view kFigures = "figures or a state, said by nobody";
constexpr std::string_view kTemplates = "a template's life; messages are not sent by Unibox";
constexpr std::string_view kSetUp = "how the account is set up for other products";
constexpr std::string_view kIdentity = "a key of the end-to-end encryption";
constexpr std::string_view kFile = "the file itself tells it";

// Messenger and Instagram

constexpr auto kIdMembers = Sorted(Taken("id", "user_ref"), Ignored(kRepeats, "username", "name"));
constexpr MemberTable kId{kIdMembers, {}};

constexpr auto kAdMembers =
    Sorted(Taken("ad_title", "photo_url", "video_url", "post_id", "product_id", "flow_id"));
constexpr MemberTable kAd{kAdMembers, {}};
constexpr auto kProductIdMembers = Sorted(Taken("id"));
constexpr MemberTable kProductId{kProductIdMembers, {}};
constexpr auto kGreetingMembers = Sorted(Taken("text"));
constexpr MemberTable kGreeting{kGreetingMembers, {}};
constexpr auto kReferralMembers = Sorted(
    Known(
        Read("ads_context_data", &kAd),
        Read("product", &kProductId),
        Read("welcome_message", &kGreeting)
    ),
    Taken(
        "ref",
        "source",
        "type",
        "ad_id",
        "referer_uri",
        "source_url",
        "source_type",
        "source_id",
        "headline",
        "body",
        "media_type",
        "image_url",
        "video_url",
        "thumbnail_url",
        "ctwa_clid"
    ),
    Ignored("the contact says it: a guest has no profile", "is_guest_user")
);
constexpr MemberTable kReferral{kReferralMembers, {}};

constexpr auto kLinkOnlyMembers = Sorted(Taken("url"));
constexpr MemberTable kLinkOnly{kLinkOnlyMembers, kOurs};
constexpr auto kElementMembers = Sorted(Known(
    Read("title"),
    Read("url"),
    Read("image_url"),
    Read("default_action", &kLinkOnly),
    Read("buttons", &kLinkOnly)
));
constexpr MemberTable kElement{kElementMembers, kOurs};
constexpr auto kElementsMembers = Sorted(Known(Read("elements", &kElement)));
constexpr MemberTable kElements{kElementsMembers, {}};
constexpr auto kCoordinatesMembers = Sorted(Taken("lat", "long"));
constexpr MemberTable kCoordinates{kCoordinatesMembers, {}};
constexpr auto kPayloadMembers = Sorted(
    Known(
        Read("coordinates", &kCoordinates),
        Read("elements", &kElement),
        Read("generic", &kElements),
        Read("product", &kElements),
        Read("buttons", &kLinkOnly)
    ),
    Taken(
        "url",
        "title",
        "text",
        "sticker_id",
        "reel_video_id",
        "ig_post_media_id",
        "id",
        "attachment_id"
    ),
    Ignored(kOurs, "template_type", "sharable", "is_reusable")
);
constexpr MemberTable kPayload{kPayloadMembers, {}};
constexpr auto kAttachmentMembers =
    Sorted(Known(Read("type"), Read("title"), Read("url"), Read("payload", &kPayload)));
constexpr MemberTable kAttachment{kAttachmentMembers, {}};

constexpr auto kQuickReplyMembers = Sorted(Taken("payload"));
constexpr MemberTable kQuickReply{kQuickReplyMembers, {}};
constexpr auto kMetaStoryMembers = Sorted(Taken("url", "id"));
constexpr MemberTable kMetaStory{kMetaStoryMembers, {}};
constexpr auto kReplyToMembers =
    Sorted(Known(Read("mid"), Read("story", &kMetaStory)), Ignored(kRepeats, "is_self_reply"));
constexpr MemberTable kReplyTo{kReplyToMembers, {}};

constexpr auto kItemMessageMembers = Sorted(
    Known(
        Read("quick_reply", &kQuickReply),
        Read("reply_to", &kReplyTo),
        Read("attachments", &kAttachment),
        Read("referral", &kReferral)
    ),
    Taken("mid", "text", "metadata", "is_echo", "is_deleted", "is_unsupported"),
    Ignored(kApp, "app_id", "tags"),
    Ignored(kGuess, "nlp", "traits"),
    Ignored(kRepeats, "seq", "sticker_id", "is_self")
);
constexpr MemberTable kItemMessage{kItemMessageMembers, {}};

constexpr auto kPostbackMembers =
    Sorted(Known(Read("mid"), Read("title"), Read("payload"), Read("referral", &kReferral)));
constexpr MemberTable kPostback{kPostbackMembers, {}};
constexpr auto kItemReactionMembers = Sorted(Taken("mid", "action", "emoji", "reaction"));
constexpr MemberTable kItemReaction{kItemReactionMembers, {}};
constexpr auto kReceiptMembers =
    Sorted(Taken("mid", "mids", "watermark"), Ignored(kRepeats, "seq"));
constexpr MemberTable kReceipt{kReceiptMembers, {}};
constexpr auto kItemEditMembers = Sorted(Taken("mid", "text", "num_edit"));
constexpr MemberTable kItemEdit{kItemEditMembers, {}};

constexpr auto kItemMembers = Sorted(
    Known(
        Read("sender", &kId),
        Read("recipient", &kId),
        Read("message", &kItemMessage),
        Read("postback", &kPostback),
        Read("delivery", &kReceipt),
        Read("read", &kReceipt),
        Read("reaction", &kItemReaction),
        Read("message_edit", &kItemEdit)
    ),
    // Their members become attributes.
    Taken(
        "timestamp",
        "referral",
        "optin",
        "account_linking",
        "policy_enforcement",
        "messaging_feedback",
        "game_play",
        "pass_thread_control",
        "take_thread_control",
        "request_thread_control",
        "app_roles",
        "typing",
        "sender_action",
        "call"
    ),
    Ignored(kApp, "hop_context")
);
constexpr MemberTable kItem{kItemMembers, {}};

constexpr auto kMessengerFields = Sorted(
    Marked(
        kMetaMessages,
        "messages",
        "message_echoes",
        "message_deliveries",
        "message_reads",
        "message_reactions",
        "message_edits",
        "message_edit",
        "messaging_postbacks",
        "messaging_optins",
        "messaging_optouts",
        "messaging_seen",
        "messaging_referral",
        "messaging_referrals",
        "messaging_handover",
        "messaging_handovers",
        "messaging_policy_enforcement",
        "messaging_account_linking",
        "messaging_feedback",
        "messaging_game_plays",
        "messaging_customer_information",
        "standby",
        "response_feedback",
        "calls"
    ),
    Ignored(
        kPublic,
        "feed",
        "comments",
        "live_comments",
        "mention",
        "mentions",
        "story_mentions",
        "group_feed",
        "product_review",
        "ratings",
        "videos",
        "live_videos",
        "video_text_question_responses",
        "share_to_feed"
    ),
    Ignored(
        kFigures,
        "story_insights",
        "conversations",
        "inbox_labels",
        "page_upcoming_change",
        "page_change_proposal",
        "publisher_subscriptions",
        "invalid_topic_digest"
    ),
    Ignored(
        kSetUp,
        "leadgen",
        "leadgen_update",
        "creator_marketplace_projects",
        "creator_marketplace_invited_creator_onboarding",
        "onsite_conversion_event",
        "invoice_access_invoice_change",
        "invoice_access_onboarding_status_active"
    )
);
constexpr MemberTable kMessengerFieldTable{kMessengerFields, {}};

// WhatsApp

constexpr auto kMetadataMembers = Sorted(Taken("phone_number_id", "display_phone_number"));
constexpr MemberTable kMetadata{kMetadataMembers, {}};
constexpr auto kProfileMembers =
    Sorted(Taken("name", "username"), Ignored(kRepeats, "country_code"));
constexpr MemberTable kProfile{kProfileMembers, {}};
constexpr auto kValueContactMembers = Sorted(
    Known(Read("profile", &kProfile), Read("wa_id"), Read("user_id"), Read("parent_user_id")),
    Ignored(kIdentity, "identity_key_hash")
);
constexpr MemberTable kValueContact{kValueContactMembers, {}};

constexpr auto kReferredProductMembers = Sorted(Taken("catalog_id", "product_retailer_id"));
constexpr MemberTable kReferredProduct{kReferredProductMembers, {}};
constexpr auto kContextMembers = Sorted(
    Known(
        Read("id"),
        Read("forwarded"),
        Read("frequently_forwarded"),
        Read("referred_product", &kReferredProduct)
    ),
    Ignored("the message answered has its author", "from", "from_user_id", "from_parent_user_id")
);
constexpr MemberTable kContext{kContextMembers, {}};

constexpr auto kBodyMembers = Sorted(Taken("body"), Ignored(kRepeats, "preview_url"));
constexpr MemberTable kText{kBodyMembers, {}};
constexpr auto kMediaMembers = Sorted(
    Taken("id", "url", "mime_type", "caption", "filename", "file_size", "voice"),
    Ignored(kFile, "sha256", "animated")
);
constexpr MemberTable kMedia{kMediaMembers, {}};
constexpr auto kWaLocationMembers =
    Sorted(Taken("latitude", "longitude", "name", "address", "url"));
constexpr MemberTable kWaLocation{kWaLocationMembers, {}};

constexpr auto kAddressMembers = Sorted(
    Taken("street", "city", "state", "zip", "country", "type"), Ignored(kRepeats, "country_code")
);
constexpr MemberTable kAddress{kAddressMembers, {}};
constexpr auto kEmailMembers = Sorted(Taken("email", "type"));
constexpr MemberTable kEmail{kEmailMembers, {}};
constexpr auto kPhoneMembers = Sorted(Taken("phone", "type", "wa_id", "user_id"));
constexpr MemberTable kPhone{kPhoneMembers, {}};
constexpr auto kUrlMembers = Sorted(Taken("url", "type"));
constexpr MemberTable kUrl{kUrlMembers, {}};
constexpr auto kNameMembers =
    Sorted(Taken("formatted_name", "first_name", "last_name", "middle_name", "prefix", "suffix"));
constexpr MemberTable kName{kNameMembers, {}};
constexpr auto kOrgMembers = Sorted(Taken("company", "department", "title"));
constexpr MemberTable kOrg{kOrgMembers, {}};
constexpr auto kCardMembers = Sorted(Known(
    Read("addresses", &kAddress),
    Read("birthday"),
    Read("emails", &kEmail),
    Read("name", &kName),
    Read("org", &kOrg),
    Read("phones", &kPhone),
    Read("urls", &kUrl)
));
constexpr MemberTable kCard{kCardMembers, {}};

constexpr auto kButtonReplyMembers = Sorted(Taken("id", "title"));
constexpr MemberTable kButtonReply{kButtonReplyMembers, {}};
constexpr auto kListReplyMembers = Sorted(Taken("id", "title"), Ignored(kOurs, "description"));
constexpr MemberTable kListReply{kListReplyMembers, {}};
constexpr auto kFlowReplyMembers = Sorted(Taken("body", "response_json"), Ignored(kOurs, "name"));
constexpr MemberTable kFlowReply{kFlowReplyMembers, {}};
constexpr auto kInteractiveMembers = Sorted(
    Known(
        Read("type"),
        Read("button_reply", &kButtonReply),
        Read("list_reply", &kListReply),
        Read("nfm_reply", &kFlowReply)
    ),
    // Not shown: kept raw with the message.
    Taken("call_permission_reply")
);
constexpr MemberTable kInteractive{kInteractiveMembers, {}};
constexpr auto kButtonMembers = Sorted(Taken("text", "payload"));
constexpr MemberTable kButton{kButtonMembers, {}};
constexpr auto kOrderItemMembers =
    Sorted(Taken("product_retailer_id", "quantity", "item_price", "currency"));
constexpr MemberTable kOrderItem{kOrderItemMembers, {}};
constexpr auto kOrderMembers =
    Sorted(Known(Read("catalog_id"), Read("text"), Read("product_items", &kOrderItem)));
constexpr MemberTable kOrder{kOrderMembers, {}};
constexpr auto kWaReactionMembers = Sorted(Taken("message_id", "emoji"));
constexpr MemberTable kWaReaction{kWaReactionMembers, {}};
constexpr auto kRevokeMembers = Sorted(Taken("original_message_id"));
constexpr MemberTable kRevoke{kRevokeMembers, {}};
constexpr auto kUnsupportedMembers = Sorted(Taken("type"));
constexpr MemberTable kUnsupported{kUnsupportedMembers, {}};

// What a message is, and what an edit puts in its place.
constexpr auto kContentMembers = Known(
    Read("type"),
    Read("context", &kContext),
    Read("text", &kText),
    Read("image", &kMedia),
    Read("video", &kMedia),
    Read("audio", &kMedia),
    Read("document", &kMedia),
    Read("sticker", &kMedia),
    Read("location", &kWaLocation),
    Read("contacts", &kCard),
    Read("interactive", &kInteractive),
    Read("button", &kButton),
    Read("order", &kOrder)
);
constexpr auto kEditedMembers = Sorted(kContentMembers);
constexpr MemberTable kEdited{kEditedMembers, {}};
constexpr auto kEditMembers = Sorted(Known(Read("original_message_id"), Read("message", &kEdited)));
constexpr MemberTable kEdit{kEditMembers, {}};

constexpr auto kWaMessageMembers = Sorted(
    kContentMembers,
    Known(
        Read("referral", &kReferral),
        Read("reaction", &kWaReaction),
        Read("edit", &kEdit),
        Read("revoke", &kRevoke),
        Read("unsupported", &kUnsupported)
    ),
    // `system` becomes attributes.
    Taken(
        "id",
        "timestamp",
        "system",
        "group_id",
        "from",
        "from_user_id",
        "from_parent_user_id",
        "to",
        "to_user_id",
        "to_parent_user_id"
    ),
    Ignored(kIdentity, "identity"),
    Ignored("says that a type is not supported; of any other type it is kept raw", "errors")
);
constexpr MemberTable kWaMessage{kWaMessageMembers, {}};

constexpr auto kStatusErrorMembers = Sorted(Taken("code"));
constexpr MemberTable kStatusError{kStatusErrorMembers, "words for the code, which is told"};
constexpr auto kStatusMembers = Sorted(
    Known(Read("errors", &kStatusError)),
    // Those of a payment or call become attributes.
    Taken(
        "id",
        "status",
        "timestamp",
        "type",
        "payment",
        "call",
        "recipient_id",
        "recipient_user_id",
        "recipient_parent_user_id",
        "recipient_type",
        "recipient_participant_id",
        "recipient_participant_user_id"
    ),
    Ignored(kBilling, "conversation", "pricing"),
    Ignored(kOurs, "biz_opaque_callback_data", "message"),
    Ignored(kIdentity, "recipient_identity_key_hash"),
    Ignored(
        "the group's other participants; a receipt is one participant's",
        "recipient_participant_parent_user_id"
    )
);
constexpr MemberTable kStatus{kStatusMembers, {}};

constexpr auto kValueMembers = Sorted(
    Known(
        Read("metadata", &kMetadata),
        Read("contacts", &kValueContact),
        Read("messages", &kWaMessage),
        Read("message_echoes", &kWaMessage),
        Read("statuses", &kStatus)
    ),
    // Their members become attributes.
    Taken("calls", "user_preferences", "errors"),
    Ignored("always \"whatsapp\"", "messaging_product")
);
constexpr MemberTable kValue{kValueMembers, {}};

constexpr auto kWhatsAppFields = Sorted(
    Marked(
        kMetaMessages,
        "messages",
        "smb_message_echoes",
        "message_echoes",
        "calls",
        "user_preferences"
    ),
    // That the account or a number may do less, or more, than before.
    Marked(
        kMetaNotices,
        "account_update",
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "business_capability_update",
        "business_status_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security"
    ),
    Ignored(
        kTemplates,
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
        "template_correct_category_detection"
    ),
    Ignored(kSetUp, "flows", "payment_configuration_update", "partner_solutions")
);
constexpr MemberTable kWhatsAppFieldTable{kWhatsAppFields, {}};

// the envelope

constexpr auto kChangeMembers = Sorted(Taken("field", "value"));
constexpr MemberTable kChange{kChangeMembers, {}};
constexpr auto kEntryMembers =
    Sorted(Known(Read("changes", &kChange)), Taken("id", "time", "messaging", "standby"));
constexpr MemberTable kEntry{kEntryMembers, {}};
constexpr auto kRootMembers = Sorted(Known(Read("object"), Read("entry", &kEntry)));
constexpr MemberTable kRoot{kRootMembers, {}};

}  // namespace

const MemberTable& MetaBodyTable() {
    return kRoot;
}
const MemberTable& MessengerItemTable() {
    return kItem;
}
const MemberTable& MessengerFieldTable() {
    return kMessengerFieldTable;
}
const MemberTable& WhatsAppValueTable() {
    return kValue;
}
const MemberTable& WhatsAppFieldTable() {
    return kWhatsAppFieldTable;
}

}  // namespace unibox::channels
