#include "rpc/status_map.hpp"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include <algorithm>
#include <array>

namespace unibox::rpc {
namespace {

constexpr const char* kDomain = "unibox.v1";
constexpr Millis kRetryAfter{1'000};

// In the order of the codes' numbers.
constexpr std::array<int, 17> kHttpCodes = {
    200,  // OK
    499,  // CANCELLED
    500,  // UNKNOWN
    400,  // INVALID_ARGUMENT
    504,  // DEADLINE_EXCEEDED
    404,  // NOT_FOUND
    409,  // ALREADY_EXISTS
    403,  // PERMISSION_DENIED
    429,  // RESOURCE_EXHAUSTED
    400,  // FAILED_PRECONDITION
    409,  // ABORTED
    400,  // OUT_OF_RANGE
    501,  // UNIMPLEMENTED
    500,  // INTERNAL
    503,  // UNAVAILABLE
    500,  // DATA_LOSS
    401,  // UNAUTHENTICATED
};

bool IsInternal(Code code) {
    return code == Code::kInternal || code == Code::kUnknown || code == Code::kDataLoss;
}

// AIP-193's form of a reason; a SQLSTATE is none.
bool IsReasonWord(std::string_view reason) {
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto is_allowed = [&](char c) {
        return is_upper(c) || c == '_' || (c >= '0' && c <= '9');
    };
    return !reason.empty() && is_upper(reason.front()) &&
           std::all_of(reason.begin(), reason.end(), is_allowed);
}

google::rpc::Status Details(const Status& status) {
    google::rpc::Status details;
    details.set_code(static_cast<int>(status.code()));
    details.set_message(PublicMessage(status));
    google::rpc::ErrorInfo info;
    info.set_reason(PublicReason(status));
    info.set_domain(kDomain);
    details.add_details()->PackFrom(info);
    if (!status.field().empty()) {
        google::rpc::BadRequest bad_request;
        auto* violation = bad_request.add_field_violations();
        violation->set_field(status.field());
        violation->set_description(PublicMessage(status));
        details.add_details()->PackFrom(bad_request);
    }
    const auto delay = status.retry_after_ms() > 0 ? std::optional(Millis(status.retry_after_ms()))
                                                   : RetryDelay(status.code());
    if (delay) {
        google::rpc::RetryInfo retry;
        retry.mutable_retry_delay()->set_seconds(delay->count() / 1000);
        retry.mutable_retry_delay()->set_nanos(static_cast<int>(delay->count() % 1000) * 1'000'000);
        details.add_details()->PackFrom(retry);
    }
    return details;
}

}  // namespace

grpc::Status ToGrpc(const Status& status) {
    if (status.ok()) return grpc::Status::OK;
    const google::rpc::Status details = Details(status);
    return {
        static_cast<grpc::StatusCode>(status.code()),
        details.message(),
        details.SerializeAsString()};
}

Status FromGrpc(const grpc::Status& status) {
    if (status.ok()) return {};
    const int number = status.error_code();
    const bool known = number > 0 && number < static_cast<int>(kHttpCodes.size());
    Status result(known ? static_cast<Code>(number) : Code::kUnknown, status.error_message());
    google::rpc::Status details;
    if (!details.ParseFromString(status.error_details())) return result;
    for (const auto& any : details.details()) {
        google::rpc::ErrorInfo info;
        google::rpc::BadRequest wrong;
        google::rpc::RetryInfo retry;
        if (any.Is<google::rpc::RetryInfo>() && any.UnpackTo(&retry)) {
            const auto& delay = retry.retry_delay();
            result = std::move(result).WithRetryAfter(
                delay.seconds() * 1000 + delay.nanos() / 1'000'000
            );
        }
        if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info)) {
            result = std::move(result).WithReason(info.reason());
        }
        const bool is_wrong = any.Is<google::rpc::BadRequest>() && any.UnpackTo(&wrong);
        if (is_wrong && wrong.field_violations_size() > 0) {
            result = std::move(result).WithField(wrong.field_violations(0).field());
        }
    }
    return result;
}

int HttpCode(Code code) {
    const auto index = static_cast<std::size_t>(code);
    return index < kHttpCodes.size() ? kHttpCodes[index] : 500;
}

std::optional<Millis> RetryDelay(Code code) {
    switch (code) {
        case Code::kResourceExhausted:
        case Code::kUnavailable:
        case Code::kAborted:
            return kRetryAfter;
        default:
            return {};
    }
}

std::string PublicMessage(const Status& status) {
    return IsInternal(status.code()) ? "internal error" : status.message();
}

std::string PublicReason(const Status& status) {
    const bool told = !IsInternal(status.code()) && IsReasonWord(status.reason());
    return told ? status.reason() : std::string(CodeName(status.code()));
}

}  // namespace unibox::rpc
