// Builders of inbound events as webhook-ingest would publish them, and a publisher that puts them
// into the right stream: AMessage().WithText("hi").From("anna").Build().
// Thread safety: values; PublishInbound from any thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "nats/generations.hpp"
#include "unibox/event/v1/inbound.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace unibox::nats {
class Connection;
}  // namespace unibox::nats

namespace unibox::test {

// The machine clock: created_at must lie in an existing leaf.
std::int64_t NowMs();

// Of tenant 1's only channel, unless With... says something else.
ChannelId TestChannel(int number = 1);

class InboundBuilder {
public:
    InboundBuilder(std::string key_class, std::string provider_id);

    InboundBuilder& WithTenant(std::int64_t tenant);
    InboundBuilder& WithChannel(const ChannelId& channel);
    InboundBuilder& WithText(std::string text);
    // The customer, and the thread that he alone writes in.
    InboundBuilder& From(std::string contact);
    InboundBuilder& InThread(std::string thread_key);
    InboundBuilder& Named(std::string display_name);
    // The provider's time; receipt follows half a second later.
    InboundBuilder& At(std::int64_t unix_ms);
    InboundBuilder& Outbound();  // an echo
    // Tells two events about the same message apart.
    InboundBuilder& WithDiscriminator(std::string discriminator);

    event::v1::InboundEvent Build() const;
    event::v1::InboundEvent& event() { return event_; }

private:
    std::string key_class_;
    std::string discriminator_;
    event::v1::InboundEvent event_;
};

// `provider_id` of the message that the event is (AMessage) or is about (the others); AMessage
// without one takes a new one each time.
InboundBuilder AMessage(std::string provider_id = {});
InboundBuilder AReceipt(std::string provider_id, v1::DeliveryState state);
InboundBuilder AWatermark(v1::DeliveryState state, std::int64_t until_ms);
InboundBuilder AnEdit(std::string provider_id, std::string text, std::int64_t revision);
InboundBuilder ADelete(std::string provider_id);
InboundBuilder AReaction(std::string provider_id, std::string emoji);
InboundBuilder ATyping();
InboundBuilder AControl(std::string type);

// The partition among `partition_count` that webhook-ingest would choose.
int PartitionOfEvent(const event::v1::InboundEvent& event, int partition_count);

// Stores the events one after the other, each in its partition of the generation, without a
// Nats-Msg-Id: the stream keeps repeats, as it does after its dedup window.
Status PublishInbound(
    nats::Connection& connection,
    const nats::Generation& log,
    const std::vector<event::v1::InboundEvent>& events
);
// Stores bytes that need not be an event.
Status PublishRaw(nats::Connection& connection, int partition, const std::string& payload);

}  // namespace unibox::test
