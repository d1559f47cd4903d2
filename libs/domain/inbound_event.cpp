#include "domain/inbound_event.hpp"

#include "base/utf8.hpp"
#include "domain/delivery_state.hpp"

#include <cstdint>
#include <string>

namespace unibox::domain {
namespace {

using event::v1::InboundEvent;

constexpr std::size_t kIdBytes = 16;
// Time of receipt comes from our own clocks and names database partitions, so it is held tighter.
constexpr std::int64_t kReceiveTimeMsMin = 946684800000;   // 2000-01-01
constexpr std::int64_t kReceiveTimeMsMax = 4102444800000;  // 2100-01-01

Status Wrong(std::string_view field, std::string message) {
    return InvalidArgument(std::move(message)).WithReason("INVALID_EVENT").WithField(field);
}

Status CheckId(std::string_view field, const std::string& bytes) {
    if (bytes.size() == kIdBytes) return {};
    return Wrong(field, "must have 16 bytes, has " + std::to_string(bytes.size()));
}

Status CheckKey(std::string_view field, const std::string& key) {
    if (key.size() > kKeyBytesMax) {
        return Wrong(field, "must have at most " + std::to_string(kKeyBytesMax) + " bytes");
    }
    if (!IsCleanText(key)) return Wrong(field, "must be UTF-8 without NUL");
    return {};
}

Status CheckReceipt(const InboundEvent& event) {
    const auto& receipt = event.receipt();
    if (IsLower(receipt.state(), v1::DELIVERY_STATE_SENT)) {
        return Wrong("receipt.state", "is no delivery state");
    }
    if (receipt.watermark_ms() == 0) return CheckId("target_key", event.target_key());
    if (receipt.watermark_ms() < 0) return Wrong("receipt.watermark_ms", "must not be negative");
    if (IsLower(receipt.state(), v1::DELIVERY_STATE_DELIVERED)) {
        return Wrong("receipt.state", "a watermark tells only of delivery or reading");
    }
    return {};
}

Status CheckReaction(const InboundEvent& event) {
    const auto& reaction = event.reaction();
    if (reaction.emoji().empty() && !reaction.removed()) {
        return Wrong("reaction.emoji", "is empty, and nothing is removed");
    }
    if (reaction.emoji().size() > kEmojiBytesMax) return Wrong("reaction.emoji", "is too long");
    return CheckId("target_key", event.target_key());
}

Status CheckMessage(const InboundEvent& event) {
    const auto direction = event.message().direction();
    if (direction != v1::DIRECTION_INBOUND && direction != v1::DIRECTION_OUTBOUND) {
        return Wrong("message.direction", "must be inbound or outbound");
    }
    const int kind = event.message().kind();
    if (kind < 0 || kind > 1000) return Wrong("message.kind", "is no kind of message");
    return CheckId("message_id", event.message_id());
}

Status CheckBody(const InboundEvent& event) {
    switch (event.body_case()) {
        case InboundEvent::kMessage:
            return CheckMessage(event);
        case InboundEvent::kEdit:
        case InboundEvent::kDelete:
            return CheckId("target_key", event.target_key());
        case InboundEvent::kReaction:
            return CheckReaction(event);
        case InboundEvent::kReceipt:
            return CheckReceipt(event);
        case InboundEvent::kTyping:
            return {};
        case InboundEvent::kControl:
            return event.control().type().empty() ? Wrong("control.type", "is empty") : Status();
        case InboundEvent::BODY_NOT_SET:
            break;
    }
    return Wrong("body", "is missing or of a kind that this version does not know");
}

}  // namespace

Status Validate(const InboundEvent& event) {
    if (event.tenant_id() <= 0) return Wrong("tenant_id", "must be positive");
    UNIBOX_RETURN_IF_ERROR(CheckId("event_key", event.event_key()));
    UNIBOX_RETURN_IF_ERROR(CheckId("channel_id", event.channel_id()));
    if (event.provider() <= 0 || event.provider() > 1000) {
        return Wrong("provider", "is no provider");
    }
    const bool about_channel = event.control().about_channel();
    if (event.thread_key().empty() && !about_channel) return Wrong("thread_key", "is empty");
    UNIBOX_RETURN_IF_ERROR(CheckKey("thread_key", event.thread_key()));
    UNIBOX_RETURN_IF_ERROR(CheckKey("contact_key", event.contact_key()));
    if (event.receive_time_ms() < kReceiveTimeMsMin ||
        event.receive_time_ms() > kReceiveTimeMsMax) {
        return Wrong("receive_time_ms", "must lie between the years 2000 and 2100");
    }
    return CheckBody(event);
}

Status ReadInboundEvent(std::string_view payload, InboundEvent* event) {
    if (!event->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
        event->Clear();
        return InvalidArgument("not a unibox.event.v1.InboundEvent").WithReason("INVALID_EVENT");
    }
    return Validate(*event);
}

}  // namespace unibox::domain
