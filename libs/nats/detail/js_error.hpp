// The error object in a reply of the JetStream API. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace unibox::nats::detail {

struct JsError {
    int code = 0;      // As HTTP's: 404, 503 ...
    int err_code = 0;  // JetStream's own, 10000 and up.
    std::string text;
};

// The member "error" of a reply, if it has one.
std::optional<JsError> ErrorOf(const nlohmann::json& reply);

// An error of an administrative call. `context` begins the message.
Status StatusOf(const JsError& error, std::string_view context);

}  // namespace unibox::nats::detail
