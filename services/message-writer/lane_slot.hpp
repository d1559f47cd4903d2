// The slot that a lane of commands writes under: taken when it is needed, its lease renewed (each
// transaction does that too), replaced when it was lost, given back at the end. And the slots that
// writers left behind with rows in the outbox: adopted until these are published.
// Thread safety: one thread at a time (the lane's).
#pragma once

#include "base/clock.hpp"
#include "message-writer/lane_environment.hpp"
#include "store/writer/slots.hpp"

#include <optional>
#include <vector>

namespace unibox::writer {

class LaneSlot {
public:
    explicit LaneSlot(LaneEnvironment& environment);

    // The slot; takes one if there is none. Nothing while PostgreSQL is away.
    std::optional<store::OwnedSlot> Get();
    // One that is owned already.
    const std::optional<store::OwnedSlot>& owned() const { return own_; }
    // Another writer has it.
    void Lost() { own_.reset(); }
    // Renews the lease where that is due, and looks for what others left behind.
    void Keep();
    // Taken over since the last call: their outbox is to be swept.
    std::vector<domain::ShardId> TakeAdopted();
    const std::vector<store::OwnedSlot>& adopted() const { return adopted_; }
    // Gives those back of which the outbox holds nothing more to be relayed.
    void ReleaseEmptied();
    void ReleaseAll();

private:
    LaneEnvironment& env_;
    const std::vector<domain::OutboxTarget> relayed_;  // What has a relay; other rows wait for one.
    std::optional<store::OwnedSlot> own_;
    std::vector<store::OwnedSlot> adopted_;
    std::vector<domain::ShardId> newly_adopted_;
    SteadyTime next_look_{};
};

}  // namespace unibox::writer
