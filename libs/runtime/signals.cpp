#include "runtime/signals.hpp"

#include "base/assert.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace unibox::runtime {
namespace {

sigset_t StopSet() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

// True if something was there.
template <typename T>
bool Drain(int fd) {
    T content;
    return read(fd, &content, sizeof content) == static_cast<ssize_t>(sizeof content);
}

}  // namespace

void BlockStopSignals() {
    const sigset_t set = StopSet();
    UNIBOX_ASSERT(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    sigaction(SIGHUP, &ignore, nullptr);
}

StopSignals::StopSignals() {
    const sigset_t set = StopSet();
    signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    interrupt_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    UNIBOX_ASSERT(signal_fd_ >= 0 && interrupt_fd_ >= 0);
}

StopSignals::~StopSignals() {
    close(signal_fd_);
    close(interrupt_fd_);
}

StopSignals::Event StopSignals::Wait(std::optional<Millis> timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout.value_or(Millis(0));
    for (;;) {
        int wait_ms = -1;
        if (timeout) {
            const auto left =
                std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now());
            wait_ms = static_cast<int>(std::max<std::int64_t>(0, left.count()));
        }
        std::array<pollfd, 2> watched = {{{signal_fd_, POLLIN, 0}, {interrupt_fd_, POLLIN, 0}}};
        const int ready = poll(watched.data(), watched.size(), wait_ms);
        if (ready == 0) return Event::kTimeout;
        if (ready < 0 && errno != EINTR) return Event::kTimeout;
        if (Drain<signalfd_siginfo>(signal_fd_)) return Event::kSignal;
        if (Drain<std::uint64_t>(interrupt_fd_)) return Event::kInterrupted;
    }
}

void StopSignals::Interrupt() const {
    const std::uint64_t one = 1;
    // A full counter (2^64) cannot happen; the result is of no use.
    [[maybe_unused]] const ssize_t written = write(interrupt_fd_, &one, sizeof one);
}

}  // namespace unibox::runtime
