#include "support/channel_event.hpp"

#include "domain/event_key.hpp"

namespace unibox::test {

using event::v1::InboundEvent;

ChannelId Channel::channel_id() const {
    ChannelId id;
    id.value.bytes.fill(number);
    return id;
}

ChannelEvent::ChannelEvent(
    const Channel& channel,
    const std::string& key_class,
    const std::string& provider_id,
    const std::string& discriminator
) {
    const EventKey key = domain::EventKeyOf(
        channel.tenant_id(), channel.channel_id(), key_class, provider_id, discriminator
    );
    event.set_event_key(key.value.ToBytes());
    event.set_message_id(domain::MessageIdOf(kNoon, key).value.ToBytes());
    event.set_tenant_id(channel.tenant);
    event.set_channel_id(channel.channel_id().value.ToBytes());
    event.set_provider(channel.provider);
    event.set_provider_id(provider_id);
    event.set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    Thread("ada");
    At(kNoon);
}

void ChannelEvent::Target(const Channel& channel, const std::string& provider_id) {
    const EventKey target = domain::EventKeyOf(
        channel.tenant_id(), channel.channel_id(), domain::kClassMessage, provider_id, ""
    );
    event.set_target_key(target.value.ToBytes());
}

ChannelEvent ChannelEvent::Message(const Channel& channel, const std::string& provider_id) {
    ChannelEvent builder(channel, "message", provider_id, "");
    builder.event.set_target_key(builder.event.event_key());
    auto* message = builder.event.mutable_message();
    message->set_direction(v1::DIRECTION_INBOUND);
    message->set_kind(v1::MESSAGE_KIND_TEXT);
    message->set_text("text of " + provider_id);
    return builder;
}

ChannelEvent ChannelEvent::Echo(const Channel& channel, const std::string& provider_id) {
    ChannelEvent builder = Message(channel, provider_id);
    builder.event.mutable_message()->set_direction(v1::DIRECTION_OUTBOUND);
    return builder;
}

ChannelEvent ChannelEvent::Edit(
    const Channel& channel, const std::string& target, std::int64_t revision
) {
    ChannelEvent builder(channel, "edit", target, std::to_string(revision));
    builder.Target(channel, target);
    builder.event.mutable_edit()->set_revision(revision);
    return builder;
}

ChannelEvent ChannelEvent::Delete(const Channel& channel, const std::string& target) {
    ChannelEvent builder(channel, "delete", target, "");
    builder.Target(channel, target);
    builder.event.mutable_delete_();
    return builder;
}

ChannelEvent ChannelEvent::Reaction(
    const Channel& channel, const std::string& target, const std::string& discriminator
) {
    ChannelEvent builder(channel, "reaction", target, discriminator);
    builder.Target(channel, target);
    builder.event.mutable_reaction();
    return builder;
}

ChannelEvent ChannelEvent::Receipt(
    const Channel& channel, const std::string& target, v1::DeliveryState state
) {
    ChannelEvent builder(channel, "receipt", target, std::to_string(state));
    builder.Target(channel, target);
    builder.event.mutable_receipt()->set_state(state);
    return builder;
}

ChannelEvent ChannelEvent::Watermark(
    const Channel& channel, v1::DeliveryState state, std::int64_t until_ms
) {
    ChannelEvent builder(
        channel, "receipt", "watermark", std::to_string(state) + ":" + std::to_string(until_ms)
    );
    builder.event.clear_provider_id();
    builder.event.mutable_receipt()->set_state(state);
    builder.event.mutable_receipt()->set_watermark_ms(until_ms);
    return builder;
}

ChannelEvent ChannelEvent::Typing(const Channel& channel) {
    ChannelEvent builder(channel, "typing", "", "");
    builder.event.mutable_typing();
    return builder;
}

ChannelEvent ChannelEvent::Control(
    const Channel& channel, const std::string& id, const std::string& type
) {
    ChannelEvent builder(channel, "control", id, "");
    builder.event.mutable_control()->set_type(type);
    (*builder.event.mutable_control()->mutable_attributes())["id"] = id;
    return builder;
}

ChannelEvent& ChannelEvent::Text(const std::string& text) {
    if (event.has_edit()) event.mutable_edit()->set_text(text);
    if (event.has_message()) event.mutable_message()->set_text(text);
    return *this;
}

ChannelEvent& ChannelEvent::Emoji(const std::string& emoji) {
    event.mutable_reaction()->set_emoji(emoji);
    return *this;
}

ChannelEvent& ChannelEvent::Removed() {
    event.mutable_reaction()->set_removed(true);
    return *this;
}

ChannelEvent& ChannelEvent::Error(const std::string& error) {
    event.mutable_receipt()->set_error(error);
    return *this;
}

ChannelEvent& ChannelEvent::Thread(const std::string& thread_key) {
    event.set_thread_key(thread_key);
    event.set_contact_key(thread_key);
    return *this;
}

ChannelEvent& ChannelEvent::Contact(const std::string& contact_key) {
    event.set_contact_key(contact_key);
    return *this;
}

ChannelEvent& ChannelEvent::Name(const std::string& name) {
    event.set_contact_name(name);
    return *this;
}

ChannelEvent& ChannelEvent::At(std::int64_t unix_ms) {
    event.set_provider_time_ms(unix_ms);
    event.set_receive_time_ms(unix_ms);
    return *this;
}

ChannelEvent& ChannelEvent::ReceivedAt(std::int64_t unix_ms) {
    event.set_receive_time_ms(unix_ms);
    return *this;
}

ChannelEvent& ChannelEvent::Attach(v1::AttachmentType type, const std::string& name) {
    auto* attachment = event.has_edit() ? event.mutable_edit()->add_attachments()
                                        : event.mutable_message()->add_attachments();
    attachment->set_type(type);
    attachment->set_name(name);
    return *this;
}

}  // namespace unibox::test
