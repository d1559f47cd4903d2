// Clocks that tests move. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"

#include <atomic>

namespace unibox::test {

// Stands still in between.
class FakeClock final : public Clock {
public:
    explicit FakeClock(std::int64_t unix_ms = 1'785'412'800'000) : unix_ms_(unix_ms) {}

    std::int64_t UnixMillis() const override { return unix_ms_ + advanced_ms_; }
    SteadyTime Steady() const override { return SteadyTime(Millis(advanced_ms_.load())); }
    void Advance(Millis by) { advanced_ms_ += by.count(); }

private:
    std::atomic<std::int64_t> unix_ms_;
    std::atomic<std::int64_t> advanced_ms_{0};
};

// Runs as the machine's does, and can be put forward: for what has threads that wait in between.
class ShiftedClock final : public Clock {
public:
    std::int64_t UnixMillis() const override { return SystemClock().UnixMillis() + advanced_ms_; }
    SteadyTime Steady() const override {
        return SystemClock().Steady() + Millis(advanced_ms_.load());
    }
    void Advance(Millis by) { advanced_ms_ += by.count(); }

private:
    std::atomic<std::int64_t> advanced_ms_{0};
};

}  // namespace unibox::test
