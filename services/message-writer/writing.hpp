// message-writer without its API: connections, lanes, ownership, relays, upkeep.
// Thread safety: call from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "message-writer/commit_stage.hpp"
#include "message-writer/config.hpp"
#include "obs/metrics.hpp"
#include "runtime/service.hpp"

#include <memory>
#include <vector>

namespace unibox::writer {

class CommandLanes;

class Writing {
public:
    // As CreateService says. Clock and metrics must outlive it.
    static Result<std::unique_ptr<Writing>> Create(
        const Config& config, const Clock& clock, obs::Metrics& metrics, StageHook on_stage = {}
    );
    ~Writing();

    // What a service starts and stops, in this order; they must not outlive this.
    std::vector<runtime::Part> Parts();
    // Where the API hands its commands to.
    CommandLanes& commands();

private:
    struct Objects;
    explicit Writing(std::unique_ptr<Objects> objects);

    const std::unique_ptr<Objects> objects_;
};

}  // namespace unibox::writer
