#include "gateway/write_failure.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace unibox::gateway {
namespace {

// The one field that is called otherwise there.
constexpr std::string_view kWritersSnoozeTime = "snooze_time_ms";
constexpr std::string_view kSnoozeTime = "snooze_time";

// The codes in which the writer judges. Its own answers always have a reason (api_error); gRPC's do
// not.
bool IsJudgement(const Status& status) {
    switch (status.code()) {
        case Code::kInvalidArgument:
        case Code::kNotFound:
        case Code::kFailedPrecondition:
        case Code::kAborted:
        case Code::kResourceExhausted:
            return !status.reason().empty();
        default:
            return false;
    }
}

bool HasOwnReason(const Status& status) {
    return !status.reason().empty() && status.reason() != CodeName(status.code());
}

}  // namespace

Status WithPublicField(Status status) {
    if (status.field() != kWritersSnoozeTime) return status;
    std::string message = status.message();
    const std::size_t at = message.find(kWritersSnoozeTime);
    if (at != std::string::npos) message.replace(at, kWritersSnoozeTime.size(), kSnoozeTime);
    return Status(status.code(), std::move(message))
        .WithReason(status.reason())
        .WithField(kSnoozeTime);
}

Status WriteFailed(const Status& status) {
    if (IsJudgement(status)) return WithPublicField(status);
    switch (status.code()) {
        case Code::kCancelled:
            return status;
        case Code::kUnavailable:
            if (HasOwnReason(status)) return status;
            return Unavailable("nothing can be written now; repeat it with the same request_id")
                .WithReason(kWriterUnavailable);
        case Code::kDeadlineExceeded:
            return DeadlineExceeded(
                       "there was no answer in time, and it may have been done; repeat it with the "
                       "same request_id"
            )
                .WithReason(kOutcomeUnknown);
        default:
            return Internal("message-writer: " + status.ToString());
    }
}

}  // namespace unibox::gateway
