// Threads that run the calls of many flows in the order of FairQueue: a thread that is free takes
// the next call of whichever flow is in turn. Work may block; it must not throw.
//
// Thread safety: every function from any thread; Stop and the destructor not from the pool's own
// threads.
#pragma once

#include "async/fair_queue.hpp"
#include "async/worker_pool.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace unibox::async {

class FairPool {
public:
    // Exactly one of the two is called, once.
    struct Job {
        std::function<void()> run;     // On one of the pool's threads.
        std::function<void()> refuse;  // On the thread of some Post. Must not block.
    };

    // Threads are named "<name>-<n>". `tell_waiting` hears how much waits whenever that may have
    // changed; it must not block nor call the pool. The clock, which measures what calls cost, must
    // outlive the object.
    FairPool(
        const std::string& name,
        FairLimits limits,
        const Clock& clock,
        std::function<void(std::size_t)> tell_waiting = {}
    );
    // Stop().
    ~FairPool();
    FairPool(const FairPool&) = delete;
    FairPool& operator=(const FairPool&) = delete;

    // Never blocks. Without room, refuses this job or another in its favour (FairQueue::Offer);
    // after Stop this one.
    void Post(Flow flow, Job job);
    // Runs what waits, joins the threads.
    void Stop();

    std::size_t waiting_count() const;
    std::size_t running_count() const;

private:
    using Queue = FairQueue<Job>;

    // Everything that may begin now.
    std::vector<Queue::Taken> TakeAll() UNIBOX_REQUIRES(mutex_);
    // Gives it to a thread; gives it back after Stop.
    std::optional<Queue::Taken> TryBegin(Queue::Taken taken);
    // After Stop; with it whatever waited for its thread.
    void Refuse(Queue::Taken taken);
    // Runs it, and then whatever is in turn.
    void Work(Queue::Taken taken);

    const Clock& clock_;
    const std::function<void(std::size_t)> tell_waiting_;
    mutable Mutex mutex_;
    Queue queue_ UNIBOX_GUARDED_BY(mutex_);
    async::WorkerPool threads_;  // Holds only what Take gave: it never has more to do than threads.
};

}  // namespace unibox::async
