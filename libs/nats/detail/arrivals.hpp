// What arrived for a LogReader and was not looked at yet: filled by nats.c's delivery thread,
// emptied by Fetch. Bounded by the reader's credit. Thread safety: any thread.
#pragma once

#include "base/clock_wait.hpp"
#include "base/mutex.hpp"
#include "nats/detail/nats_c.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <utility>

namespace unibox::nats::detail {

class Arrivals {
public:
    Arrivals(std::function<void()> on_arrival, const Clock& clock)
        : on_arrival_(std::move(on_arrival)), clock_(clock) {}

    void Push(MessagePtr message) {
        {
            const MutexLock lock(mutex_);
            messages_.push_back(std::move(message));
            if (messages_.size() == 1) arrived_.notify_one();
        }
        if (on_arrival_) on_arrival_();
    }
    void TakeInto(std::deque<MessagePtr>& target) {
        const MutexLock lock(mutex_);
        if (target.empty()) {
            target.swap(messages_);
            return;
        }
        for (auto& message : messages_) target.push_back(std::move(message));
        messages_.clear();
    }
    void Wait(SteadyTime until) {
        const MutexLock lock(mutex_);
        while (messages_.empty() && clock_.Steady() < until) {
            WaitOnce(arrived_, mutex_, clock_, until);
        }
    }

private:
    const std::function<void()> on_arrival_;
    const Clock& clock_;
    Mutex mutex_;
    std::condition_variable_any arrived_;
    std::deque<MessagePtr> messages_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::nats::detail
