#include "decide/inbound.hpp"

#include "decide/plan.hpp"
#include "domain/inbound_event.hpp"
#include "support/channel_event.hpp"
#include "support/memory_inbox.hpp"

#include <catch2/catch.hpp>

namespace unibox::decide {
namespace {

using domain::Validate;
using test::ChannelEvent;
using test::kDay;
using test::kNoon;
using test::kSecond;

const test::Channel kChannel;

}  // namespace

TEST_CASE("Validate: takes what the adapters make", "[unit][decide]") {
    CHECK(Validate(ChannelEvent::Message(kChannel, "m")).ok());
    CHECK(Validate(ChannelEvent::Edit(kChannel, "m", 0)).ok());
    CHECK(Validate(ChannelEvent::Delete(kChannel, "m")).ok());
    CHECK(Validate(ChannelEvent::Reaction(kChannel, "m", "1").Emoji("x")).ok());
    CHECK(Validate(ChannelEvent::Reaction(kChannel, "m", "1").Removed()).ok());
    CHECK(Validate(ChannelEvent::Receipt(kChannel, "m", v1::DELIVERY_STATE_SENT)).ok());
    CHECK(Validate(ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon)).ok());
    CHECK(Validate(ChannelEvent::Typing(kChannel)).ok());
    CHECK(Validate(ChannelEvent::Control(kChannel, "c", "referral")).ok());
    event::v1::InboundEvent about_channel = ChannelEvent::Control(kChannel, "e", "channel_error");
    about_channel.clear_thread_key();
    about_channel.clear_contact_key();
    CHECK_FALSE(Validate(about_channel).ok());
    about_channel.mutable_control()->set_about_channel(true);
    CHECK(Validate(about_channel).ok());
}

TEST_CASE("Validate: names the field that is wrong", "[unit][decide]") {
    using Break = void (*)(event::v1::InboundEvent*);
    struct Case {
        const char* field;
        Break break_it;
    };
    const Case cases[] = {
        {"tenant_id", [](auto* e) { e->set_tenant_id(0); }},
        {"event_key", [](auto* e) { e->set_event_key("short"); }},
        {"event_key", [](auto* e) { e->clear_event_key(); }},
        {"channel_id", [](auto* e) { e->set_channel_id(std::string(17, 'x')); }},
        {"provider", [](auto* e) { e->clear_provider(); }},
        {"thread_key", [](auto* e) { e->clear_thread_key(); }},
        {"thread_key", [](auto* e) { e->set_thread_key(std::string(513, 'x')); }},
        {"thread_key", [](auto* e) { e->set_thread_key(std::string("a\0b", 3)); }},
        {"contact_key", [](auto* e) { e->set_contact_key("\xFF"); }},
        {"receive_time_ms", [](auto* e) { e->set_receive_time_ms(0); }},
        {"receive_time_ms", [](auto* e) { e->set_receive_time_ms(INT64_MAX); }},
        {"receive_time_ms", [](auto* e) { e->set_receive_time_ms(INT64_MIN); }},
        {"message_id", [](auto* e) { e->clear_message_id(); }},
        {"message.direction", [](auto* e) { e->mutable_message()->clear_direction(); }},
        {"message.kind", [](auto* e) { e->mutable_message()->set_kind(v1::MessageKind(70000)); }},
        {"body", [](auto* e) { e->clear_body(); }},
        {"target_key", [](auto* e) { e->clear_target_key(), e->mutable_edit(); }},
        {"target_key", [](auto* e) { e->set_target_key("x"), e->mutable_delete_(); }},
        {"reaction.emoji", [](auto* e) { e->mutable_reaction(); }},
        {"reaction.emoji",
         [](auto* e) { e->mutable_reaction()->set_emoji(std::string(257, 'x')); }},
        {"receipt.state", [](auto* e) { e->mutable_receipt(); }},
        {"receipt.state", [](auto* e) { e->mutable_receipt()->set_state(v1::DeliveryState(9)); }},
        {"receipt.watermark_ms",
         [](auto* e) {
             e->mutable_receipt()->set_state(v1::DELIVERY_STATE_READ);
             e->mutable_receipt()->set_watermark_ms(-1);
         }},
        {"receipt.state",
         [](auto* e) {
             e->mutable_receipt()->set_state(v1::DELIVERY_STATE_FAILED);
             e->mutable_receipt()->set_watermark_ms(kNoon);
         }},
        {"control.type", [](auto* e) { e->mutable_control(); }},
    };
    for (const Case& broken : cases) {
        event::v1::InboundEvent event = ChannelEvent::Message(kChannel, "m");
        broken.break_it(&event);
        const Status status = Validate(event);
        INFO(broken.field << " " << status.ToString());
        CHECK(status.code() == Code::kInvalidArgument);
        CHECK(status.field() == broken.field);
        // Whoever forgot to ask is not punished: the event is left out.
        test::MemoryInbox inbox;
        const domain::Effects effects = inbox.Commit({event});
        CHECK(effects.ignored_count == 1);
        CHECK(effects.refs.empty());
        CHECK(inbox.contacts.empty());
    }
    CHECK(Validate(event::v1::InboundEvent()).code() == Code::kInvalidArgument);
}

