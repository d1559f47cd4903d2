// A delivered message as LogReader returns and compares it. Thread safety: pure functions.
#pragma once

#include "base/log_mark.hpp"
#include "nats/detail/nats_c.hpp"
#include "nats/detail/reader_wire.hpp"
#include "nats/log_reader.hpp"

namespace unibox::nats::detail {

inline LogMark MarkOf(const LogMessage& message) {
    return {KeptMsgId(message.msg_id), message.stored_unix_ms};
}

inline LogMark MarkOf(natsMsg* message, const Delivery& delivery) {
    const std::string_view msg_id = HeaderOf(message, "Nats-Msg-Id");
    return {KeptMsgId(msg_id), delivery.stored_unix_ns / 1'000'000};
}

inline LogMessage LogMessageOf(natsMsg* message, const Delivery& delivery) {
    LogMessage out;
    out.sequence = delivery.stream_sequence;
    out.stored_unix_ms = delivery.stored_unix_ns / 1'000'000;
    out.subject = TextOf(natsMsg_GetSubject(message));
    out.payload = DataOf(message);
    out.msg_id = HeaderOf(message, "Nats-Msg-Id");
    out.traceparent = HeaderOf(message, "traceparent");
    return out;
}

// What ends a pull in the course of things; any other status means that the consumer is lost.
inline bool EndsOnePull(std::string_view status, std::string_view text) {
    return status == "404" || status == "408" ||
           (status == "409" && text.find("MaxBytes") != std::string_view::npos);
}

}  // namespace unibox::nats::detail
