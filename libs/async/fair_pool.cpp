#include "async/fair_pool.hpp"

#include <chrono>
#include <memory>
#include <optional>
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
    for (Queue::Taken& taken : begun) Begin(std::move(taken));
}

std::vector<FairPool::Queue::Taken> FairPool::TakeAll() {
    std::vector<Queue::Taken> taken;
    while (auto next = queue_.Take()) taken.push_back(std::move(*next));
    if (tell_waiting_) tell_waiting_(queue_.waiting_count());
    return taken;
}

void FairPool::Begin(Queue::Taken taken) {
    const auto shared = std::make_shared<Queue::Taken>(std::move(taken));
    if (threads_.TryPost([this, shared] { Work(std::move(*shared)); })) return;
    shared->item.refuse();
    const MutexLock lock(mutex_);
    queue_.Done(shared->ticket, 0);
}

void FairPool::Work(Queue::Taken taken) {
    for (std::optional<Queue::Taken> next(std::move(taken)); next;) {
        const SteadyTime begun = clock_.Steady();
        next->item.run();
        next->item = {};  // What it holds dies outside the lock.
        const auto cost =
            std::chrono::duration_cast<std::chrono::microseconds>(clock_.Steady() - begun);
        std::vector<Queue::Taken> others;
        {
            const MutexLock lock(mutex_);
            queue_.Done(next->ticket, cost.count());
            others = TakeAll();
        }
        next.reset();
        for (Queue::Taken& other : others) {
            if (next) {
                Begin(std::move(other));
            } else {
                next.emplace(std::move(other));
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
