// Tells the log of a dependency that does not answer: once a second at most, because during an
// outage every call fails alike. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace unibox::obs {

class OutageLog {
public:
    OutageLog(std::string message, const Clock& clock)
        : message_(std::move(message)), clock_(clock) {}

    // A warning with the failure and its reason (SQLSTATE, first word of Redis' error), unless
    // there was one in this second.
    void Warn(const Status& failure);

private:
    const std::string message_;
    const Clock& clock_;
    std::atomic<std::int64_t> logged_at_s_{-1};
};

}  // namespace unibox::obs
