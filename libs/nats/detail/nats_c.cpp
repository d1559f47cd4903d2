#include "nats/detail/nats_c.hpp"

#include "nats/reasons.hpp"

#include <fmt/format.h>

namespace unibox::nats::detail {
namespace {

Code CodeOf(natsStatus status) {
    switch (status) {
        case NATS_OK:
            return Code::kOk;
        case NATS_TIMEOUT:
            return Code::kDeadlineExceeded;
        case NATS_NO_RESPONDERS:
        case NATS_CONNECTION_CLOSED:
        case NATS_CONNECTION_DISCONNECTED:
        case NATS_NO_SERVER:
        case NATS_STALE_CONNECTION:
        case NATS_NOT_YET_CONNECTED:
        case NATS_DRAINING:
        case NATS_IO_ERROR:
            return Code::kUnavailable;
        case NATS_INSUFFICIENT_BUFFER:
        case NATS_SLOW_CONSUMER:
            return Code::kResourceExhausted;
        case NATS_MAX_PAYLOAD:
        case NATS_INVALID_ARG:
        case NATS_INVALID_SUBJECT:
        case NATS_ADDRESS_MISSING:
        case NATS_SSL_ERROR:
            return Code::kInvalidArgument;
        case NATS_CONNECTION_AUTH_FAILED:
            return Code::kUnauthenticated;
        case NATS_NOT_PERMITTED:
            return Code::kPermissionDenied;
        case NATS_NOT_FOUND:
            return Code::kNotFound;
        default:
            return Code::kInternal;
    }
}

std::string_view ReasonOf(natsStatus status) {
    switch (status) {
        case NATS_NO_RESPONDERS:
            return kNoResponders;
        case NATS_MAX_PAYLOAD:
            return kTooLarge;
        case NATS_CONNECTION_CLOSED:
        case NATS_CONNECTION_DISCONNECTED:
        case NATS_NO_SERVER:
        case NATS_STALE_CONNECTION:
        case NATS_NOT_YET_CONNECTED:
            return "NOT_CONNECTED";
        default:
            return "";
    }
}

}  // namespace

Status FromNats(natsStatus status, std::string_view context) {
    if (status == NATS_OK) return {};
    return Status(CodeOf(status), fmt::format("{}: {}", context, natsStatus_GetText(status)))
        .WithReason(ReasonOf(status));
}

}  // namespace unibox::nats::detail
