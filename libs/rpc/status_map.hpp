// From Status to what gRPC clients see, and back.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

#include <grpcpp/support/status.h>

#include <string_view>

namespace unibox::rpc {

// Carries google.rpc.Status as details, with what clients may know (api_error): ErrorInfo with the
// metadata,
// the field if there is one (PreconditionFailure's subject with FAILED_PRECONDITION, ResourceInfo's
// type with NOT_FOUND, else BadRequest's), RetryInfo where repeating makes sense, RequestInfo if
// there is a trace id.
grpc::Status ToGrpc(const Status& status, std::string_view trace_id = {});
// The inverse: code, message, reason, metadata (in no order), field and wait.
Status FromGrpc(const grpc::Status& status);

}  // namespace unibox::rpc
