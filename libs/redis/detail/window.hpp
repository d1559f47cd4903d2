// How much may be under way. Thread safety: any thread; a Place has one owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace unibox::redis::detail {

class Window {
public:
    Window(std::int64_t count_max, std::int64_t bytes_max)
        : count_max_(count_max), bytes_max_(bytes_max) {}

    bool TryTake(std::int64_t bytes) {
        const bool fits = count_.fetch_add(1) < count_max_;
        const bool is_light = bytes_.fetch_add(bytes) + bytes <= bytes_max_;
        if (fits && is_light) return true;
        Release(bytes);
        return false;
    }
    void Release(std::int64_t bytes) {
        count_.fetch_sub(1);
        bytes_.fetch_sub(bytes);
    }

private:
    const std::int64_t count_max_;
    const std::int64_t bytes_max_;
    std::atomic<std::int64_t> count_{0};
    std::atomic<std::int64_t> bytes_{0};
};

// What was taken, given back when it dies.
class Place {
public:
    Place() = default;
    Place(Window& window, std::int64_t bytes) : window_(&window), bytes_(bytes) {}
    Place(Place&& other) noexcept
        : window_(std::exchange(other.window_, nullptr)), bytes_(other.bytes_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
        if (window_ != nullptr) window_->Release(bytes_);
    }

private:
    Window* window_ = nullptr;
    std::int64_t bytes_ = 0;
};

}  // namespace unibox::redis::detail
