// Calls a function again and again on a thread of its own.
// Thread safety: every function from any thread; Stop and the destructor not from within the
// function.
#pragma once

#include "base/mutex.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <string>
#include <thread>

namespace unibox::async {

class Periodic {
public:
    // The first call comes at once, the next `interval` after the end of the one before. `work`
    // must not throw.
    Periodic(
        const std::string& thread_name,
        std::chrono::milliseconds interval,
        std::function<void()> work
    );
    // Stop().
    ~Periodic();
    Periodic(const Periodic&) = delete;
    Periodic& operator=(const Periodic&) = delete;

    // Makes the next call come now.
    void Wake();
    // Waits for a running call; there is none after it.
    void Stop();

private:
    void Run();

    const std::chrono::milliseconds interval_;
    const std::function<void()> work_;
    Mutex mutex_;
    std::condition_variable_any wake_;
    bool woken_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    Mutex join_mutex_;
    std::thread thread_ UNIBOX_GUARDED_BY(join_mutex_);
};

}  // namespace unibox::async
