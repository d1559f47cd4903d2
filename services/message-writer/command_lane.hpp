// A lane of commands: one thread with one connection and one slot that commits what people and
// programs ask for.
//
// Group commit: a transaction takes what has come while the one before was under way, not sooner
// than interval_ms after that one began. Its rows of the outbox are published right after the
// commit, as those of a lane of the log; the order of a conversation's events across shards is
// that of their versions, which consumers look at.
//
// Thread safety: Submit from any thread; Stop once.
#pragma once

#include "base/status.hpp"
#include "message-writer/command_committer.hpp"
#include "message-writer/command_queue.hpp"
#include "message-writer/lane_environment.hpp"
#include "message-writer/lane_outbox.hpp"
#include "message-writer/lane_slot.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>

namespace unibox::writer {

class CommandLane {
public:
    // `environment` must outlive the lane.
    static Result<std::unique_ptr<CommandLane>> Create(
        LaneEnvironment& environment, std::size_t index
    );
    // Stop().
    ~CommandLane();
    CommandLane(const CommandLane&) = delete;
    CommandLane& operator=(const CommandLane&) = delete;

    // `command.done` runs exactly once, on the lane's thread; or here, with what CommandQueue::Push
    // says against it. The command must have passed decide::CheckCommand.
    void Submit(PendingCommand command);
    // Commands that wait or are under way.
    std::size_t load() const { return queue_.count() + under_way_.load(); }
    // Takes no more, and answers what was taken: it is written if PostgreSQL is there.
    void Stop();

private:
    CommandLane(
        LaneEnvironment& environment, std::size_t index, std::unique_ptr<pg::Session> session
    );
    void Run();
    void WaitForTurn();
    void Publish(CommittedOutbox rows);
    void KeepOutbox(bool idle);

    LaneEnvironment& env_;
    const std::size_t index_;
    std::unique_ptr<pg::Session> session_;
    CommandQueue queue_;
    LaneSlot slot_;
    LaneOutbox outbox_;
    CommandCommitter committer_;

    std::atomic<std::size_t> under_way_{0};
    // The lane's thread alone.
    SteadyTime last_batch_{};
    SteadyTime last_sweep_{};
    SteadyTime idle_since_{};

    std::thread thread_;
};

}  // namespace unibox::writer
