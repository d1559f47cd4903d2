#include "async/worker_pool.hpp"

#include "base/assert.hpp"

#include <pthread.h>

#include <utility>

namespace unibox::async {

WorkerPool::WorkerPool(WorkerPoolSettings settings) : settings_(std::move(settings)) {
    UNIBOX_ASSERT(settings_.thread_count > 0);
    const MutexLock lock(join_mutex_);
    for (std::size_t i = 0; i < settings_.thread_count; ++i) {
        threads_.emplace_back([this, i] { Run(i); });
    }
}

WorkerPool::~WorkerPool() {
    Stop();
}

bool WorkerPool::TryPost(Work work) {
    {
        const MutexLock lock(mutex_);
        // An idle thread takes the work at once, so a queue of length 0 still lets every thread
        // work.
        const std::size_t idle = settings_.thread_count - running_;
        if (stopping_ || queue_.size() >= settings_.queue_count_max + idle) return false;
        queue_.push_back(std::move(work));
    }
    wake_.notify_one();
    return true;
}

void WorkerPool::Stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    const MutexLock lock(join_mutex_);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

std::size_t WorkerPool::queued() const {
    const MutexLock lock(mutex_);
    return queue_.size();
}

std::size_t WorkerPool::running() const {
    const MutexLock lock(mutex_);
    return running_;
}

void WorkerPool::Run(std::size_t index) {
    NameThisThread(settings_.name + "-" + std::to_string(index));
    mutex_.lock();
    for (;;) {
        while (!stopping_ && queue_.empty()) wake_.wait(mutex_);
        if (queue_.empty()) break;  // Stopping, and all taken work is done.
        Work work = std::move(queue_.front());
        queue_.pop_front();
        ++running_;
        mutex_.unlock();
        work();
        work = nullptr;  // What it holds dies outside the lock.
        mutex_.lock();
        --running_;
    }
    mutex_.unlock();
}

void NameThisThread(const std::string& name) {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace unibox::async
