#include "uniboxctl/stop_request.hpp"

#include <atomic>

namespace unibox::ctl {
namespace {

constexpr std::array kSignals{SIGTERM, SIGINT};
std::atomic<bool> stop_requested{false};  // A handler can reach nothing else.

void Request(int /*signal*/) {
    stop_requested = true;
}

}  // namespace

StopRequest::StopRequest() {
    static_assert(std::atomic<bool>::is_always_lock_free);
    stop_requested = false;
    struct sigaction action {};
    action.sa_handler = Request;
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before_[i]);
}

StopRequest::~StopRequest() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

bool StopRequest::requested() const {
    return stop_requested;
}

Status StopRequest::Check() const {
    if (!requested()) return {};
    return {Code::kCancelled, "ended by a signal"};
}

}  // namespace unibox::ctl
