// The outbox as a lane sees it: hands committed rows to the relay of their stream, finds those that
// nobody publishes, deletes those that the stream has acknowledged.
//
// Order: rows of a shard go to a relay in the order of their ids. Where older ones may still lie in
// the table alone, newer ones stay there too, until all of them were read from there (a sweep).
// That is so for each stream by itself.
//
// Thread safety: one thread at a time (the lane's).
#pragma once

#include "base/clock.hpp"
#include "message-writer/batch_committer.hpp"
#include "message-writer/relays.hpp"
#include "pg/pool.hpp"
#include "store/writer/outbox.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace unibox::writer {

class LaneOutbox {
public:
    // All must outlive the object.
    LaneOutbox(pg::Pool& pool, Relays& relays, const Clock& clock)
        : pool_(pool), relays_(relays), clock_(clock) {}

    // The table may hold rows of the shard that nobody publishes.
    void NeedSweep(domain::ShardId shard);
    // The lane has lost the shard or given it up.
    void Forget(domain::ShardId shard);
    // Right after commit. What a relay has no room for stays in the table, to be swept; rows of a
    // stream that has no relay stay there until it has one.
    void Publish(CommittedOutbox rows);
    // Reads the shard's rows from the table, and gives the relays those that they do not know, of
    // each stream that needs it, or of all.
    void Sweep(domain::ShardId shard, bool all);
    // Nothing more may be written of the shard before it is swept.
    bool HoldsWrites(domain::ShardId shard) const;

    // Takes from the relays what their streams have acknowledged of the shard.
    void Collect(domain::ShardId shard);
    // What is to be deleted with the next transaction, in order; whoever deletes it clears it.
    std::vector<store::OutboxId>* acknowledged() { return &acknowledged_; }
    // Deletes it without waiting for a transaction; what fails is tried again with the next.
    void DeleteAcknowledged();

private:
    using Part = std::pair<domain::ShardId, domain::OutboxTarget>;

    bool SweepPart(Part part, Relay& relay);
    static bool PublishLeftovers(Part part, std::vector<store::OutboxRow> rows, Relay& relay);
    std::vector<store::OutboxId> Unknown(
        const std::vector<store::OutboxId>& ids, const Relay& relay
    ) const;

    pg::Pool& pool_;
    Relays& relays_;
    const Clock& clock_;
    std::map<Part, SteadyTime> to_sweep_;  // not before
    std::vector<store::OutboxId> acknowledged_;
};

}  // namespace unibox::writer
