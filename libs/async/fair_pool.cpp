#include "async/fair_pool.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <utility>

namespace unibox::async {

FairPool::FairPool(
    const std::string& name,
    FairLimits limits,
    const Clock& clock,
    std::function<void(std::size_t)> tell_waiting
)
    : clock_(clock),
      tell_waiting_(std::move(tell_waiting)),
      queue_(limits),
      // Twice: a thread that has told us that it is free may still be on its way back.
      threads_({name, limits.thread_count, limits.thread_count}) {}

FairPool::~FairPool() {
    Stop();
}

void FairPool::Post(Flow flow, Job job) {
    std::optional<Job> refused;
    std::vector<Queue::Taken> begun;
    {
        const MutexLock lock(mutex_);
        refused = queue_.Offer(flow, std::move(job));
        begun = TakeAll();
    }
    if (refused) refused->refuse();
    for (Queue::Taken& taken : begun) {
        if (auto back = TryBegin(std::move(taken))) Refuse(std::move(*back));
    }
}

std::vector<FairPool::Queue::Taken> FairPool::TakeAll() {
    std::vector<Queue::Taken> taken;
    while (auto next = queue_.Take()) taken.push_back(std::move(*next));
    if (tell_waiting_) tell_waiting_(queue_.waiting_count());
    return taken;
}

std::optional<FairPool::Queue::Taken> FairPool::TryBegin(Queue::Taken taken) {
    const auto shared = std::make_shared<Queue::Taken>(std::move(taken));
    if (threads_.TryPost([this, shared] { Work(std::move(*shared)); })) return {};
    return std::move(*shared);
}

void FairPool::Refuse(Queue::Taken taken) {
    std::deque<Queue::Taken> refused;
    refused.push_back(std::move(taken));
    while (!refused.empty()) {
        const Queue::Taken one = std::move(refused.front());
        refused.pop_front();
        one.item.refuse();
        const MutexLock lock(mutex_);
        queue_.Done(one.ticket, 0);
        for (Queue::Taken& other : TakeAll()) refused.push_back(std::move(other));
    }
}

void FairPool::Work(Queue::Taken taken) {
    std::deque<Queue::Taken> own;
    own.push_back(std::move(taken));
    while (!own.empty()) {
        Queue::Taken next = std::move(own.front());
        own.pop_front();
        const SteadyTime begun = clock_.Steady();
        next.item.run();
        next.item = {};  // What it holds dies outside the lock.
        const auto cost =
            std::chrono::duration_cast<std::chrono::microseconds>(clock_.Steady() - begun);
        std::vector<Queue::Taken> others;
        {
            const MutexLock lock(mutex_);
            queue_.Done(next.ticket, cost.count());
            others = TakeAll();
        }
        for (Queue::Taken& other : others) {
            if (own.empty()) {
                own.push_back(std::move(other));
            } else if (auto back = TryBegin(std::move(other))) {
                own.push_back(std::move(*back));
            }
        }
    }
}

void FairPool::Stop() {
    threads_.Stop();
}

std::size_t FairPool::waiting_count() const {
    const MutexLock lock(mutex_);
    return queue_.waiting_count();
}

std::size_t FairPool::running_count() const {
    const MutexLock lock(mutex_);
    return queue_.running_count();
}

}  // namespace unibox::async
