#include "channels/complete.hpp"

#include "base/utf8.hpp"
#include "domain/event_key.hpp"

namespace unibox::channels {
namespace {

using event::v1::InboundEvent;

Status CheckId(const std::string& id, std::string_view field) {
    if (id.size() <= kIdBytesMax) return {};
    return InvalidArgument(std::string(field) + " is longer than 512 bytes").WithField(field);
}

bool Cut(std::string* text, std::size_t bytes_max) {
    if (text->size() <= bytes_max) return false;
    text->resize(CutUtf8(*text, bytes_max).size());
    return true;
}

template <typename Repeated>
bool CutCount(Repeated* items, int count_max) {
    if (items->size() <= count_max) return false;
    items->DeleteSubrange(count_max, items->size() - count_max);
    return true;
}

bool LeaveOutIfOver(std::string* text, std::size_t bytes_max) {
    if (text->size() <= bytes_max) return false;
    text->clear();
    return true;
}

using ContactPoints = google::protobuf::RepeatedPtrField<v1::ContactPoint>;

bool CutPoints(ContactPoints* points) {
    bool cut = CutCount(points, kCardItemCountMax);
    for (v1::ContactPoint& point : *points) {
        for (std::string* text :
             {point.mutable_value(), point.mutable_kind(), point.mutable_provider_user_id()}) {
            cut |= Cut(text, kCardTextBytesMax);
        }
    }
    return cut;
}

bool CutCard(v1::ContactCard* card) {
    bool cut = LeaveOutIfOver(card->mutable_vcard(), kVcardBytesMax);
    for (std::string* text :
         {card->mutable_formatted_name(),
          card->mutable_given_name(),
          card->mutable_family_name(),
          card->mutable_middle_name(),
          card->mutable_name_prefix(),
          card->mutable_name_suffix(),
          card->mutable_organization(),
          card->mutable_job_title(),
          card->mutable_birthday(),
          card->mutable_provider_user_id()}) {
        cut |= Cut(text, kCardTextBytesMax);
    }
    for (v1::ContactPoint& url : *card->mutable_urls())
        cut |= LeaveOutIfOver(url.mutable_value(), kCardTextBytesMax);
    for (ContactPoints* points :
         {card->mutable_phones(),
          card->mutable_emails(),
          card->mutable_urls(),
          card->mutable_addresses()}) {
        cut |= CutPoints(points);
    }
    return cut;
}

using Attachments = google::protobuf::RepeatedPtrField<v1::Attachment>;

bool CutAttachments(Attachments* attachments) {
    bool cut = CutCount(attachments, kAttachmentCountMax);
    std::size_t card_bytes = 0;
    for (v1::Attachment& attachment : *attachments) {
        cut |= Cut(attachment.mutable_name(), kNameBytesMax);
        cut |= Cut(attachment.mutable_mime_type(), kNameBytesMax);
        cut |= Cut(attachment.mutable_provider_media_id(), kIdBytesMax);
        cut |= LeaveOutIfOver(attachment.mutable_url(), kUrlBytesMax);
        if (!attachment.has_contact_card()) continue;
        cut |= CutCard(attachment.mutable_contact_card());
        card_bytes += attachment.contact_card().ByteSizeLong();
        if (card_bytes <= kCardsBytesMax) continue;
        attachment.clear_contact_card();
        cut = true;
    }
    return cut;
}

bool CutReferral(v1::Referral* referral) {
    bool cut = false;
    for (std::string* text :
         {referral->mutable_headline(),
          referral->mutable_body(),
          referral->mutable_ref(),
          referral->mutable_greeting()}) {
        cut |= Cut(text, kContextTextBytesMax);
    }
    for (std::string* url :
         {referral->mutable_source_url(),
          referral->mutable_media_url(),
          referral->mutable_thumbnail_url()}) {
        cut |= LeaveOutIfOver(url, kUrlBytesMax);
    }
    for (std::string* id :
         {referral->mutable_source_type(),
          referral->mutable_source_id(),
          referral->mutable_media_type(),
          referral->mutable_click_id(),
          referral->mutable_entry_type(),
          referral->mutable_post_id(),
          referral->mutable_product_id(),
          referral->mutable_catalog_id(),
          referral->mutable_flow_id()}) {
        cut |= Cut(id, kIdBytesMax);
    }
    return cut;
}

bool CutForward(v1::Forward* forward) {
    bool cut = false;
    for (std::string* text :
         {forward->mutable_origin_type(),
          forward->mutable_origin_id(),
          forward->mutable_origin_name(),
          forward->mutable_origin_message_id(),
          forward->mutable_author_signature()}) {
        cut |= Cut(text, kIdBytesMax);
    }
    return cut;
}

bool CutContext(v1::MessageContext* context) {
    bool cut = Cut(context->mutable_opt_out_type(), kIdBytesMax);
    cut |= Cut(context->mutable_quoted_text(), kContextTextBytesMax);
    cut |= Cut(context->mutable_album_id(), kIdBytesMax);
    if (context->has_referral()) cut |= CutReferral(context->mutable_referral());
    if (context->has_forward()) cut |= CutForward(context->mutable_forward());
    cut |= CutCount(context->mutable_order(), kOrderItemCountMax);
    for (v1::OrderItem& item : *context->mutable_order()) {
        for (std::string* text :
             {item.mutable_product_id(),
              item.mutable_quantity(),
              item.mutable_price(),
              item.mutable_currency(),
              item.mutable_catalog_id()}) {
            cut |= Cut(text, kOrderTextBytesMax);
        }
    }
    return cut;
}

bool CutMessage(event::v1::MessageBody* message) {
    bool cut = Cut(message->mutable_text(), kTextBytesMax);
    cut |= Cut(message->mutable_payload(), kPayloadBytesMax);
    cut |= Cut(message->mutable_client_ref(), kNameBytesMax);
    cut |= Cut(message->mutable_subject(), kSubjectBytesMax);
    cut |= CutAttachments(message->mutable_attachments());
    if (message->has_context()) cut |= CutContext(message->mutable_context());
    if (message->reply_to_provider_id().size() > kIdBytesMax) {
        message->clear_reply_to_provider_id();
        cut = true;
    }
    return cut;
}

bool CutControl(event::v1::ControlBody* control) {
    bool cut = Cut(control->mutable_type(), kNameBytesMax);
    auto& attributes = *control->mutable_attributes();
    for (auto it = attributes.begin(); it != attributes.end();) {
        cut |= Cut(&it->second, kAttributeBytesMax);
        if (it->first.size() <= kNameBytesMax) {
            ++it;
        } else {
            it = attributes.erase(it);
            cut = true;
        }
    }
    while (attributes.size() > kAttributeCountMax) {
        attributes.erase(attributes.begin());
        cut = true;
    }
    return cut;
}

bool CutBody(InboundEvent& event) {
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            return CutMessage(event.mutable_message());
        case InboundEvent::kEdit: {
            const bool cut = Cut(event.mutable_edit()->mutable_text(), kTextBytesMax);
            return CutAttachments(event.mutable_edit()->mutable_attachments()) || cut;
        }
        case InboundEvent::kReaction:
            return Cut(event.mutable_reaction()->mutable_emoji(), kNameBytesMax);
        case InboundEvent::kReceipt:
            return Cut(event.mutable_receipt()->mutable_error(), kNameBytesMax);
        case InboundEvent::kControl:
            return CutControl(event.mutable_control());
        default:
            return false;
    }
}

// The message that an event is about: key bytes, or "" for events about no message.
std::string TargetKey(
    const InboundEvent& event, TenantId tenant, const ChannelId& channel, const EventKey& key
) {
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            return key.value.ToBytes();
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
        case InboundEvent::kReaction:
        case InboundEvent::kReceipt:
            break;
        default:
            return {};
    }
    if (event.provider_id().empty()) return {};
    return domain::EventKeyOf(tenant, channel, domain::kClassMessage, event.provider_id(), "")
        .value.ToBytes();
}

}  // namespace

