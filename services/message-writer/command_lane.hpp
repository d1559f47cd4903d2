// A lane of commands: one thread with one connection and one slot that commits what people and
// programs ask for.
//
// Group commit: a transaction takes what has come while the one before was committed, not later
// than interval_ms after the first of them, at most command_count_max and bytes_max. Two calls with
// one request key never share a transaction. Rows for the feed are published right after the
// commit by this lane's own outbox, as those of a lane of the log.
//
// What can go wrong: a transaction that fails for a passing reason is repeated while the deadline
// of a call in it has not passed (that of the others is told UNAVAILABLE); one that fails for what
// is in it (SQLSTATE 22, 23) is repeated command by command, and the one at fault is INTERNAL; an
// outcome that is not known is looked up by request key, else told as OUTCOME_UNKNOWN. A slot that
// was lost is replaced by another one.
//
// Thread safety: Submit from any thread; Start and Stop once each.
#pragma once

#include "base/status.hpp"
#include "message-writer/lane_environment.hpp"
#include "unibox/writer/v1/command.pb.h"

#include <functional>
#include <memory>
#include <string>

namespace unibox::writer {

struct CommandResult {
    Status status;                  // Ok, or why nothing was done
    std::int64_t version = 0;       // VERSION_MISMATCH: the current one
    std::string response;           // AppendResponse or ApplyResponse, serialised
    std::string consistency_token;  // a pg_lsn
};

class CommandLane {
public:
    using Done = std::function<void(CommandResult)>;

    static Result<std::unique_ptr<CommandLane>> Create(
        LaneEnvironment& environment, std::size_t index
    );
    ~CommandLane();
    CommandLane(const CommandLane&) = delete;
    CommandLane& operator=(const CommandLane&) = delete;

    // `done` runs exactly once, on the lane's thread, or at once on the caller's when it is refused
    // (RESOURCE_EXHAUSTED reason COMMANDS_WAIT: command_queue_count_max wait already; UNAVAILABLE
    // reason STOPPING). The command must have passed CheckCommand. A deadline that has passed
    // before its transaction began is DEADLINE_EXCEEDED, and nothing is done.
    void Submit(writer::v1::Command command, SteadyTime deadline, Done done);
    // Takes no more, and ends what was taken: commits it, or says UNAVAILABLE after `limit`.
    void Stop(Millis limit);

private:
    struct Parts;
    explicit CommandLane(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace unibox::writer
