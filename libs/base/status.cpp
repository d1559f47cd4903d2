#include "base/status.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace unibox {
namespace {

constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

const std::string& EmptyString() {
    static const std::string empty;
    return empty;
}

}  // namespace

std::string_view CodeName(Code code) {
    const auto index = static_cast<std::size_t>(code);
    return index < kCodeNames.size() ? kCodeNames[index] : "UNKNOWN";
}

Status::Status(Code code, std::string message) {
    if (code == Code::kOk) return;
    detail_ = std::make_shared<Detail>(Detail{code, std::move(message), {}, {}, Millis(0), {}});
}

Status Status::WithReason(std::string_view reason) && {
    if (detail_) {
        detail_ = std::make_shared<Detail>(*detail_);
        detail_->reason = reason;
    }
    return std::move(*this);
}

Status Status::WithField(std::string_view field) && {
    if (detail_) {
        detail_ = std::make_shared<Detail>(*detail_);
        detail_->field = field;
    }
    return std::move(*this);
}

Status Status::WithRetryAfter(Millis delay) && {
    if (detail_) {
        detail_ = std::make_shared<Detail>(*detail_);
        detail_->retry_after = delay;
    }
    return std::move(*this);
}

Status Status::WithMetadata(std::string_view name, std::string value) && {
    if (detail_) {
        detail_ = std::make_shared<Detail>(*detail_);
        detail_->metadata.emplace_back(name, std::move(value));
    }
    return std::move(*this);
}

Status Status::WithContext(std::string_view context) && {
    if (detail_) {
        detail_ = std::make_shared<Detail>(*detail_);
        detail_->message.insert(0, std::string(context) + ": ");
    }
    return std::move(*this);
}

const std::string& Status::message() const {
    return detail_ ? detail_->message : EmptyString();
}
const std::string& Status::reason() const {
    return detail_ ? detail_->reason : EmptyString();
}
const std::string& Status::field() const {
    return detail_ ? detail_->field : EmptyString();
}
const Status::Metadata& Status::metadata() const {
    static const Metadata none;
    return detail_ ? detail_->metadata : none;
}

std::string Status::ToString() const {
    if (ok()) return "OK";
    std::string text(CodeName(code()));
    text += ": " + message();
    if (!field().empty()) text += " (field " + field() + ")";
    return text;
}

namespace detail {

const Status& EmptyResult() {
    static const Status empty(Code::kUnknown, "empty result");
    return empty;
}

void NoValue(const Status& status) {
    std::fprintf(stderr, "the value of a failed Result was read: %s\n", status.ToString().c_str());
    std::abort();
}

}  // namespace detail
}  // namespace unibox
