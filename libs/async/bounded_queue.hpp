// A queue between threads that refuses what is over its limit.
// Thread safety: every function from any thread.
#pragma once

#include "base/mutex.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace unibox::async {

template <typename T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t count_max) : count_max_(count_max) {}

    // False, and `value` is left as it was, if the queue is full or closed. Never blocks.
    [[nodiscard]] bool TryPush(T&& value) {
        {
            const MutexLock lock(mutex_);
            if (closed_ || items_.size() >= count_max_) return false;
            items_.push_back(std::move(value));
        }
        pushed_.notify_one();
        return true;
    }

    // Waits while the queue is full; false if it is closed, then `value` is left as it was.
    [[nodiscard]] bool Push(T&& value) {
        {
            const MutexLock lock(mutex_);
            while (!closed_ && items_.size() >= count_max_) popped_.wait(mutex_);
            if (closed_) return false;
            items_.push_back(std::move(value));
        }
        pushed_.notify_one();
        return true;
    }

    // Waits at most `wait` for an item; nothing after that, or if the queue is closed and empty.
    std::optional<T> Pop(std::chrono::milliseconds wait) {
        std::optional<T> item;
        {
            const MutexLock lock(mutex_);
            WaitForItem(wait);
            if (items_.empty()) return item;
            item = std::move(items_.front());
            items_.pop_front();
        }
        popped_.notify_one();
        return item;
    }

    // As Pop, but takes up to `count_max` items at once.
    std::vector<T> PopMany(std::size_t count_max, std::chrono::milliseconds wait) {
        std::vector<T> taken;
        {
            const MutexLock lock(mutex_);
            WaitForItem(wait);
            while (!items_.empty() && taken.size() < count_max) {
                taken.push_back(std::move(items_.front()));
                items_.pop_front();
            }
        }
        popped_.notify_all();
        return taken;
    }

    // Refuses new items and wakes every waiter; what is inside can still be popped.
    void Close() {
        {
            const MutexLock lock(mutex_);
            closed_ = true;
        }
        pushed_.notify_all();
        popped_.notify_all();
    }

    std::size_t size() const {
        const MutexLock lock(mutex_);
        return items_.size();
    }
    bool closed() const {
        const MutexLock lock(mutex_);
        return closed_;
    }

private:
    void WaitForItem(std::chrono::milliseconds wait) UNIBOX_REQUIRES(mutex_) {
        const auto until = std::chrono::steady_clock::now() + wait;
        while (!closed_ && items_.empty()) {
            if (pushed_.wait_until(mutex_, until) == std::cv_status::timeout) return;
        }
    }

    const std::size_t count_max_;
    mutable Mutex mutex_;
    std::condition_variable_any pushed_;
    std::condition_variable_any popped_;
    std::deque<T> items_ UNIBOX_GUARDED_BY(mutex_);
    bool closed_ UNIBOX_GUARDED_BY(mutex_) = false;
};

}  // namespace unibox::async
