// The thread that does all socket work of a connection, in place of nats.c's read loop and flusher.
//
// Why: (1) nats.c 3.4.1 reads and writes one SSL object from two threads without a lock; here one
// thread does both. (2) A publisher never writes to the socket, so a peer that stops reading cannot
// block it. (3) Its flusher delays every write by 1 ms; here the first write goes out at once and
// only those that follow within `flush_interval` are gathered.
//
// Thread safety: all methods from any thread. The callbacks are invoked by nats.c under the lock of
// the connection; they only note what is wanted and wake the thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "nats/detail/nats_c.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace unibox::nats::detail {

class EventLoop {
public:
    explicit EventLoop(std::chrono::microseconds flush_interval);
    ~EventLoop();  // Every connection must have been destroyed.
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    natsStatus Use(natsOptions* options);
    // Runs `task` on the loop's thread and waits for its end. nats.c closes a socket on whatever
    // thread closes the connection; done here, no number of a closed socket is ever polled or read.
    void Run(const std::function<void()>& task);
    // Ends the connection's socket, so that nats.c notices a dead peer and reconnects.
    void BreakSocket(natsConnection* connection);

private:
    struct Polled {
        EventLoop* loop = nullptr;
        natsConnection* connection = nullptr;
        int socket = -1;
        bool read = false;
        bool write = false;
    };
    struct Task {
        const std::function<void()>* run = nullptr;
        bool* done = nullptr;
    };
    static natsStatus Attach(void** user, void* loop, natsConnection* connection, natsSock socket);
    static natsStatus WantRead(void* user, bool add);
    static natsStatus WantWrite(void* user, bool add);
    static natsStatus Detach(void* user);

    void Main();
    bool RunTasks();  // False: stop.
    void Poll();
    void Wake() UNIBOX_REQUIRES(mutex_);

    const std::chrono::nanoseconds flush_interval_;
    int wake_fd_ = -1;
    Mutex mutex_;
    std::condition_variable_any task_done_;
    std::vector<std::unique_ptr<Polled>> polled_ UNIBOX_GUARDED_BY(mutex_);  // And what they hold.
    std::vector<Task> tasks_ UNIBOX_GUARDED_BY(mutex_);
    bool wake_pending_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    SteadyTime last_flush_{};  // The loop's own.
    std::thread thread_;
};

}  // namespace unibox::nats::detail
