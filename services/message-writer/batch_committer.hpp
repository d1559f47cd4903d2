// Commits gathered events, whatever happens: retries, finds poison, learns unknown outcomes.
//
// What may go wrong and what is done about it: README.md of this folder, "What goes wrong".
// One object for each lane. Thread safety: one thread at a time.
#pragma once

#include "async/backoff.hpp"
#include "base/clock.hpp"
#include "decide/decide.hpp"
#include "domain/batch_effects.hpp"
#include "domain/inbox_keys.hpp"
#include "message-writer/commit_stage.hpp"
#include "message-writer/config.hpp"
#include "message-writer/gathered_batch.hpp"
#include "message-writer/leaves.hpp"
#include "message-writer/metrics.hpp"
#include "message-writer/poison_count.hpp"
#include "pg/pool.hpp"
#include "store/writer/batch_tx.hpp"
#include "store/writer/partitions.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace unibox::writer {

// A shard that a lane writes, and what the committer learnt about it.
struct WrittenShard {
    store::OwnedPartition owned;  // last_seq is what is committed, as far as we know
    bool lost = false;            // belongs to another writer, or stands elsewhere now
    bool stopped = false;         // waits for an operator
    bool needs_sweep = true;      // the outbox may hold rows that nobody publishes
    // Not "": its next event waits for that leaf, since the last batch.
    std::string awaited_leaf;
    PoisonCount poison;
    // Not written from here on: too many before it cannot be, and the shard is to stop.
    std::int64_t stop_at = std::numeric_limits<std::int64_t>::max();
    std::string stop_reason;
};

using CommittedOutbox = std::vector<std::pair<store::OutboxId, event::v1::OutboxBatch>>;

class BatchCommitter {
public:
    struct Environment {
        pg::Session& session;  // of the lane alone
        pg::Pool& pool;
        const BatchSettings& settings;
        std::string owner;
        Millis lease{0};
        decide::DecideLimits limits{};
        WriterMetrics& metrics;
        const Clock& clock;
        StageHook on_stage{};
        // Waits; false when the lane is to end.
        std::function<bool(Millis)> pause;
        // Called right after each commit, with the rows it wrote.
        std::function<void(CommittedOutbox)> publish;
    };
    explicit BatchCommitter(Environment environment);

    // Returns when each event is committed, dead, or of a shard that is lost, stopped or waits for
    // a leaf; of one that stops for too many dead letters, everything before the one too many is
    // written first. False: the lane is to end, the rest was not written. `shards` by number;
    // `acknowledged` goes with the first transaction and is cleared then.
    bool Commit(
        const GatheredBatch& batch,
        std::map<domain::ShardId, WrittenShard*> shards,
        std::vector<store::OutboxId>* acknowledged
    );

private:
    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    // What one transaction is to write: events of a range that are still open, in order.
    struct Selection {
        std::vector<std::size_t> live;
        std::vector<store::DeadLetterWrite> dead;
        std::map<domain::ShardId, std::int64_t> to_seq;  // by shard
        bool empty() const { return to_seq.empty(); }
    };
    // kSmaller: in halves, a single event again and again. kSplit: in halves, a single event is
    // given up. kCut: first what comes before cut_at_.
    enum class Next { kAgain, kSmaller, kSplit, kCut, kInterrupted };

    bool CommitRange(Range range);
    bool CommitHalves(Range range, const Status& why);
    bool BuryOne(std::size_t index, const Status& why);
    Selection Select(Range range) const;
    const LogMark& MarkOf(domain::ShardId shard, std::int64_t sequence) const;
    store::DeadLetterWrite DeadLetterOf(std::size_t index, std::string sqlstate, std::string error)
        const;

    Status TryOnce(const Selection& selection, bool* outcome_unknown);
    Status RunTransaction(
        std::span<const domain::BatchItem> events, const Selection& selection, bool* outcome_unknown
    );
    void Reached(CommitStage stage) const;
    Status Cut(const Selection& selection);
    void AwaitLeaf(std::size_t index, std::string leaf);
    void AfterCommit(const Selection& selection, const std::vector<store::OutboxId>& ids);
    // May make `status` say more exactly what is wrong.
    Next AfterError(
        Status* status, bool outcome_unknown, const Selection& selection, int* conflicts
    );
    std::string Describe(const Selection& selection) const;
    bool Wait();
    bool LearnShards(const std::vector<domain::ShardId>& numbers);
    bool LearnAll();
    bool StopShard(WrittenShard* shard, const std::string& reason);
    void CountPoison(WrittenShard* shard, std::int64_t sequence, const std::string& why) const;
    void CountFaults();
    // False if the lane is to end.
    bool StopWhereTooMany();

    Environment env_;
    const GatheredBatch* batch_ = nullptr;
    std::map<domain::ShardId, WrittenShard*> shards_;
    std::vector<store::OutboxId>* acknowledged_ = nullptr;
    Leaves leaves_;
    domain::Effects effects_;  // of the last attempt
    std::size_t cut_at_ = 0;   // of the last attempt that was too much for one transaction
    async::Backoff backoff_;
};

}  // namespace unibox::writer
