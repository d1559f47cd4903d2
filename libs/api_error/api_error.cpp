#include "api_error/api_error.hpp"

#include <algorithm>
#include <array>

namespace unibox::api_error {
namespace {

constexpr Millis kUsualDelay{1'000};

// In the order of the codes' numbers.
constexpr std::array<int, 17> kHttpStatuses = {
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

bool IsUpper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool IsReasonWord(std::string_view reason) {
    const auto is_allowed = [](char c) { return IsUpper(c) || c == '_' || (c >= '0' && c <= '9'); };
    return !reason.empty() && IsUpper(reason.front()) &&
           std::all_of(reason.begin(), reason.end(), is_allowed);
}

}  // namespace

int HttpStatusOf(Code code) {
    const auto index = static_cast<std::size_t>(code);
    return index < kHttpStatuses.size() ? kHttpStatuses[index] : 500;
}

int HttpStatusOf(const Status& status) {
    const bool other_type =
        status.code() == Code::kInvalidArgument && status.reason() == kContentTypeUnsupported;
    return other_type ? 415 : HttpStatusOf(status.code());
}

Code CodeOfHttpStatus(int status) {
    switch (status) {
        case 401:
            return Code::kUnauthenticated;
        case 403:
            return Code::kPermissionDenied;
        case 404:
            return Code::kNotFound;
        case 405:
        case 501:
        case 505:
            return Code::kUnimplemented;
        case 408:
        case 504:
            return Code::kDeadlineExceeded;
        case 409:
            return Code::kAborted;
        case 429:
            return Code::kResourceExhausted;
        case 503:
            return Code::kUnavailable;
        default:
            return status < 400 ? Code::kOk
                                : (status < 500 ? Code::kInvalidArgument : Code::kInternal);
    }
}

std::string PublicMessage(const Status& status) {
    return IsInternal(status.code()) ? "internal error" : status.message();
}

std::string PublicReason(const Status& status) {
    const bool told = !IsInternal(status.code()) && IsReasonWord(status.reason());
    return told ? status.reason() : std::string(CodeName(status.code()));
}

const Status::Metadata& PublicMetadata(const Status& status) {
    static const Status::Metadata none;
    return IsInternal(status.code()) ? none : status.metadata();
}

std::optional<Millis> RetryDelay(const Status& status) {
    if (status.retry_after() > Millis(0)) return status.retry_after();
    if (status.reason() == kVersionMismatch) return {};
    switch (status.code()) {
        case Code::kResourceExhausted:
        case Code::kUnavailable:
        case Code::kAborted:
            return kUsualDelay;
        default:
            return {};
    }
}

}  // namespace unibox::api_error
