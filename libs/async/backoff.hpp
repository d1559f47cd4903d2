// How long to wait before the next attempt: exponential with jitter, so that many clients do not
// come back together. Thread safety: one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace unibox::async {

struct BackoffSettings {
    std::chrono::milliseconds first{50};
    std::chrono::milliseconds longest{10'000};
    double factor = 2.0;  // 1 or more.
};

class Backoff {
public:
    // Returns a number in [0, 1).
    using Random = std::function<double()>;

    explicit Backoff(BackoffSettings settings = {});
    Backoff(BackoffSettings settings, Random random);

    // Between half of the current step and the whole of it; the next step is longer.
    std::chrono::milliseconds Next();
    // After a success: begins anew.
    void Reset();
    std::int64_t attempts() const { return attempts_; }

private:
    const BackoffSettings settings_;
    Random random_;
    double step_ms_;
    std::int64_t attempts_ = 0;
};

}  // namespace unibox::async
