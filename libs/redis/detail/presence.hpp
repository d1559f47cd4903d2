// Whether there is a server to send commands to, as callers see it.
// Thread safety: any thread; Set from the I/O thread.
#pragma once

#include "base/mutex.hpp"
#include "base/status.hpp"
#include "redis/detail/client_metrics.hpp"

#include <atomic>

namespace unibox::redis::detail {

class Presence {
public:
    explicit Presence(ClientMetrics& metrics) : metrics_(metrics) { metrics_.SetConnected(false); }

    bool connected() const { return connected_.load(std::memory_order_acquire); }
    void Set(bool connected);
    // Why the last attempt, or connection, failed.
    void Note(const Status& failure);
    // What a command is told that has no server: UNAVAILABLE, kNotConnected.
    Status NotConnected() const;

private:
    ClientMetrics& metrics_;
    std::atomic<bool> connected_{false};
    mutable Mutex mutex_;
    Status failure_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::redis::detail
