// What clients are told of a failed Status, whatever the protocol: the one table from codes to HTTP
// statuses, what is hidden, and when to come back. libs/rpc and libs/http put it on the wire.
// Thread safety: pure functions.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace unibox::api_error {

// Of every reason (google.rpc.ErrorInfo, AIP-193): the package of the public API.
inline constexpr std::string_view kDomain = "unibox.v1";

// Reasons on which this table decides.
// ABORTED: the thing has another version than the caller knew. Repeating the call gets the same.
inline constexpr std::string_view kVersionMismatch = "VERSION_MISMATCH";
// INVALID_ARGUMENT: a body that says to be something else than JSON.
inline constexpr std::string_view kContentTypeUnsupported = "CONTENT_TYPE_UNSUPPORTED";

// The HTTP status for a code, as google.rpc.Code documents it (499 for CANCELLED): a state that
// does not allow it is 400 (FAILED_PRECONDITION), a conflict 409 (ABORTED).
int HttpStatusOf(Code code);
// The same, and 415 where the reason says so.
int HttpStatusOf(const Status& status);
// The code of an answer that has no Status but an HTTP status: 413 is INVALID_ARGUMENT.
Code CodeOfHttpStatus(int status);

// INTERNAL, UNKNOWN and DATA_LOSS tell clients only "internal error": their messages are for our
// log.
std::string PublicMessage(const Status& status);
// UPPER_SNAKE_CASE: the status's own word, or the name of its code where it has none or its word is
// for our log (a SQLSTATE).
std::string PublicReason(const Status& status);
// What programs may know beside the reason; none of INTERNAL, UNKNOWN and DATA_LOSS.
const Status::Metadata& PublicMetadata(const Status& status);
// How long a client should wait before it repeats: what the status says, else one second for
// RESOURCE_EXHAUSTED, UNAVAILABLE and ABORTED (but a VERSION_MISMATCH). Nothing: repeating makes no
// sense.
std::optional<Millis> RetryDelay(const Status& status);

}  // namespace unibox::api_error
