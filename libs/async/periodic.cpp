#include "async/periodic.hpp"

#include "async/worker_pool.hpp"

#include <utility>

namespace unibox::async {

Periodic::Periodic(
    const std::string& thread_name, std::chrono::milliseconds interval, std::function<void()> work
)
    : interval_(interval), work_(std::move(work)) {
    const MutexLock lock(join_mutex_);
    thread_ = std::thread([this, thread_name] {
        NameThisThread(thread_name);
        Run();
    });
}

Periodic::~Periodic() {
    Stop();
}

void Periodic::Wake() {
    {
        const MutexLock lock(mutex_);
        woken_ = true;
    }
    wake_.notify_one();
}

void Periodic::Stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    const MutexLock lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
}

void Periodic::Run() {
    mutex_.lock();
    while (!stopping_) {
        woken_ = false;
        mutex_.unlock();
        work_();
        mutex_.lock();
        const auto until = std::chrono::steady_clock::now() + interval_;
        while (!stopping_ && !woken_) {
            if (wake_.wait_until(mutex_, until) == std::cv_status::timeout) break;
        }
    }
    mutex_.unlock();
}

}  // namespace unibox::async
