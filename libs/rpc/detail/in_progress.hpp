// Things that are under way, counted, and the wait for their end.
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"

#include <condition_variable>
#include <cstdint>

namespace unibox::rpc::detail {

class InProgress {
public:
    void Begin() {
        const MutexLock lock(mutex_);
        ++count_;
    }
    void End() {
        const MutexLock lock(mutex_);
        if (--count_ == 0) none_left_.notify_all();
    }
    // False if some were left at `until`.
    bool WaitUntilNone(SteadyTime until) {
        const MutexLock lock(mutex_);
        while (count_ > 0) {
            if (none_left_.wait_until(mutex_, until) == std::cv_status::timeout) return count_ == 0;
        }
        return true;
    }

private:
    Mutex mutex_;
    std::condition_variable_any none_left_;
    std::int64_t count_ UNIBOX_GUARDED_BY(mutex_) = 0;
};

}  // namespace unibox::rpc::detail
