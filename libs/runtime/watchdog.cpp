#include "runtime/watchdog.hpp"

#include "async/worker_pool.hpp"

#include <utility>

namespace unibox::runtime {

Watchdog::Watchdog(Millis limit, std::function<void()> bark) {
    thread_ = std::thread([this, limit, bark = std::move(bark)] {
        async::NameThisThread("watchdog");
        {
            const auto until = std::chrono::steady_clock::now() + limit;
            const MutexLock lock(mutex_);
            bool late = false;
            while (!done_ && !late) {
                late = wake_.wait_until(mutex_, until) == std::cv_status::timeout;
            }
            if (done_) return;
        }
        bark();
    });
}

Watchdog::~Watchdog() {
    {
        const MutexLock lock(mutex_);
        done_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

}  // namespace unibox::runtime
