// The outbox as a lane sees it: hands committed rows to the relay, finds those that nobody
// publishes, deletes those that the stream has acknowledged.
//
// Thread safety: one thread at a time (the lane's).
#pragma once

#include "message-writer/batch_committer.hpp"
#include "message-writer/relay.hpp"
#include "pg/pool.hpp"
#include "store/writer/outbox.hpp"

#include <cstdint>
#include <vector>

namespace unibox::writer {

class LaneOutbox {
public:
    // Both must outlive the object.
    LaneOutbox(pg::Pool& pool, Relay& relay) : pool_(pool), relay_(relay) {}

    // Reads a shard's rows from the table and gives the relay those that it does not know. False if
    // some are left: the table cannot be read, or the relay is full.
    bool Sweep(domain::ShardId shard);
    // Takes from the relay what the stream has acknowledged of the shard.
    void Collect(domain::ShardId shard);
    // What is to be deleted with the next transaction, in order; whoever deletes it clears it.
    std::vector<store::OutboxId>* acknowledged() { return &acknowledged_; }
    // Deletes it without waiting for a transaction; what fails is tried again with the next.
    void DeleteAcknowledged();

private:
    bool Publish(domain::ShardId shard, std::vector<store::OutboxRow> rows);
    std::vector<store::OutboxId> Unknown(const std::vector<store::OutboxId>& ids) const;

    pg::Pool& pool_;
    Relay& relay_;
    std::vector<store::OutboxId> acknowledged_;
};

}  // namespace unibox::writer
