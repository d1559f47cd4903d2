#include "channels/complete.hpp"

#include "channels/parse_sink.hpp"
#include "channels/text.hpp"
#include "domain/event_key.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::channels {
namespace {

using event::v1::InboundEvent;

constexpr std::int64_t kNow = 1'785'412'800'000;
const TenantId kTenant{42};
const ChannelId kChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};

ProviderEvent AMessage(std::string provider_id) {
    ProviderEvent event = NewEvent(v1::PROVIDER_STANDARD, "", domain::kClassMessage, "u-9");
    event.event.set_provider_id(std::move(provider_id));
    event.event.set_provider_time_ms(kNow - 1000);
    event.event.mutable_message()->set_text("hi");
    return event;
}

InboundEvent Done(ProviderEvent event) {
    return Complete(std::move(event), kTenant, kChannel, kNow, "00-a-b-01");
}

std::string KeyOf(std::string_view key_class, std::string_view id, std::string_view discriminator) {
    return domain::EventKeyOf(kTenant, kChannel, key_class, id, discriminator).value.ToBytes();
}

TEST_CASE("complete: a message gets its identity, channel and time", "[unit][channels]") {
    const InboundEvent event = Done(AMessage("ext-1"));
    CHECK(event.event_key() == KeyOf("message", "ext-1", ""));
    CHECK(event.target_key() == event.event_key());
    CHECK(UuidV7Millis(Uuid::FromBytes(event.message_id()).value()) == kNow - 1000);
    CHECK(event.tenant_id() == 42);
    CHECK(event.channel_id() == kChannel.value.ToBytes());
    CHECK(event.receive_time_ms() == kNow);
    CHECK(event.traceparent() == "00-a-b-01");
    CHECK(event.provider() == v1::PROVIDER_STANDARD);
    CHECK(event.SerializeAsString() == Done(AMessage("ext-1")).SerializeAsString());
}

TEST_CASE("complete: our clock never enters the event key", "[unit][channels]") {
    auto first = AMessage("ext-1");
    first.event.set_provider_time_ms(0);
    auto second = first;
    const auto a = Complete(std::move(first), kTenant, kChannel, kNow, "");
    const auto b = Complete(std::move(second), kTenant, kChannel, kNow + 5000, "");
    CHECK(a.event_key() == b.event_key());
    CHECK(UuidV7Millis(Uuid::FromBytes(a.message_id()).value()) == kNow);
}

TEST_CASE("complete: events about a message point to it", "[unit][channels]") {
    const std::string target = KeyOf("message", "ext-1", "");
    for (const bool receipt : {true, false}) {
        ProviderEvent event = AMessage("ext-1");
        event.key_class = receipt ? domain::kClassReceipt : domain::kClassDelete;
        event.discriminator = "read";
        if (receipt) {
            event.event.mutable_receipt();
        } else {
            event.event.mutable_delete_();
        }
        const std::string_view key_class = event.key_class == "receipt" ? "receipt" : "delete";
        const InboundEvent done = Done(std::move(event));
        CHECK(done.target_key() == target);
        CHECK(done.event_key() == KeyOf(key_class, "ext-1", "read"));
    }
}

TEST_CASE(
    "complete: without a provider id the thread stands in and nothing is the target",
    "[unit][channels]"
) {
    ProviderEvent event = AMessage("");
    event.key_class = domain::kClassReceipt;
    event.discriminator = "read:5";
    event.event.mutable_receipt()->set_watermark_ms(5);
    const InboundEvent done = Done(std::move(event));
    CHECK(done.event_key() == KeyOf("receipt", "u-9", "read:5"));
    CHECK(done.target_key().empty());
    ProviderEvent control = AMessage("call-1");
    control.key_class = domain::kClassControl;
    control.event.mutable_control()->set_type("call_status");
    CHECK(Done(std::move(control)).target_key().empty());
}

