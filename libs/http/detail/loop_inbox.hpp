// What other threads have for a net thread: answers and tasks. Outlives the thread, so that a
// handler may hold on to its Respond, and a session's owner to its loop, for as long as they like.
// Thread safety: any thread, but for After and SetOwner: the net thread.
#pragma once

#include "async/asio.hpp"
#include "base/mutex.hpp"
#include "http/message.hpp"
#include "http/session.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace unibox::http::detail {

class Connection;

class LoopInbox final : public NetLoop, public std::enable_shared_from_this<LoopInbox> {
public:
    explicit LoopInbox(async::asio::io_context& loop) : loop_(&loop) {}

    // On the net thread the answer is given at once.
    void PushAnswer(
        std::weak_ptr<Connection> connection, std::uint64_t request_number, Response answer
    );
    void Post(std::function<void()> task) override;
    void After(Millis wait, std::function<void()> task) override;
    // After it nothing is delivered.
    void Close();
    void SetOwner(std::thread::id owner) { owner_ = owner; }

private:
    struct Answer {
        std::weak_ptr<Connection> connection;
        std::uint64_t request_number;
        Response response;
    };
    // One wake-up serves all that comes before the net thread looks.
    void WakeOnce() UNIBOX_REQUIRES(mutex_);
    void Deliver();

    std::atomic<std::thread::id> owner_{};
    Mutex mutex_;
    async::asio::io_context* loop_ UNIBOX_GUARDED_BY(mutex_);  // Null once closed.
    bool woken_ UNIBOX_GUARDED_BY(mutex_) = false;
    std::vector<Answer> answers_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<std::function<void()>> tasks_ UNIBOX_GUARDED_BY(mutex_);
    // Net thread only; kept for their capacity.
    std::vector<Answer> delivering_;
    std::vector<std::function<void()>> running_;
};

}  // namespace unibox::http::detail
