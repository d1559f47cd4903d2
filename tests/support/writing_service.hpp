// message-writer without its API as a service, which needs no gRPC: so the thread sanitizer sees
// its threads. Link svc_message-writer. Thread safety: call from any thread.
#pragma once

#include "message-writer/writing.hpp"

#include <memory>
#include <utility>

namespace unibox::test {

inline Result<std::unique_ptr<runtime::Service>> CreateWritingService(
    const writer::Config& config, const Clock& clock, obs::Metrics& metrics
) {
    UNIBOX_ASSIGN_OR_RETURN(
        std::shared_ptr<writer::Writing> writing, writer::Writing::Create(config, clock, metrics)
    );
    return std::make_unique<runtime::Service>(writing, writing->Parts());
}

}  // namespace unibox::test
