#include "support/inbound_events.hpp"

#include "base/clock.hpp"
#include "domain/event_key.hpp"
#include "nats/connection.hpp"
#include "nats/streams.hpp"
#include "subjects/subjects.hpp"

#include <atomic>

namespace unibox::test {
namespace {

std::string NextProviderId() {
    static std::atomic<int> number{0};
    return "m" + std::to_string(++number);
}

Result<std::string> Stored(Result<std::string> reply) {
    if (reply.ok() && reply->find("\"error\"") != std::string::npos) return Internal(*reply);
    return reply;
}

}  // namespace

std::int64_t NowMs() {
    return SystemClock().UnixMillis();
}

ChannelId TestChannel(int number) {
    ChannelId id;
    id.value.bytes = {
        0x01, 0x98, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
    return id;
}

InboundBuilder::InboundBuilder(std::string key_class, std::string provider_id)
    : key_class_(std::move(key_class)) {
    event_.set_tenant_id(1);
    event_.set_channel_id(TestChannel().value.ToBytes());
    event_.set_provider(v1::PROVIDER_TELEGRAM);
    event_.set_thread_key("anna");
    event_.set_contact_key("anna");
    event_.set_provider_id(std::move(provider_id));
    At(NowMs());
}

InboundBuilder& InboundBuilder::WithTenant(std::int64_t tenant) {
    event_.set_tenant_id(tenant);
    return *this;
}
InboundBuilder& InboundBuilder::WithChannel(const ChannelId& channel) {
    event_.set_channel_id(channel.value.ToBytes());
    return *this;
}
InboundBuilder& InboundBuilder::WithText(std::string text) {
    event_.mutable_message()->set_text(std::move(text));
    return *this;
}
InboundBuilder& InboundBuilder::From(std::string contact) {
    event_.set_thread_key(contact);
    event_.set_contact_key(std::move(contact));
    return *this;
}
InboundBuilder& InboundBuilder::InThread(std::string thread_key) {
    event_.set_thread_key(std::move(thread_key));
    return *this;
}
InboundBuilder& InboundBuilder::Named(std::string display_name) {
    event_.set_contact_name(std::move(display_name));
    return *this;
}
InboundBuilder& InboundBuilder::At(std::int64_t unix_ms) {
    event_.set_provider_time_ms(unix_ms);
    event_.set_receive_time_ms(unix_ms + 500);
    return *this;
}
InboundBuilder& InboundBuilder::Outbound() {
    event_.mutable_message()->set_direction(v1::DIRECTION_OUTBOUND);
    return *this;
}
InboundBuilder& InboundBuilder::WithDiscriminator(std::string discriminator) {
    discriminator_ = std::move(discriminator);
    return *this;
}

event::v1::InboundEvent InboundBuilder::Build() const {
    event::v1::InboundEvent event = event_;
    const TenantId tenant{event.tenant_id()};
    const ChannelId channel{Uuid::FromBytes(event.channel_id()).value()};
    const std::string& id = event.provider_id().empty() ? event.thread_key() : event.provider_id();
    const EventKey key = domain::EventKeyOf(tenant, channel, key_class_, id, discriminator_);
    event.set_event_key(key.value.ToBytes());
    event.set_message_id(domain::MessageIdOf(event.provider_time_ms(), key).value.ToBytes());
    const bool about_message = !event.provider_id().empty();
    if (about_message) {
        const EventKey target =
            domain::EventKeyOf(tenant, channel, domain::kClassMessage, event.provider_id(), "");
        event.set_target_key(target.value.ToBytes());
    }
    return event;
}

InboundBuilder AMessage(std::string provider_id) {
    if (provider_id.empty()) provider_id = NextProviderId();
    InboundBuilder builder(std::string(domain::kClassMessage), std::move(provider_id));
    event::v1::MessageBody* body = builder.event().mutable_message();
    body->set_direction(v1::DIRECTION_INBOUND);
    body->set_kind(v1::MESSAGE_KIND_TEXT);
    body->set_text("hello");
    return builder;
}

InboundBuilder AReceipt(std::string provider_id, v1::DeliveryState state) {
    InboundBuilder builder(std::string(domain::kClassReceipt), std::move(provider_id));
    builder.event().mutable_receipt()->set_state(state);
    return builder.WithDiscriminator(std::to_string(state));
}

InboundBuilder AWatermark(v1::DeliveryState state, std::int64_t until_ms) {
    InboundBuilder builder(std::string(domain::kClassReceipt), "");
    builder.event().mutable_receipt()->set_state(state);
    builder.event().mutable_receipt()->set_watermark_ms(until_ms);
    return builder.WithDiscriminator(std::to_string(state) + ":" + std::to_string(until_ms));
}

InboundBuilder AnEdit(std::string provider_id, std::string text, std::int64_t revision) {
    InboundBuilder builder(std::string(domain::kClassEdit), std::move(provider_id));
    builder.event().mutable_edit()->set_text(std::move(text));
    builder.event().mutable_edit()->set_revision(revision);
    return builder.WithDiscriminator(std::to_string(revision));
}

InboundBuilder ADelete(std::string provider_id) {
    InboundBuilder builder(std::string(domain::kClassDelete), std::move(provider_id));
    builder.event().mutable_delete_();
    return builder;
}

InboundBuilder AReaction(std::string provider_id, std::string emoji) {
    InboundBuilder builder(std::string(domain::kClassReaction), std::move(provider_id));
    builder.event().mutable_reaction()->set_emoji(emoji);
    return builder.WithDiscriminator(NextProviderId());
}

InboundBuilder ATyping() {
    InboundBuilder builder(std::string(domain::kClassTyping), "");
    builder.event().mutable_typing();
    return builder.WithDiscriminator(NextProviderId());
}

InboundBuilder AControl(std::string type) {
    InboundBuilder builder(std::string(domain::kClassControl), "");
    builder.event().mutable_control()->set_type(std::move(type));
    return builder.WithDiscriminator(NextProviderId());
}

int PartitionOfEvent(const event::v1::InboundEvent& event, int partition_count) {
    const ChannelId channel{Uuid::FromBytes(event.channel_id()).value()};
    const auto count = static_cast<std::uint32_t>(partition_count);
    return static_cast<int>(
        domain::PartitionOf(TenantId{event.tenant_id()}, channel, event.thread_key(), count)
    );
}

Status PublishInbound(
    nats::Connection& connection,
    const nats::Generation& log,
    const std::vector<event::v1::InboundEvent>& events
) {
    for (const event::v1::InboundEvent& event : events) {
        const int partition = PartitionOfEvent(event, log.partition_count);
        const TenantId tenant{event.tenant_id()};
        const std::string subject = subjects::InSubject(log.number, partition, tenant);
        const std::string payload = event.SerializeAsString();
        UNIBOX_RETURN_IF_ERROR(Stored(connection.Request(subject, payload, Millis(5'000))).status()
        );
    }
    return {};
}

Status PublishRaw(nats::Connection& connection, int partition, const std::string& payload) {
    const std::string subject = subjects::InSubject(1, partition, TenantId{1});
    return Stored(connection.Request(subject, payload, Millis(5'000))).status();
}

}  // namespace unibox::test
