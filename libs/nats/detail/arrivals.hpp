// What arrived for a LogReader and was not looked at yet: filled by nats.c's delivery thread,
// emptied by Fetch. Bounded by the reader's credit. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "nats/detail/nats_c.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace unibox::nats::detail {

class Arrivals {
public:
    explicit Arrivals(std::function<void()> on_arrival) : on_arrival_(std::move(on_arrival)) {}

    void Push(MessagePtr message) {
        {
            const std::lock_guard lock(mutex_);
            messages_.push_back(std::move(message));
            if (messages_.size() == 1) arrived_.notify_one();
        }
        if (on_arrival_) on_arrival_();
    }
    void TakeInto(std::deque<MessagePtr>& target) {
        const std::lock_guard lock(mutex_);
        if (target.empty()) {
            target.swap(messages_);
            return;
        }
        for (auto& message : messages_) target.push_back(std::move(message));
        messages_.clear();
    }
    void Wait(SteadyTime until) {
        std::unique_lock lock(mutex_);
        arrived_.wait_until(lock, until, [this] { return !messages_.empty(); });
    }

private:
    const std::function<void()> on_arrival_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<MessagePtr> messages_;
};

}  // namespace unibox::nats::detail
