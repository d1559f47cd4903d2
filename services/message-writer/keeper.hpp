// The upkeep that one writer at a time does for all: time partitions ahead, old rows, the log's
// disk. Thread safety: Start and Stop once each.
#pragma once

#include "message-writer/config.hpp"
#include "message-writer/metrics.hpp"
#include "nats/streams.hpp"
#include "pg/pool.hpp"
#include "store/writer/upkeep.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace unibox::async {
class Periodic;
}

namespace unibox::writer {

// Up to which sequence (exclusive) a stream of the log may be purged; 0 = nothing. What was
// committed long ago (need.old_seq) goes; of what was committed later, the oldest goes while the
// stream is fuller than fill_percent_max. Never anything that is not committed, nor the last
// message that is: by it the next reader recognises the stream. Pure.
std::uint64_t PurgeBelow(
    const nats::StreamInfo& stream, const store::LogNeed& need, std::int64_t fill_percent_max
);

// Above fill_percent_max of its bytes; never one without a limit. Pure.
bool IsTooFull(const nats::StreamInfo& stream, std::int64_t fill_percent_max);

class Keeper {
public:
    static Result<std::unique_ptr<Keeper>> Create(
        const Config& config,
        pg::Pool& pool,
        nats::Connection& connection,
        WriterMetrics& metrics,
        const Clock& clock
    );
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    void Start();
    void Stop();
    // One round, whoever holds the lock; for tests and Start.
    Status Round();
    // A stream of the log is too full: a round that only purges comes now. Any thread, after Start.
    void Relieve();

private:
    Keeper(
        const Config& config,
        pg::Pool& pool,
        nats::Connection& connection,
        WriterMetrics& metrics,
        const Clock& clock,
        std::unique_ptr<pg::Session> session
    );
    void TellDetachedLeaves();
    Status KeepDatabase();
    Status DropRequestKeys();
    Status FoldCounts();
    Status KeepLog();
    Status KeepPartitionLog(const store::LogNeed& need);
    void ForgetHorizons();

    const Config& config_;
    pg::Pool& pool_;
    nats::Streams streams_;
    WriterMetrics& metrics_;
    const Clock& clock_;
    std::unique_ptr<pg::Session> session_;
    SteadyTime next_checkpoint_{};
    SteadyTime next_full_round_{};
    std::atomic<bool> relieve_{false};
    std::set<domain::ShardId> horizons_;        // shards whose gauge is ours
    std::vector<std::string> detached_leaves_;  // told last
    std::unique_ptr<async::Periodic> rounds_;
};

}  // namespace unibox::writer
