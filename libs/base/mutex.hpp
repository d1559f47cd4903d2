// A mutex that clang's thread-safety analysis understands (clang++ -Wthread-safety, `scripts/dev
// check`). Thread safety: that is its purpose.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define UNIBOX_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define UNIBOX_THREAD_ANNOTATION(x)
#endif
#define UNIBOX_GUARDED_BY(mutex) UNIBOX_THREAD_ANNOTATION(guarded_by(mutex))
#define UNIBOX_REQUIRES(mutex) UNIBOX_THREAD_ANNOTATION(requires_capability(mutex))

namespace unibox {

class UNIBOX_THREAD_ANNOTATION(capability("mutex")) Mutex {
public:
    void lock() UNIBOX_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
    void unlock() UNIBOX_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

private:
    std::mutex mutex_;
};

// Holds a Mutex for a scope. Works with std::condition_variable_any.
class UNIBOX_THREAD_ANNOTATION(scoped_lockable) MutexLock {
public:
    explicit MutexLock(Mutex& mutex) UNIBOX_THREAD_ANNOTATION(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }
    ~MutexLock() UNIBOX_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

}  // namespace unibox
