// The writer's transaction: read the state of a batch under locks, then write what was decided.
//
// BatchTx::Begin, then Read (first pipeline, ended by a Sync), then Commit (second pipeline). Every
// statement finds its rows by an index through LATERAL or ON CONFLICT, in the order of its arrays:
// neither the order of locks nor the cost depends on the planner's statistics.
//
// Errors: those of libs/pg (reason() is the SQLSTATE). kFencedState means that partitions of the
// batch belong to somebody else, or stand elsewhere than the caller believes: LostShards names
// them. After an error the transaction is rolled back. Limits: those of pg::WriterTx; meant for
// batches of at most 1,000 events. Thread safety: one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/log_mark.hpp"
#include "base/status.hpp"
#include "domain/batch_effects.hpp"
#include "domain/batch_plan.hpp"
#include "domain/batch_state.hpp"
#include "pg/transaction.hpp"
#include "store/schema/periods.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::store {

// SQLSTATE of the fence.
inline constexpr std::string_view kFencedState = "UB001";

// Moves one partition from the last sequence committed to the last one of this batch.
struct PartitionAdvance {
    domain::PartitionId id;
    std::int64_t epoch = 0;
    std::int64_t from_seq = 0;  // what ingest_partition.last_seq must be
    std::int64_t to_seq = 0;
    LogMark to_mark = {};  // of the message at to_seq
};

// The slot that a transaction of commands writes under.
struct SlotFence {
    std::int32_t slot = 0;
    std::int64_t epoch = 0;
};
// Whose transaction it is: partitions of the log that move on, or a slot.
struct BatchFence {
    std::span<const PartitionAdvance> partitions;
    std::optional<SlotFence> slot = {};
};

// An event that cannot be written, as it was read from the stream.
struct DeadLetterWrite {
    domain::PartitionId id;
    std::int64_t stream_seq = 0;
    std::string event;
    std::string sqlstate;  // '' = found before the database was asked
    std::string error;
};

// One row of the outbox. Within a shard and target the order of ids is that of the commits.
struct OutboxId {
    domain::ShardId shard;
    domain::OutboxTarget target{};
    std::int64_t id = 0;
    auto operator<=>(const OutboxId&) const = default;
};

// What a batch leaves behind besides the effects that Decide named.
struct BatchExtras {
    std::span<const DeadLetterWrite> dead_letters;
    // Rows of the outbox whose events their stream has acknowledged.
    std::span<const OutboxId> acknowledged;
};

struct CommittedBatch {
    std::vector<OutboxId> outbox;  // of effects.outbox, in its order
    // Of a slot's transaction: the place in PostgreSQL's log (pg_lsn) at which it stands, at least.
    // Empty if the connection was lost right behind the commit.
    std::string consistency_token;
};

// What people and programs made of a conversation, as it is stored; up to some 70 KB.
struct ConversationWork {
    std::int16_t priority = 0;
    std::optional<AgentId> assignee = {};
    std::optional<TeamId> team = {};
    bool muted = false;
    std::string labels = "{}";
    std::string attributes = {};
    bool operator==(const ConversationWork&) const = default;
};

class BatchTx {
public:
    // Connects if need be. `lease` is how long the partitions stay the owner's after this batch.
    static Result<BatchTx> Begin(pg::Session& session, Millis lease);

    // Fences and advances the partitions (any order given; sorted here) or fences the slot, inserts
    // the contacts and threads that are missing, takes all locks in key order (request keys,
    // threads, counters, contacts that commands name) and reads the state. Waits for a transaction
    // that holds one of the plan's request keys; a conversation whose thread another one began
    // meanwhile is left out.
    // RESOURCE_EXHAUSTED (pg::kPipelineFull) if the answers that are kept of the request keys are
    // more than a transaction may read: fewer at once. ABORTED (kLeavesChanged) if leaves were
    // attached or detached since `leaves` was taken: what the state lacks is either nowhere or in
    // one of leaves.detached.
    Result<domain::BatchState> Read(
        const BatchFence& fence, const domain::BatchPlan& plan, const LeafSurvey& leaves
    );
    // Writes and commits.
    Result<CommittedBatch> Commit(const domain::Effects& effects, const BatchExtras& extras);
    // After a failed Commit: whether the transaction may have taken place all the same.
    bool outcome_unknown() const { return tx_.outcome_unknown(); }

private:
    BatchTx(pg::WriterTx tx, Millis lease) : tx_(std::move(tx)), lease_(lease) {}

    pg::WriterTx tx_;
    Millis lease_;
    bool of_slot_ = false;
    domain::ShardId fenced_shard_;  // the first of those that are fenced
    // Of the conversations read that have any: what stays is neither sent nor written anew, so that
    // a batch of the log costs nothing for it.
    std::map<domain::ConversationKey, ConversationWork> work_read_;
};

// The shards that a kFencedState error names; empty for any other.
std::vector<domain::ShardId> LostShards(const Status& status);

}  // namespace unibox::store
