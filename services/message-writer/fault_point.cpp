#include "message-writer/fault_point.hpp"

#include "obs/log.hpp"

#include <csignal>

namespace unibox::writer {

void FaultPoint::Reached(std::string_view point) {
    if (stop_self_at_.empty() || point != stop_self_at_ || done_.exchange(true)) return;
    obs::Log(obs::Level::kWarn, "stopping itself", {{"point", point}});
    ::raise(SIGSTOP);
}

}  // namespace unibox::writer