TEST_CASE("complete: a provider time far ahead is no time", "[unit][channels]") {
    for (const std::int64_t ahead_ms :
         {std::int64_t{-1'000'000'000}, std::int64_t{0}, kFutureMsMax}) {
        auto event = AMessage("a");
        event.event.set_provider_time_ms(kNow + ahead_ms);
        CHECK(Done(std::move(event)).provider_time_ms() == kNow + ahead_ms);
    }
    for (const std::int64_t wrong :
         {kNow + kFutureMsMax + 1, std::int64_t{-5}, INT64_MAX - kFutureMsMax}) {
        auto event = AMessage("a");
        event.event.set_provider_time_ms(wrong);
        const InboundEvent done = Done(std::move(event));
        CHECK(done.provider_time_ms() == 0);
        CHECK(UuidV7Millis(Uuid::FromBytes(done.message_id()).value()) == kNow);
    }
}

TEST_CASE("complete: contents over their limits are cut, ids never", "[unit][channels]") {
    ProviderEvent event = AMessage("a");
    auto& body = *event.event.mutable_message();
    body.set_text(std::string(kTextBytesMax - 1, 'x') + "\u20ac");
    body.set_payload(std::string(kPayloadBytesMax + 1, 'p'));
    event.event.set_contact_name(std::string(300, 'n'));
    for (int i = 0; i < 100; ++i)
        body.add_attachments()->set_url(std::string(kUrlBytesMax + (i == 0 ? 1 : 0), 'u'));
    CHECK(CutToLimits(event.event));
    CHECK_FALSE(CutToLimits(event.event));
    CHECK(body.text().size() == kTextBytesMax - 1);
    CHECK(body.payload().size() == kPayloadBytesMax);
    CHECK(event.event.contact_name().size() == kNameBytesMax);
    CHECK(body.attachments_size() == kAttachmentCountMax);
    CHECK(body.attachments(0).url().empty());
    CHECK(body.attachments(1).url().size() == kUrlBytesMax);
    CHECK(event.event.ByteSizeLong() < 1'000'000);
}

// Every text of the message and of those in it; two hundred of each list.
void Fill(google::protobuf::Message& message, const std::string& text) {
    const auto* type = message.GetDescriptor();
    const auto* reflection = message.GetReflection();
    for (int i = 0; i < type->field_count(); ++i) {
        const auto* field = type->field(i);
        for (int n = 0; n < (field->is_repeated() ? 200 : 1); ++n) {
            const bool list = field->is_repeated();
            if (field->cpp_type() == field->CPPTYPE_STRING && !list)
                reflection->SetString(&message, field, text);
            if (field->cpp_type() != field->CPPTYPE_MESSAGE) continue;
            Fill(
                list ? *reflection->AddMessage(&message, field)
                     : *reflection->MutableMessage(&message, field),
                text
            );
        }
    }
}

TEST_CASE("complete: a context and cards without end leave room for the rest", "[unit][channels]") {
    ProviderEvent event = AMessage("a");
    auto& body = *event.event.mutable_message();
    Fill(*body.mutable_context(), std::string(5'000, 'c'));
    for (int i = 0; i < kAttachmentCountMax; ++i) {
        auto& attachment = *body.add_attachments();
        attachment.set_name(std::string(kNameBytesMax, 'n'));
        attachment.set_mime_type(std::string(kNameBytesMax, 'm'));
        attachment.set_provider_media_id(std::string(kIdBytesMax, 'i'));
        attachment.set_url(std::string(kUrlBytesMax, 'u'));
        Fill(*attachment.mutable_contact_card(), std::string(kCardTextBytesMax, 'p'));
    }
    body.set_text(std::string(kTextBytesMax, 't'));
    body.set_payload(std::string(kPayloadBytesMax, 'p'));
    body.set_subject(std::string(kSubjectBytesMax, 's'));
    CHECK(CutToLimits(event.event));
    CHECK(event.event.ByteSizeLong() < 1'000'000);
    CHECK(body.attachments_size() == kAttachmentCountMax);
    CHECK(body.attachments(0).has_contact_card());
    CHECK(body.attachments(0).contact_card().phones_size() == kCardItemCountMax);
    CHECK_FALSE(body.attachments(kAttachmentCountMax - 1).has_contact_card());
    CHECK(body.context().referral().headline().size() == kContextTextBytesMax);
    CHECK(body.context().referral().source_url().empty());  // Half a URL is worth nothing.
    CHECK(body.context().order_size() == kOrderItemCountMax);
    CHECK_FALSE(CutToLimits(event.event));
}

TEST_CASE("complete: control attributes are bounded in number and size", "[unit][channels]") {
    ProviderEvent event = AMessage("a");
    auto& control = *event.event.mutable_control();
    for (int i = 0; i < 100; ++i)
        SetAttribute(control, "k" + std::to_string(i), std::string(5000, 'v'));
    SetAttribute(control, std::string(300, 'k'), "v");
    CHECK(CutToLimits(event.event));
    CHECK(control.attributes().size() == kAttributeCountMax);
    for (const auto& [name, value] : control.attributes())
        CHECK(value.size() == kAttributeBytesMax);
}

TEST_CASE(
    "complete: an event without thread or body, or with an id too long, is no event",
    "[unit][channels]"
) {
    REQUIRE_OK(CheckIdentity(AMessage("a").event));
    const auto field = [](const ProviderEvent& event) {
        return CheckIdentity(event.event).field();
    };
    auto event = AMessage("a");
    event.event.clear_thread_key();
    CHECK(field(event) == "thread_key");
    event = AMessage("a");
    event.event.clear_message();
    CHECK(field(event) == "body");
    CHECK(field(AMessage(std::string(kIdBytesMax + 1, 'i'))) == "provider_id");
    CHECK(CheckIdentity(AMessage(std::string(kIdBytesMax, 'i')).event).ok());
    event = AMessage("a");
    event.event.set_contact_key(std::string(kIdBytesMax + 1, 'i'));
    CHECK(field(event) == "contact_key");
    event = AMessage("a");
    event.event.add_contact_aliases(std::string(kIdBytesMax + 1, 'i'));
    CHECK(field(event) == "contact_aliases");
}

TEST_CASE("parse sink: problems are told once, and bounded", "[unit][channels]") {
    ParseSink sink;
    for (int i = 0; i < 50; ++i) sink.Problem("missing_field", std::string(1000, 'd'));
    sink.Problem("wrong_type", std::string(1000, 'd'));
    sink.Problem("missing_field", "else");
    for (int i = 0; i < 50; ++i) sink.Problem("unknown_event", std::to_string(i));
    const Parsed parsed = std::move(sink).Take().value();
    REQUIRE(parsed.problems.size() == kProblemCountMax);
    CHECK(parsed.problems[0].detail.size() == kProblemDetailBytesMax);
    CHECK(parsed.problems[1].reason == "wrong_type");
    CHECK(parsed.problems[2].detail == "else");
    CHECK(parsed.problems[3].detail == "0");
}

}  // namespace
}  // namespace unibox::channels
