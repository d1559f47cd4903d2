// The unary calls that are being handled, counted; and what gRPC 1.51 answers wrongly by itself.
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"

#include <grpcpp/support/server_interceptor.h>

#include <condition_variable>
#include <cstdint>
#include <memory>

namespace unibox::rpc::detail {

class Calls {
public:
    void Begin();
    void End();
    // False if some were left at `until`.
    bool WaitUntilNone(SteadyTime until);

private:
    Mutex mutex_;
    std::condition_variable_any none_left_;
    std::int64_t count_ UNIBOX_GUARDED_BY(mutex_) = 0;
};

// Counts the unary calls of a server in `calls`, which must outlive it, and turns the UNIMPLEMENTED
// without a word that a request that is no valid message gets into INVALID_ARGUMENT with one.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> InterceptCalls(Calls& calls);

}  // namespace unibox::rpc::detail
