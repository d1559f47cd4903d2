// A migrated database, a partition that this test owns, and a committer: events go in, rows come
// out. Thread safety: one thread.
#pragma once

#include "message-writer/batch_committer.hpp"
#include "message-writer/command_committer.hpp"
#include "support/inbound_events.hpp"
#include "support/pg_server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

class CommitterFixture {
public:
    explicit CommitterFixture(const std::string& owner = "test-writer");
    // A second writer on the database of another fixture.
    CommitterFixture(CommitterFixture& other, const std::string& owner);

    // Writes the events as one batch of `shard_count` partitions (by thread), sequences going on
    // where the last batch ended. False if the committer was interrupted.
    bool Write(const std::vector<event::v1::InboundEvent>& events);
    bool WritePayloads(const std::vector<std::string>& payloads, std::int32_t partition = 0);
    // Commits the command as a lane of commands does.
    writer::CommandResult Do(const writer::v1::Command& command);
    // Takes partitions 0 .. count - 1 of generation 1, whose rows it makes if need be.
    void Own(int partition_count);

    // One value of one row, as text; "" for NULL. Superuser: row security does not apply.
    std::string Ask(const std::string& sql);
    std::int64_t Count(const std::string& sql) { return std::stoll(Ask(sql)); }
    void Run(const std::string& sql);
    // Why the inbox is inconsistent: seq or version with gaps, counters that differ from a recount,
    // refs without message; "" if nothing is.
    std::string Inconsistency();

    writer::WrittenShard& shard(int partition) {
        return shards_.at(domain::ShardId::OfPartition(1, partition));
    }
    writer::WriterMetrics& metrics() { return *metrics_; }
    pg::Pool& pool() { return *pool_; }
    const PgDatabase& database() const { return database_; }
    // Feed events of all batches committed, in order.
    std::vector<event::v1::FeedEvent> feed() const;

    int pauses_allowed = 1'000;
    std::function<void()> on_pause = [] {};
    writer::BatchSettings settings{.retry_ms_max = 200};

private:
    void Build(const std::string& owner);
    void Publish(writer::CommittedOutbox rows);

    obs::Metrics registry_;
    PgDatabase database_;
    std::unique_ptr<writer::WriterMetrics> metrics_;
    std::string owner_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<pg::Pool> super_pool_;
    std::unique_ptr<pg::Session> session_;
    std::unique_ptr<writer::BatchCommitter> committer_;
    std::map<domain::ShardId, writer::WrittenShard> shards_;
    std::vector<store::OutboxId> acknowledged_;
    std::vector<event::v1::OutboxBatch> published_;
};

}  // namespace unibox::test
