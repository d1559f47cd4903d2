#include "message-writer/command_lanes.hpp"

#include <algorithm>
#include <utility>

namespace unibox::writer {

Status CommandLanes::Start() {
    const auto count = static_cast<std::size_t>(env_.config.commands.lane_count);
    for (std::size_t i = 0; i < count; ++i) {
        UNIBOX_ASSIGN_OR_RETURN(auto lane, CommandLane::Create(env_, i));
        lanes_.push_back(std::move(lane));
    }
    return {};
}

void CommandLanes::Submit(PendingCommand command) {
    const auto least =
        std::min_element(lanes_.begin(), lanes_.end(), [](const auto& one, const auto& other) {
            return one->load() < other->load();
        });
    (*least)->Submit(std::move(command));
}

void CommandLanes::Stop() {
    for (const auto& lane : lanes_) lane->Stop();
}

}  // namespace unibox::writer
