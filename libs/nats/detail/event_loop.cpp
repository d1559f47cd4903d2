#include "nats/detail/event_loop.hpp"

#include "base/assert.hpp"

#include <poll.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace unibox::nats::detail {
namespace {

constexpr unsigned long kTimerSlackNs = 1000;  // ppoll is otherwise late by 50 us.

thread_local const EventLoop* loop_of_this_thread = nullptr;

timespec ToTimespec(std::chrono::nanoseconds duration) {
    const auto count = std::max<std::int64_t>(duration.count(), 0);
    return {.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
}

}  // namespace

EventLoop::EventLoop(std::chrono::microseconds flush_interval)
    : flush_interval_(flush_interval), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    UNIBOX_ASSERT(wake_fd_ >= 0);
    thread_ = std::thread([this] { Main(); });
}

EventLoop::~EventLoop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        Wake();
    }
    thread_.join();
    close(wake_fd_);
}

natsStatus EventLoop::Use(natsOptions* options) {
    return natsOptions_SetEventLoop(options, this, Attach, WantRead, WantWrite, Detach);
}

natsStatus EventLoop::Attach(void** user, void* loop, natsConnection* connection, natsSock socket) {
    auto* self = static_cast<EventLoop*>(loop);
    const MutexLock lock(self->mutex_);
    if (*user == nullptr) {
        self->polled_.push_back(std::make_unique<Polled>());
        *user = self->polled_.back().get();
    }
    auto* polled = static_cast<Polled*>(*user);
    *polled = {self, connection, socket, true, false};
    self->Wake();
    return NATS_OK;
}

natsStatus EventLoop::WantRead(void* user, bool add) {
    auto* polled = static_cast<Polled*>(user);
    const MutexLock lock(polled->loop->mutex_);
    polled->read = add;
    if (!add) polled->socket = -1;  // nats.c is about to close it.
    polled->loop->Wake();
    return NATS_OK;
}

natsStatus EventLoop::WantWrite(void* user, bool add) {
    auto* polled = static_cast<Polled*>(user);
    const MutexLock lock(polled->loop->mutex_);
    polled->write = add;
    if (add) polled->loop->Wake();
    return NATS_OK;
}

natsStatus EventLoop::Detach(void* user) {
    auto* polled = static_cast<Polled*>(user);
    EventLoop* self = polled->loop;
    const MutexLock lock(self->mutex_);
    std::erase_if(self->polled_, [&](const auto& one) { return one.get() == polled; });
    return NATS_OK;
}

void EventLoop::Wake() {
    if (wake_pending_ || loop_of_this_thread == this) return;
    wake_pending_ = true;
    eventfd_write(wake_fd_, 1);
}

void EventLoop::Run(const std::function<void()>& task) {
    bool done = false;
    const MutexLock lock(mutex_);
    UNIBOX_ASSERT(loop_of_this_thread != this && !stopping_);
    tasks_.push_back({&task, &done});
    Wake();
    while (!done) task_done_.wait(mutex_);
}

void EventLoop::BreakSocket(natsConnection* connection) {
    Run([&] {
        const MutexLock lock(mutex_);
        for (const auto& polled : polled_) {
            if (polled->connection == connection && polled->socket >= 0) {
                shutdown(polled->socket, SHUT_RDWR);
            }
        }
    });
}

void EventLoop::Main() {
    loop_of_this_thread = this;
    prctl(PR_SET_NAME, "nats-loop");
    prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
    while (RunTasks()) Poll();
}

bool EventLoop::RunTasks() {
    for (;;) {
        Task task;
        {
            const MutexLock lock(mutex_);
            if (tasks_.empty()) return !stopping_;
            task = tasks_.front();
            tasks_.erase(tasks_.begin());
        }
        (*task.run)();
        const MutexLock lock(mutex_);
        *task.done = true;
        task_done_.notify_all();
    }
}

void EventLoop::Poll() {
    std::vector<pollfd> fds{{.fd = wake_fd_, .events = POLLIN, .revents = 0}};
    std::vector<natsConnection*> connections{nullptr};
    // Not the connection's Clock: this paces a real socket.
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto until_flush = last_flush_ + flush_interval_ - now;
    bool flush_later = false;
    {
        const MutexLock lock(mutex_);
        for (const auto& polled : polled_) {
            if (polled->socket < 0) continue;
            const bool write_now = polled->write && until_flush.count() <= 0;
            flush_later |= polled->write && !write_now;
            const int events = (polled->read ? POLLIN : 0) | (write_now ? POLLOUT : 0);
            fds.push_back({polled->socket, static_cast<std::int16_t>(events), 0});
            connections.push_back(polled->connection);
        }
    }
    const timespec timeout = ToTimespec(until_flush);
    if (ppoll(fds.data(), fds.size(), flush_later ? &timeout : nullptr, nullptr) <= 0) return;
    if (fds[0].revents != 0) {
        eventfd_t ignored = 0;
        eventfd_read(wake_fd_, &ignored);
        const MutexLock lock(mutex_);
        wake_pending_ = false;
    }
    for (std::size_t i = 1; i < fds.size(); ++i) {
        if ((fds[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0) {
            natsConnection_ProcessReadEvent(connections[i]);
        }
        if ((fds[i].revents & POLLOUT) != 0) {
            last_flush_ = now;
            natsConnection_ProcessWriteEvent(connections[i]);
        }
    }
}

}  // namespace unibox::nats::detail
