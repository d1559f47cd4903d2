// Waits for something that other threads or processes bring about.
// Thread safety: call from the test's thread.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace unibox::test {

// Asks `predicate` every 5 ms until it is true or `timeout` has passed; returns its last answer.
inline bool Eventually(std::chrono::milliseconds timeout, const std::function<bool()>& predicate) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!predicate()) {
        if (std::chrono::steady_clock::now() >= deadline) return predicate();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace unibox::test
