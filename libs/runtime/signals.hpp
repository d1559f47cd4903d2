// SIGTERM and SIGINT as something a thread can wait for.
// Thread safety: Wait from one thread at a time; Interrupt from any.
#pragma once

#include "base/clock.hpp"

#include <optional>

namespace unibox::runtime {

// Blocks SIGTERM and SIGINT in the calling thread and all that it will start, ignores SIGPIPE and
// SIGHUP. To be called before any thread is started.
void BlockStopSignals();

class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    enum class Event { kSignal, kInterrupted, kTimeout };
    // Waits for a signal, for Interrupt, or for at most `timeout` (none = for ever). Each signal
    // and each burst of Interrupts is reported once.
    Event Wait(std::optional<Millis> timeout);
    void Interrupt() const;

private:
    int signal_fd_ = -1;
    int interrupt_fd_ = -1;
};

}  // namespace unibox::runtime
