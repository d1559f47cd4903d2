#include "redis/detail/io_thread.hpp"

#include "async/worker_pool.hpp"
#include "obs/log.hpp"

#include <exception>
#include <utility>

namespace unibox::redis::detail {
namespace {

thread_local bool is_io_thread = false;

}  // namespace

bool IsIoThread() {
    return is_io_thread;
}

IoThread::IoThread() : work_(async::asio::make_work_guard(loop_)) {}

IoThread::~IoThread() = default;

void IoThread::Start(std::function<void()> begin, Deliver deliver) {
    deliver_ = std::move(deliver);
    async::asio::post(loop_, std::move(begin));
    thread_ = std::thread([this] { Run(); });
}

void IoThread::Run() {
    async::NameThisThread("redis");
    is_io_thread = true;
    try {
        loop_.run();
    } catch (const std::exception& error) {
        // A callback threw: nothing of ours does, so this is a fault that must not be hidden.
        obs::Log(obs::Level::kError, "the thread of redis ends", {{"error", error.what()}});
        std::terminate();
    }
}

bool IoThread::Push(RequestPtr& request) {
    const MutexLock lock(mutex_);
    if (closed_) return false;
    pushed_.push_back(std::move(request));
    // One wake-up serves all that comes before the thread looks.
    if (!std::exchange(woken_, true)) async::asio::post(loop_, [this] { DeliverAll(); });
    return true;
}

void IoThread::DeliverAll() {
    {
        const MutexLock lock(mutex_);
        woken_ = false;
        delivering_.swap(pushed_);
    }
    for (RequestPtr& request : delivering_) deliver_(std::move(request));
    delivering_.clear();
}

void IoThread::Stop(std::function<void()> end) {
    if (!thread_.joinable()) return;
    {
        const MutexLock lock(mutex_);
        closed_ = true;
    }
    async::asio::post(loop_, [this, end = std::move(end)] {
        DeliverAll();
        end();
        work_.reset();
    });
    thread_.join();
}

}  // namespace unibox::redis::detail
