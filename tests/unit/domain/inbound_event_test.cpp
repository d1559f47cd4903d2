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

}  // namespace unibox::domain
