#include "channels/complete.hpp"

#include "channels/text.hpp"
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

using Attachments = google::protobuf::RepeatedPtrField<v1::Attachment>;

bool CutAttachments(Attachments* attachments) {
    bool cut = CutCount(attachments, kAttachmentCountMax);
    for (v1::Attachment& attachment : *attachments) {
        cut |= Cut(attachment.mutable_name(), kNameBytesMax);
        cut |= Cut(attachment.mutable_mime_type(), kNameBytesMax);
        cut |= Cut(attachment.mutable_provider_media_id(), kIdBytesMax);
        if (attachment.url().size() > kUrlBytesMax) {
            attachment.clear_url();
            cut = true;
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
    if (event.thread_key().empty())
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
    // Without an id of the provider's the thread stands in.
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
