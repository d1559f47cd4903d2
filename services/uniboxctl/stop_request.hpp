// SIGTERM and SIGINT as a wish that a long command looks at between two steps. A second signal ends
// the process at once. Thread safety: one object at a time in a process; requested() from any
// thread.
#pragma once

#include "base/status.hpp"

#include <array>
#include <csignal>

namespace unibox::ctl {

class StopRequest {
public:
    StopRequest();   // Takes the two signals over.
    ~StopRequest();  // Gives them back.
    StopRequest(const StopRequest&) = delete;
    StopRequest& operator=(const StopRequest&) = delete;

    bool requested() const;
    // Ok, or CANCELLED.
    Status Check() const;

private:
    std::array<struct sigaction, 2> before_{};
};

}  // namespace unibox::ctl
