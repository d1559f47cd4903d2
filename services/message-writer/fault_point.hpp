// Places at which a test lets the process stop itself. Thread safety: any thread.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

namespace unibox::writer {

class FaultPoint {
public:
    explicit FaultPoint(std::string stop_self_at) : stop_self_at_(std::move(stop_self_at)) {}

    // Raises SIGSTOP when this is the configured point, the first time.
    void Reached(std::string_view point);

private:
    const std::string stop_self_at_;
    std::atomic<bool> done_{false};
};

}  // namespace unibox::writer
