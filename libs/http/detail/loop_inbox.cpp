#include "http/detail/loop_inbox.hpp"

#include "http/detail/connection.hpp"

#include <utility>

namespace unibox::http::detail {

void LoopInbox::PushAnswer(
    std::weak_ptr<Connection> connection, std::uint64_t request_number, Response answer
) {
    if (std::this_thread::get_id() == owner_.load()) {
        if (const auto alive = connection.lock()) {
            alive->Answer(request_number, std::move(answer));
        }
        return;
    }
    // Lives longer than the lock: an answer that nobody takes may call its producer when it dies.
    Answer item{std::move(connection), request_number, std::move(answer)};
    const MutexLock lock(mutex_);
    if (loop_ == nullptr) return;
    answers_.push_back(std::move(item));
    WakeOnce();
}

void LoopInbox::Post(std::function<void()> task) {
    const MutexLock lock(mutex_);
    if (loop_ == nullptr) return;
    tasks_.push_back(std::move(task));
    WakeOnce();
}

void LoopInbox::After(Millis wait, std::function<void()> task) {
    const MutexLock lock(mutex_);
    if (loop_ == nullptr) return;
    auto timer = std::make_shared<async::asio::steady_timer>(*loop_, wait);
    timer->async_wait([timer, task = std::move(task)](async::error_code error) {
        if (!error) task();
    });
}

void LoopInbox::Close() {
    // Die after the lock is released: what they hold may call back.
    std::vector<Answer> answers;
    std::vector<std::function<void()>> tasks;
    const MutexLock lock(mutex_);
    loop_ = nullptr;
    answers.swap(answers_);
    tasks.swap(tasks_);
}

void LoopInbox::WakeOnce() {
    if (woken_) return;
    woken_ = true;
    async::asio::post(*loop_, [self = shared_from_this()] { self->Deliver(); });
}

void LoopInbox::Deliver() {
    {
        const MutexLock lock(mutex_);
        woken_ = false;
        delivering_.swap(answers_);
        running_.swap(tasks_);
    }
    for (Answer& item : delivering_) {
        if (const auto connection = item.connection.lock()) {
            connection->Answer(item.request_number, std::move(item.response));
        }
    }
    delivering_.clear();
    for (const auto& task : running_) task();
    running_.clear();
}

}  // namespace unibox::http::detail