Status CheckIdentity(const InboundEvent& event) {
    if (event.thread_key().empty() && !event.control().about_channel())
        return InvalidArgument("thread_key is missing").WithField("thread_key");
    if (event.body_case() == InboundEvent::BODY_NOT_SET)
        return InvalidArgument("body is missing").WithField("body");
    UNIBOX_RETURN_IF_ERROR(CheckId(event.thread_key(), "thread_key"));
    UNIBOX_RETURN_IF_ERROR(CheckId(event.contact_key(), "contact_key"));
    UNIBOX_RETURN_IF_ERROR(CheckId(event.provider_id(), "provider_id"));
    for (const std::string& alias : event.contact_aliases()) {
        UNIBOX_RETURN_IF_ERROR(CheckId(alias, "contact_aliases"));
    }
    return {};
}

bool CutToLimits(InboundEvent& event) {
    bool cut = Cut(event.mutable_contact_name(), kNameBytesMax);
    cut |= CutCount(event.mutable_contact_aliases(), kAliasCountMax);
    return CutBody(event) || cut;
}

InboundEvent Complete(
    ProviderEvent&& provider_event,
    TenantId tenant,
    const ChannelId& channel,
    std::int64_t receive_time_ms,
    std::string traceparent
) {
    InboundEvent event = std::move(provider_event.event);
    CutToLimits(event);
    // Without an id of the provider's the thread stands in; what is about the channel has none.
    const std::string& identity =
        event.provider_id().empty() ? event.thread_key() : event.provider_id();
    const EventKey key = domain::EventKeyOf(
        tenant, channel, provider_event.key_class, identity, provider_event.discriminator
    );
    if (event.provider_time_ms() < 0 || event.provider_time_ms() > receive_time_ms + kFutureMsMax) {
        event.set_provider_time_ms(0);
    }
    const std::int64_t time_ms =
        event.provider_time_ms() == 0 ? receive_time_ms : event.provider_time_ms();
    event.set_provider(provider_event.provider);
    event.set_event_key(key.value.ToBytes());
    event.set_target_key(TargetKey(event, tenant, channel, key));
    event.set_message_id(domain::MessageIdOf(time_ms, key).value.ToBytes());
    event.set_tenant_id(tenant.value);
    event.set_channel_id(channel.value.ToBytes());
    event.set_receive_time_ms(receive_time_ms);
    event.set_traceparent(std::move(traceparent));
    return event;
}

}  // namespace unibox::channels
