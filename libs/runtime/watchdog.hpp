// Ends the process hard when an orderly stop takes too long.
// Thread safety: one owner.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"

#include <condition_variable>
#include <functional>
#include <thread>

namespace unibox::runtime {

class Watchdog {
public:
    // Calls `bark` once, on its own thread, unless the object dies within `limit`.
    Watchdog(Millis limit, std::function<void()> bark);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    Mutex mutex_;
    std::condition_variable_any wake_;
    bool done_ UNIBOX_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace unibox::runtime
