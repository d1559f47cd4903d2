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
        if (!TryAdd(count_, 1, count_max_)) return false;
        if (TryAdd(bytes_, bytes, bytes_max_)) return true;
        count_.fetch_sub(1);
        return false;
    }
    void Release(std::int64_t bytes) {
        count_.fetch_sub(1);
        bytes_.fetch_sub(bytes);
    }

private:
    // Never above the limit, also not for a moment: others would be refused for nothing.
    static bool TryAdd(std::atomic<std::int64_t>& sum, std::int64_t by, std::int64_t max) {
        std::int64_t before = sum.load();
        do {
            if (before + by > max) return false;
        } while (!sum.compare_exchange_weak(before, before + by));
        return true;
    }

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
