#include "nats/detail/outgoing.hpp"

#include "nats/reasons.hpp"

#include <algorithm>

namespace unibox::nats::detail {
namespace {

constexpr std::size_t kOverheadBytes = 256;  // Headers' names, reply subject, the slot itself.
constexpr std::size_t kHeaderBytesMax = 1024;

bool IsSubjectForPublish(std::string_view subject) {
    if (subject.empty() || subject.front() == '.' || subject.back() == '.') return false;
    if (subject.find("..") != std::string_view::npos) return false;
    return std::all_of(subject.begin(), subject.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != '*' && c != '>' && c != '\x7f';
    });
}

// A line break in a value would begin another header.
bool IsHeaderValue(std::string_view value) {
    return value.size() <= kHeaderBytesMax && std::all_of(value.begin(), value.end(), [](char c) {
               return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
           });
}

}  // namespace

Status CheckOutgoing(
    const Outgoing& message, std::size_t window_bytes, std::int64_t payload_bytes_max
) {
    if (!IsSubjectForPublish(message.subject)) {
        return InvalidArgument("not a subject to publish on").WithReason("BAD_SUBJECT");
    }
    if (!IsHeaderValue(message.msg_id) || !IsHeaderValue(message.expected_stream) ||
        !IsHeaderValue(message.traceparent)) {
        return InvalidArgument("a header has control characters or is too long")
            .WithReason("BAD_HEADER");
    }
    const auto payload_bytes = static_cast<std::int64_t>(message.payload.size());
    if (SizeOf(message) > window_bytes ||
        (payload_bytes_max > 0 && payload_bytes > payload_bytes_max)) {
        return InvalidArgument("the message is larger than NATS accepts").WithReason(kTooLarge);
    }
    return {};
}

std::size_t SizeOf(const Outgoing& message) {
    return message.payload.size() + message.subject.size() + message.msg_id.size() + kOverheadBytes;
}

Result<MessagePtr> BuildMessage(const Outgoing& message, const std::string& reply) {
    natsMsg* raw = nullptr;
    natsStatus status = natsMsg_Create(
        &raw,
        message.subject.c_str(),
        reply.c_str(),
        message.payload.data(),
        static_cast<int>(message.payload.size())
    );
    if (status != NATS_OK) return FromNats(status, "message for " + message.subject);
    MessagePtr built(raw);
    const auto set = [&](const char* name, const std::string& value) {
        if (status == NATS_OK && !value.empty()) {
            status = natsMsgHeader_Set(raw, name, value.c_str());
        }
    };
    set("Nats-Msg-Id", message.msg_id);
    set("Nats-Expected-Stream", message.expected_stream);
    set("traceparent", message.traceparent);
    if (status != NATS_OK) return FromNats(status, "headers for " + message.subject);
    return built;
}

}  // namespace unibox::nats::detail
