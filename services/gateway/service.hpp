// Gateway's objects, put together: pool, keys, use cases, work threads and both listeners.
// Thread safety: call from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/config.hpp"
#include "obs/metrics.hpp"
#include "runtime/service.hpp"

#include <memory>

namespace unibox::gateway {

// PostgreSQL, NATS and Redis may be away when it starts. Its start is UNAVAILABLE if an address is
// taken. Clock and metrics must outlive the service.
Result<std::unique_ptr<runtime::Service>> CreateService(
    const Config& config, const Clock& clock, obs::Metrics& metrics
);

}  // namespace unibox::gateway
