// Everything of webhook-ingest, wired: what main.cpp runs, and tests run in their own process.
// Thread safety: call from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "runtime/service.hpp"
#include "webhook-ingest/config.hpp"

#include <memory>

namespace unibox::ingest {

// INVALID_ARGUMENT or NOT_FOUND if the key file cannot be used. Neither NATS nor PostgreSQL need be
// there when it starts: until they are, webhooks are answered 503. Its start is FAILED_PRECONDITION
// if NATS is there and cannot take messages as large as events may be. Clock and metrics must
// outlive the service.
Result<std::unique_ptr<runtime::Service>> CreateService(
    const Config& config, const Clock& clock, obs::Metrics& metrics
);

}  // namespace unibox::ingest
