#include "domain/inbound_event.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::domain {
namespace {

event::v1::InboundEvent Typing() {
    event::v1::InboundEvent event;
    event.set_tenant_id(1);
    event.set_event_key(std::string(16, 'k'));
    event.set_channel_id(std::string(16, 'c'));
    event.set_provider(v1::PROVIDER_TELEGRAM);
    event.set_thread_key("thread");
    event.set_receive_time_ms(1'785'412'800'000);
    event.mutable_typing();
    return event;
}

}  // namespace

TEST_CASE("ReadInboundEvent: takes what Validate takes", "[unit]") {
    event::v1::InboundEvent event;
    REQUIRE(ReadInboundEvent(Typing().SerializeAsString(), &event).ok());
    CHECK(event.thread_key() == "thread");
}

TEST_CASE("ReadInboundEvent: says why nobody can write it", "[unit]") {
    event::v1::InboundEvent event = Typing();
    const Status garbage = ReadInboundEvent("\xff\xff no event", &event);
    CHECK(garbage.code() == Code::kInvalidArgument);
    CHECK(garbage.reason() == "INVALID_EVENT");
    CHECK(garbage.message() == "not a unibox.event.v1.InboundEvent");
    CHECK_FALSE(event.has_typing());
    // Nothing at all is an event in which everything is missing.
    CHECK(ReadInboundEvent("", &event).field() == "tenant_id");

    event::v1::InboundEvent invalid = Typing();
    invalid.set_channel_id("short");
    const Status refused = ReadInboundEvent(invalid.SerializeAsString(), &event);
    CHECK(refused.reason() == "INVALID_EVENT");
    CHECK(refused.field() == "channel_id");
    CHECK(event.channel_id() == "short");
}

TEST_CASE("ReadInboundEvent: a receipt tells what a provider can tell", "[unit]") {
    event::v1::InboundEvent event = Typing();
    event.set_target_key(std::string(16, 't'));
    const auto field_of = [&](v1::DeliveryState state, std::int64_t watermark_ms) {
        event.mutable_receipt()->set_state(state);
        event.mutable_receipt()->set_watermark_ms(watermark_ms);
        return Validate(event).field();
    };
    CHECK(field_of(v1::DELIVERY_STATE_UNSPECIFIED, 0) == "receipt.state");
    CHECK(field_of(v1::DELIVERY_STATE_QUEUED, 0) == "receipt.state");
    CHECK(field_of(v1::DeliveryState(6), 0) == "receipt.state");
    for (const auto state : {v1::DELIVERY_STATE_SENT, v1::DELIVERY_STATE_FAILED}) {
        CHECK(field_of(state, 0) == "");
        CHECK(field_of(state, 1) == "receipt.state");
    }
    for (const auto state : {v1::DELIVERY_STATE_DELIVERED, v1::DELIVERY_STATE_READ}) {
        CHECK(field_of(state, 0) == "");
        CHECK(field_of(state, 1) == "");
    }
}

}  // namespace unibox::domain
