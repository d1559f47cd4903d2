// Calls of the JetStream API as JSON over core requests, and the values in its replies. Our own
// JSON, not the js_ functions of nats.c: they drop the fields that they do not know when a stream
// is updated, and reduce errors to a number. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "nats/log_reader.hpp"
#include "nats/streams.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats::detail {

// Sends `body` to $JS.API.<call> and returns the reply, an object without "error". Waits for the
// connection's request timeout at most, or for `wait`.
Result<nlohmann::json> CallApi(
    Connection& connection,
    std::string_view call,
    const nlohmann::json& body,
    std::optional<Millis> wait = {}
);

// Nanoseconds since the Unix epoch of an RFC 3339 time of the years 1678 to 2261; of an empty
// stream the server says 0001-01-01T00:00:00Z.
std::optional<std::int64_t> ParseTimeNanos(std::string_view text);

// From the reply of STREAM.INFO, STREAM.CREATE or STREAM.UPDATE, or one entry of STREAM.LIST.
// INTERNAL when it has another shape.
Result<StreamInfo> ReadStreamInfo(const nlohmann::json& reply);
// The same from the text of a reply to STREAM.INFO, or the error in it. UNAVAILABLE reason
// "NO_RESPONDERS" when it is no reply of JetStream.
Result<StreamInfo> ReadStreamInfoReply(std::string_view text, const std::string& stream);

// From the reply of STREAM.LIST: names of streams that exist and that nobody answered for.
std::vector<std::string> SilentStreams(const nlohmann::json& reply);

// From the reply of STREAM.MSG.GET.
Result<LogMessage> ReadStoredMessage(const nlohmann::json& reply);

}  // namespace unibox::nats::detail
