// Commands that wait for a transaction. Bounded by count.
// Thread safety: Push and Close from any thread; Take from one thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "unibox/writer/v1/command.pb.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace unibox::writer {

// Why a command was not done, or what became of it.
struct CommandResult {
    Status status;
    std::string response;  // AppendResponse or ApplyResponse, serialised; without the token
    std::string consistency_token;  // a pg_lsn
};

struct PendingCommand {
    v1::Command command;
    SteadyTime deadline;
    std::function<bool()> is_cancelled;  // whoever asked has gone; may be empty
    std::function<void(CommandResult)> done;
};

class CommandQueue {
public:
    CommandQueue(std::size_t count_max, const Clock& clock)
        : count_max_(count_max), clock_(clock) {}

    // RESOURCE_EXHAUSTED reason COMMANDS_WAIT: it is full; UNAVAILABLE reason STOPPING: it is
    // closed. Then `command` is as it was.
    Status Push(PendingCommand& command);
    // In the order in which they came, at most `count_max` and about `bytes_max`, never two with
    // one request key. Waits for the first until `until`; empty if there is none, or (once all is
    // taken) when the queue is closed.
    std::vector<PendingCommand> Take(
        std::size_t count_max, std::size_t bytes_max, SteadyTime until
    );
    // Waits, whatever comes; false as soon as the queue is closed.
    bool Pause(Millis wait);
    // Nothing more comes in.
    void Close();
    bool is_closed() const;
    std::size_t count() const;

private:
    const std::size_t count_max_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<PendingCommand> waiting_ UNIBOX_GUARDED_BY(mutex_);
    bool closed_ UNIBOX_GUARDED_BY(mutex_) = false;
};

}  // namespace unibox::writer
