// The unary calls that are being handled, counted; and what gRPC 1.51 answers wrongly by itself.
// Thread safety: every function from any thread.
#pragma once

#include "rpc/detail/in_progress.hpp"

#include <grpcpp/support/server_interceptor.h>

#include <memory>

namespace unibox::rpc::detail {

// Counts the unary calls of a server in `calls`, which must outlive it, and turns the UNIMPLEMENTED
// without a word that a request that is no valid message gets into INVALID_ARGUMENT with one.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> InterceptCalls(
    InProgress& calls
);

}  // namespace unibox::rpc::detail
