// All lanes of commands of this writer. Thread safety: Submit from any thread between Start and
// Stop; Start and Stop once each.
#pragma once

#include "message-writer/command_lane.hpp"

#include <memory>
#include <vector>

namespace unibox::writer {

class CommandLanes {
public:
    // `environment` must outlive the object.
    explicit CommandLanes(LaneEnvironment& environment) : env_(environment) {}

    Status Start();
    // To the lane that has the least to do: see CommandLane::Submit.
    void Submit(PendingCommand command);
    void Stop();

private:
    LaneEnvironment& env_;
    std::vector<std::unique_ptr<CommandLane>> lanes_;
};

}  // namespace unibox::writer
