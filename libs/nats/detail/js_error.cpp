#include "nats/detail/js_error.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace unibox::nats::detail {
namespace {

int IntOf(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

}  // namespace

std::optional<JsError> ErrorOf(const nlohmann::json& reply) {
    const auto error = reply.find("error");
    if (error == reply.end() || !error->is_object()) return std::nullopt;
    JsError result{
        .code = IntOf(*error, "code"), .err_code = IntOf(*error, "err_code"), .text = {}};
    const auto text = error->find("description");
    if (text != error->end() && text->is_string()) result.text = text->get<std::string>();
    return result;
}

Status StatusOf(const JsError& error, std::string_view context) {
    const std::string message =
        fmt::format("{}: {} ({}, {})", context, error.text, error.code, error.err_code);
    switch (error.err_code) {
        case 10059:
            return NotFound(message).WithReason("STREAM_MISSING");
        case 10014:
            return NotFound(message).WithReason("CONSUMER_MISSING");
        case 10037:
            return NotFound(message).WithReason("MESSAGE_MISSING");
        case 10058:
            return Status(Code::kAlreadyExists, message).WithReason("STREAM_EXISTS");
        case 10039:
            return Unavailable(message).WithReason("NO_JETSTREAM");
        case 10023:
        case 10002:
        case 10028:
        case 10047:
            return Unavailable(message).WithReason("INSUFFICIENT_RESOURCES");
        default:
            break;
    }
    switch (error.code) {
        case 400:
            return FailedPrecondition(message);
        case 403:
            return Status(Code::kPermissionDenied, message);
        case 404:
            return NotFound(message);
        case 408:
            return DeadlineExceeded(message);
        case 429:
        case 503:
            return Unavailable(message);
        default:
            return Status(Code::kUnknown, message);
    }
}

}  // namespace unibox::nats::detail
