// The one table from Status to what gRPC and HTTP clients see.
// Thread safety: pure functions.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"

#include <grpcpp/support/status.h>

#include <optional>

namespace unibox::rpc {

// Carries google.rpc.Status as details: ErrorInfo (PublicReason, domain "unibox.v1"), BadRequest
// if there is a field, RetryInfo if the status says after how long, or else RetryDelay.
// INTERNAL, UNKNOWN and DATA_LOSS tell clients only "internal error": their messages are for our
// log.
grpc::Status ToGrpc(const Status& status);
// The inverse: code, message, reason, field and wait.
Status FromGrpc(const grpc::Status& status);

// The HTTP status for a code, as google.rpc.Code documents it (499 for CANCELLED).
int HttpCode(Code code);
// How long a client should wait before it repeats, if nothing more is known: RESOURCE_EXHAUSTED,
// UNAVAILABLE and ABORTED.
std::optional<Millis> RetryDelay(Code code);
// The message that a client may see.
std::string PublicMessage(const Status& status);
// The reason that a client may see, UPPER_SNAKE_CASE (AIP-193): the status's own word, or the name
// of its code where it has none or its word is for our log.
std::string PublicReason(const Status& status);

}  // namespace unibox::rpc
