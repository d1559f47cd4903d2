// The thread that does all input and output, and what other threads have for it.
// Thread safety: Push from any thread; Start and Stop from one.
#pragma once

#include "async/asio.hpp"
#include "base/mutex.hpp"
#include "redis/detail/request.hpp"

#include <functional>
#include <thread>
#include <vector>

namespace unibox::redis::detail {

// Whether the calling thread is one of these: whoever waits for an answer must not be.
bool IsIoThread();

class IoThread {
public:
    using Deliver = std::function<void(RequestPtr)>;

    IoThread();
    ~IoThread();  // After Stop, or without Start.
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    async::asio::io_context& loop() { return loop_; }

    // `begin` and `deliver` run on the thread; requests are delivered in the order of their Push.
    void Start(std::function<void()> begin, Deliver deliver);
    // Takes the request, or leaves it: after Stop was called.
    bool Push(RequestPtr& request);
    // Delivers what was pushed, then runs `end`, which must leave nothing that waits; joins.
    void Stop(std::function<void()> end);

private:
    void Run();
    void DeliverAll();

    async::asio::io_context loop_{1};
    async::asio::executor_work_guard<async::asio::io_context::executor_type> work_;
    Deliver deliver_;
    std::thread thread_;
    Mutex mutex_;
    std::vector<RequestPtr> pushed_ UNIBOX_GUARDED_BY(mutex_);
    bool woken_ UNIBOX_GUARDED_BY(mutex_) = false;
    bool closed_ UNIBOX_GUARDED_BY(mutex_) = false;
    std::vector<RequestPtr> delivering_;  // The thread's; kept for its capacity.
};

}  // namespace unibox::redis::detail
