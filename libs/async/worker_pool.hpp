// A fixed number of threads that run posted work from one bounded queue, first come first served.
// Work may block; it must not throw: an exception ends the process (std::terminate, which runtime
// logs). Thread safety: every function from any thread; Stop and the destructor not from the pool's
// own threads.
#pragma once

#include "base/mutex.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace unibox::async {

struct WorkerPoolSettings {
    std::string name = "work";           // Threads are named "<name>-<n>", at most 15 characters.
    std::size_t thread_count = 8;        // 1 or more.
    std::size_t queue_count_max = 1024;  // Waiting work, beside what runs.
};

class WorkerPool {
public:
    using Work = std::function<void()>;

    explicit WorkerPool(WorkerPoolSettings settings);
    // Stop().
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // False, and `work` is dropped, if the queue is full or Stop was called. Never blocks.
    [[nodiscard]] bool TryPost(Work work);
    // Takes nothing more, finishes what was taken, joins the threads.
    void Stop();

    std::size_t queued() const;
    std::size_t running() const;
    std::size_t thread_count() const { return settings_.thread_count; }

private:
    void Run(std::size_t index);

    const WorkerPoolSettings settings_;
    mutable Mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<Work> queue_ UNIBOX_GUARDED_BY(mutex_);
    std::size_t running_ UNIBOX_GUARDED_BY(mutex_) = 0;
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    Mutex join_mutex_;
    std::vector<std::thread> threads_ UNIBOX_GUARDED_BY(join_mutex_);
};

// Names the calling thread (cut to 15 bytes), as debuggers and top show it.
void NameThisThread(const std::string& name);

}  // namespace unibox::async
