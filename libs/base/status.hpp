// Status and Result<T>: the one way in which a failure is reported inside Unibox.
// Thread safety: values; distinct objects may be used from distinct threads.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unibox {

// The 17 canonical gRPC codes with gRPC's numbers, so that conversion is a cast.
// Meaning: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
enum class Code {
    kOk = 0,
    kCancelled = 1,
    kUnknown = 2,
    kInvalidArgument = 3,  // The caller's input is wrong, whatever the state of the system.
    kDeadlineExceeded = 4,
    kNotFound = 5,
    kAlreadyExists = 6,
    kPermissionDenied = 7,
    kResourceExhausted = 8,   // A limit was reached: queue full, rate exceeded.
    kFailedPrecondition = 9,  // Must not be retried until the state was changed.
    kAborted = 10,            // Concurrency conflict: repeat the whole transaction.
    kOutOfRange = 11,
    kUnimplemented = 12,
    kInternal = 13,
    kUnavailable = 14,  // A dependency is away: retry with backoff.
    kDataLoss = 15,
    kUnauthenticated = 16,
};

// The upper-case gRPC name, for example "INVALID_ARGUMENT".
std::string_view CodeName(Code code);

// A code, a message for operators, and optionally a stable UPPER_SNAKE_CASE `reason` for programs
// (AIP-193) and the `field` of the input that is wrong. Ok allocates nothing.
class [[nodiscard]] Status {
public:
    // What a program can use of a failure beside its reason (AIP-193): names and values, in order.
    using Metadata = std::vector<std::pair<std::string, std::string>>;

    Status() = default;
    Status(Code code, std::string message);

    Status WithReason(std::string_view reason) &&;
    Status WithField(std::string_view field) &&;
    // After how long repeating makes sense, where that is known; 0 = not known.
    Status WithRetryAfter(Millis delay) &&;
    // One more, as `version` of a VERSION_MISMATCH: the current one. Clients see it.
    Status WithMetadata(std::string_view name, std::string value) &&;
    // Puts "context: " before the message; an Ok status stays as it is.
    Status WithContext(std::string_view context) &&;

    bool ok() const { return detail_ == nullptr; }
    Code code() const { return detail_ ? detail_->code : Code::kOk; }
    const std::string& message() const;
    const std::string& reason() const;
    const std::string& field() const;
    const Metadata& metadata() const;
    Millis retry_after() const { return detail_ ? detail_->retry_after : Millis(0); }
    // "INVALID_ARGUMENT: page_size must be 1 to 100 (field page_size)".
    std::string ToString() const;

private:
    struct Detail {
        Code code;
        std::string message;
        std::string reason;
        std::string field;
        Millis retry_after{0};
        Metadata metadata;
    };
    std::shared_ptr<Detail> detail_;
};

inline Status InvalidArgument(std::string message) {
    return {Code::kInvalidArgument, std::move(message)};
}
inline Status NotFound(std::string message) {
    return {Code::kNotFound, std::move(message)};
}
inline Status Unavailable(std::string message) {
    return {Code::kUnavailable, std::move(message)};
}
inline Status Internal(std::string message) {
    return {Code::kInternal, std::move(message)};
}
inline Status DeadlineExceeded(std::string message) {
    return {Code::kDeadlineExceeded, std::move(message)};
}
inline Status ResourceExhausted(std::string message) {
    return {Code::kResourceExhausted, std::move(message)};
}
inline Status FailedPrecondition(std::string message) {
    return {Code::kFailedPrecondition, std::move(message)};
}
inline Status Unauthenticated(std::string message) {
    return {Code::kUnauthenticated, std::move(message)};
}

namespace detail {
// What an empty Result says.
const Status& EmptyResult();
[[noreturn]] void NoValue(const Status& status);
}  // namespace detail

// A value or a status that is not Ok. Reading the value of a failed Result writes its status to
// stderr and aborts the process.
template <typename T>
class [[nodiscard]] Result {
public:
    Result() = default;                                   // UNKNOWN, "empty result"
    Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
        if (status_.ok()) status_ = Internal("a Result was made from an Ok status");
    }
    Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const { return value_.has_value(); }
    const Status& status() const {
        return value_.has_value() || !status_.ok() ? status_ : detail::EmptyResult();
    }
    T& value() & {
        Demand();
        return *value_;
    }
    const T& value() const& {
        Demand();
        return *value_;
    }
    T&& value() && {
        Demand();
        return *std::move(value_);
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

private:
    void Demand() const {
        if (!value_.has_value()) detail::NoValue(status());
    }

    std::optional<T> value_;
    Status status_;
};

}  // namespace unibox

#define UNIBOX_CONCAT_INNER(a, b) a##b
#define UNIBOX_CONCAT(a, b) UNIBOX_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expression` (a Status) is not Ok.
#define UNIBOX_RETURN_IF_ERROR(expression)                                      \
    do {                                                                        \
        if (::unibox::Status unibox_status = (expression); !unibox_status.ok()) \
            return unibox_status;                                               \
    } while (false)

// UNIBOX_ASSIGN_OR_RETURN(auto x, F()): declares or assigns the value of a Result, or returns its
// status.
#define UNIBOX_ASSIGN_OR_RETURN(declaration, expression) \
    UNIBOX_ASSIGN_OR_RETURN_INNER(UNIBOX_CONCAT(unibox_result_, __LINE__), declaration, expression)
#define UNIBOX_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
    auto result = (expression);                                        \
    if (!result.ok()) return result.status();                          \
    declaration = std::move(result).value()