TEST_CASE("CreatedAtOf: the provider's time within its bounds", "[unit][decide]") {
    const auto created_at = [](std::int64_t provider_time, std::int64_t received) {
        return CreatedAtOf(
            ChannelEvent::Message(kChannel, "m").At(provider_time).ReceivedAt(received)
        );
    };
    CHECK(created_at(kNoon - kSecond, kNoon) == kNoon - kSecond);
    CHECK(created_at(0, kNoon) == kNoon);
    CHECK(created_at(-5, kNoon) == kNoon);
    CHECK(created_at(INT64_MAX, kNoon) == kNoon);
    CHECK(created_at(kNoon - 8 * kDay, kNoon) == kNoon - 7 * kDay);
    CHECK(created_at(kNoon + kDay, kNoon) == kNoon + 300 * kSecond);
}

TEST_CASE("Plan: what each kind of event concerns", "[unit][decide]") {
    const auto plan_of = [](const event::v1::InboundEvent& event) {
        return Plan(test::ToBatch({event}));
    };
    const auto message = plan_of(ChannelEvent::Message(kChannel, "m").Name("Ada"));
    CHECK(message.contacts.begin()->second.display_name == "Ada");
    CHECK(message.threads.begin()->second.contact_key == "ada");
    CHECK(message.event_refs.size() == 1);
    CHECK(message.parked_targets.size() == 1);
    CHECK(message.parked_targets.front() == *message.event_refs.begin());
    CHECK(message.target_refs.empty());
    CHECK(message.channels.size() == 1);

    const auto edit = plan_of(ChannelEvent::Edit(kChannel, "m", 1));
    CHECK(edit.target_refs == message.event_refs);
    CHECK(edit.event_refs.size() == 1);
    CHECK(edit.event_refs != edit.target_refs);
    CHECK(edit.content_refs == message.parked_targets);
    CHECK(edit.threads.empty());

    const auto receipt = plan_of(ChannelEvent::Receipt(kChannel, "m", v1::DELIVERY_STATE_READ));
    CHECK(receipt.target_refs == message.event_refs);
    CHECK(receipt.event_refs.empty());
    CHECK(receipt.content_refs.empty());

    const auto typing = plan_of(ChannelEvent::Typing(kChannel));
    CHECK(typing.contacts.empty());
    CHECK(typing.event_refs.empty());
}

TEST_CASE("Plan: what has a limit is read in the order of the events, once", "[unit][decide]") {
    const auto plan = Plan(test::ToBatch(
        {ChannelEvent::Receipt(kChannel, "z", v1::DELIVERY_STATE_READ),
         ChannelEvent::Edit(kChannel, "c", 1),
         ChannelEvent::Message(kChannel, "y"),
         ChannelEvent::Edit(kChannel, "a", 1),
         ChannelEvent::Message(kChannel, "x"),
         ChannelEvent::Message(kChannel, "y"),
         ChannelEvent::Delete(kChannel, "c")}
    ));
    const auto key = [](const std::string& id) {
        const event::v1::InboundEvent event = ChannelEvent::Message(kChannel, id);
        const InputIds ids = InputIdsOf(event);
        return domain::EventRef{ids.tenant, ids.channel, ids.key};
    };
    CHECK(plan.content_refs == std::vector{key("c"), key("a")});
    CHECK(plan.parked_targets == std::vector{key("y"), key("x")});
    CHECK(plan.target_refs.size() == 3);
}

TEST_CASE("Plan: a watermark concerns its thread and no message", "[unit][decide]") {
    const auto plan =
        Plan(test::ToBatch({ChannelEvent::Watermark(kChannel, v1::DELIVERY_STATE_READ, kNoon - 5)})
        );
    CHECK(plan.threads.size() == 1);
    CHECK(plan.target_refs.empty());
    CHECK(plan.event_refs.empty());
}

TEST_CASE(
    "Plan: a contact and thread once, in a group the thread is the contact", "[unit][decide]"
) {
    const auto plan = Plan(test::ToBatch(
        {ChannelEvent::Message(kChannel, "1").Thread("group").Contact(""),
         ChannelEvent::Message(kChannel, "2").Thread("group").Contact("bob"),
         ChannelEvent::Message(kChannel, "3").Thread("group").Contact("bob")}
    ));
    CHECK(plan.contacts.size() == 2);
    REQUIRE(plan.threads.size() == 1);
    CHECK(plan.threads.begin()->second.contact_key == "group");
}

TEST_CASE("Aliases: usable ones, once, at most 16", "[unit][decide]") {
    event::v1::InboundEvent event = ChannelEvent::Message(kChannel, "m");
    event.add_contact_aliases("user-1");
    event.add_contact_aliases("user-1");
    event.add_contact_aliases("");
    event.add_contact_aliases(std::string(513, 'x'));
    event.add_contact_aliases("\xFF");
    std::vector<std::string> aliases;
    CHECK(AddAliases(event, &aliases));
    CHECK(aliases == std::vector<std::string>{"user-1"});
    CHECK_FALSE(AddAliases(event, &aliases));
    for (int i = 0; i < 40; ++i) event.add_contact_aliases("other-" + std::to_string(i));
    CHECK(AddAliases(event, &aliases));
    CHECK(aliases.size() == kAliasCountMax);
}

}  // namespace unibox::decide
