// Time as a dependency: whatever needs the time takes a Clock, so that tests can move it.
// Thread safety: implementations may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace unibox {

using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

class Clock {
public:
    virtual ~Clock() = default;
    // Milliseconds since the Unix epoch, UTC.
    virtual std::int64_t UnixMillis() const = 0;
    // Never goes back; only differences mean something.
    virtual SteadyTime Steady() const = 0;
};

// The machine's clocks. Lives as long as the process.
const Clock& SystemClock();

}  // namespace unibox
