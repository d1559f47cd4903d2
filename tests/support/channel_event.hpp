// Builds the inbound events of one channel for tests, with the keys that the product would give
// them. Thread safety: values.
#pragma once

#include "base/ids.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <cstdint>
#include <string>

namespace unibox::test {

inline constexpr std::int64_t kNoon = 1785412800000;  // 2026-07-30 12:00 UTC
inline constexpr std::int64_t kSecond = 1000;
inline constexpr std::int64_t kDay = 24LL * 3600 * 1000;

struct Channel {
    std::int64_t tenant = 7;
    std::uint8_t number = 1;
    v1::Provider provider = v1::PROVIDER_WHATSAPP;
    TenantId tenant_id() const { return TenantId{tenant}; }
    ChannelId channel_id() const;
};

class ChannelEvent {
public:
    // The body is chosen by one of these.
    static ChannelEvent Message(const Channel& channel, const std::string& provider_id);
    static ChannelEvent Echo(const Channel& channel, const std::string& provider_id);
    static ChannelEvent Edit(
        const Channel& channel, const std::string& target, std::int64_t revision
    );
    static ChannelEvent Delete(const Channel& channel, const std::string& target);
    static ChannelEvent Reaction(
        const Channel& channel, const std::string& target, const std::string& discriminator
    );
    static ChannelEvent Receipt(
        const Channel& channel, const std::string& target, v1::DeliveryState state
    );
    static ChannelEvent Watermark(
        const Channel& channel, v1::DeliveryState state, std::int64_t until_ms
    );
    static ChannelEvent Typing(const Channel& channel);
    static ChannelEvent Control(
        const Channel& channel, const std::string& id, const std::string& type
    );

    ChannelEvent& Text(const std::string& text);
    ChannelEvent& Emoji(const std::string& emoji);        // of a reaction
    ChannelEvent& Removed();                              // of a reaction
    ChannelEvent& Error(const std::string& error);        // of a receipt
    ChannelEvent& Thread(const std::string& thread_key);  // also the contact, if not set after
    ChannelEvent& Contact(const std::string& contact_key);
    ChannelEvent& Name(const std::string& name);
    ChannelEvent& At(std::int64_t unix_ms);  // provider time and time of receipt
    ChannelEvent& ReceivedAt(std::int64_t unix_ms);
    ChannelEvent& Attach(v1::AttachmentType type, const std::string& name);

    event::v1::InboundEvent event;
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator event::v1::InboundEvent() const { return event; }

private:
    ChannelEvent(
        const Channel& channel,
        const std::string& key_class,
        const std::string& provider_id,
        const std::string& discriminator
    );
    void Target(const Channel& channel, const std::string& provider_id);
};

}  // namespace unibox::test
