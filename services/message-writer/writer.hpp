// The whole of message-writer: connections, lanes, ownership, upkeep. Thread safety: Create, Start
// and Stop from one thread.
#pragma once

#include "message-writer/config.hpp"
#include "message-writer/feed_history.hpp"
#include "message-writer/keeper.hpp"
#include "message-writer/partition_owner.hpp"

#include <memory>
#include <vector>

namespace unibox::writer {

class Writer {
public:
    // Connects lazily: neither PostgreSQL nor NATS has to be there yet. INVALID_ARGUMENT for
    // settings that cannot work.
    // `clock` must outlive the writer.
    static Result<std::unique_ptr<Writer>> Create(
        const Config& config,
        obs::Metrics& registry,
        StageHook on_stage = {},
        const Clock& clock = SystemClock()
    );
    ~Writer();

    // FAILED_PRECONDITION if the schema is older than this build. Ok while PostgreSQL is away: the
    // log keeps what arrives.
    Status SchemaIsCurrent();
    Status Start();
    // Finishes the transactions in flight and gives the partitions up.
    void Stop();

    const std::string& owner() const { return environment_->owner; }

private:
    Writer(const Config& config, obs::Metrics& registry, StageHook on_stage, const Clock& clock);
    Status Build();

    const Config config_;
    obs::Metrics& registry_;
    WriterMetrics metrics_;
    StageHook on_stage_;
    const Clock& clock_;
    LogHighs log_highs_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<nats::Connection> connection_;
    std::shared_ptr<FeedHistory> feed_;
    std::unique_ptr<Relays> relays_;
    std::unique_ptr<LaneEnvironment> environment_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::unique_ptr<PartitionOwner> partitions_;
    std::unique_ptr<Keeper> keeper_;
};

}  // namespace unibox::writer
