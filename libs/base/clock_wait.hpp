// Waiting by a Clock. Thread safety: that of the condition variable.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"

#include <algorithm>
#include <condition_variable>

namespace unibox {

// A test moves its clock without telling who waits for it: so long at most is one wait.
inline constexpr Millis kClockLook{100};

// Waits until `changed` is notified or the clock may have reached `until`. It also returns for
// nothing: look at the condition and at the clock, and call again.
inline void WaitOnce(
    std::condition_variable_any& changed, Mutex& mutex, const Clock& clock, SteadyTime until
) UNIBOX_REQUIRES(mutex) {
    const SteadyTime now = clock.Steady();
    if (until <= now) return;
    changed.wait_for(mutex, std::min<SteadyTime::duration>(until - now, kClockLook));
}

}  // namespace unibox
