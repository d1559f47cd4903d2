// The whole of message-writer: Writing and its gRPC API.
// Thread safety: call from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "message-writer/commit_stage.hpp"
#include "message-writer/config.hpp"
#include "obs/metrics.hpp"
#include "runtime/service.hpp"

#include <memory>

namespace unibox::writer {

// INVALID_ARGUMENT for settings that cannot work. Connects lazily: neither PostgreSQL nor NATS has
// to be there when it starts, the log keeps what arrives; but FAILED_PRECONDITION if the schema is
// older than this build. Clock and metrics must outlive the service.
Result<std::unique_ptr<runtime::Service>> CreateService(
    const Config& config, const Clock& clock, obs::Metrics& metrics, StageHook on_stage = {}
);

}  // namespace unibox::writer
