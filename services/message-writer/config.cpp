#include "message-writer/config.hpp"

#include "config/field_table.hpp"

namespace unibox::writer {
namespace {

void DescribeBatch(config::FieldTable& table, BatchSettings& batch) {
    table.Section("batch", "How events are gathered into transactions.");
    table.Add(
        "lanes",
        &batch.lanes,
        "Threads that write, each with one connection to PostgreSQL.",
        config::InRange(1, 64)
    );
    table.Add(
        "events_max",
        &batch.events_max,
        "Events in one transaction at most.",
        config::InRange(1, 10'000)
    );
    table.Add(
        "bytes_max",
        &batch.bytes_max,
        "Bytes of events in one transaction at most.",
        config::InRange(1024, 256LL * 1024 * 1024)
    );
    table.Add(
        "interval_ms",
        &batch.interval_ms,
        "Least time between the beginnings of two batches of a lane.",
        config::InRange(0, 10'000)
    );
    table.Add(
        "retry_ms_max",
        &batch.retry_ms_max,
        "Longest pause between two attempts while PostgreSQL is away.",
        config::InRange(10, 600'000)
    );
    table.Add(
        "poison_max",
        &batch.poison_max,
        "Events of a partition, among its last 1,000, that may go to dead_letter; one more "
        "stops the partition.",
        config::InRange(0, 1'000)
    );
}

void DescribeOwnership(config::FieldTable& table, OwnershipSettings& ownership) {
    table.Section("ownership", "Which writer owns which partition of the log.");
    table.Add(
        "owner",
        &ownership.owner,
        "Name of this instance; must be unique. Empty: host name and process id."
    );
    table.Add(
        "lease_ms",
        &ownership.lease_ms,
        "Another writer takes a partition over when its owner was silent for so long.",
        config::InRange(500, 600'000)
    );
    table.Add(
        "tick_ms",
        &ownership.tick_ms,
        "How often the shares are compared and leases renewed; at most a third of the lease.",
        config::InRange(50, 200'000)
    );
}

}  // namespace

void Config::Describe(config::FieldTable& table) {
    postgres.Describe(table);
    nats.Describe(table);
    DescribeBatch(table, batch);
    DescribeOwnership(table, ownership);
    table.Section("outbox", "Publishing what became true.");
    table.Add(
        "publish_deadline_ms",
        &outbox.publish_deadline_ms,
        "An unanswered event is published again after so long.",
        config::InRange(100, 600'000)
    );
    table.Add(
        "idle_delete_ms",
        &outbox.idle_delete_ms,
        "Published rows are deleted after so long when no batch takes them along.",
        config::InRange(10, 600'000)
    );
    table.Add(
        "sweep_ms",
        &outbox.sweep_ms,
        "How often forgotten rows are looked for.",
        config::InRange(100, 600'000)
    );
    table.Section("keeper", "Partitions ahead, old rows, and the log's disk.");
    table.Add(
        "interval_ms",
        &keeper.interval_ms,
        "How often one of the writers does the upkeep.",
        config::InRange(100, 3'600'000)
    );
    table.Add(
        "keep_committed_ms",
        &keeper.keep_committed_ms,
        "The log keeps events for so long after they were committed, while there is room.",
        config::InRange(0, 7LL * 24 * 3600 * 1000)
    );
    table.Add(
        "fill_percent_max",
        &keeper.fill_percent_max,
        "Fuller streams lose committed events earlier, the oldest first.",
        config::InRange(1, 100)
    );
}

std::vector<runtime::FileUse> Config::FileUses() const {
    return {
        {"batch.lanes", static_cast<std::int64_t>(batch.lanes)},
        {"postgres.pool_size", postgres.pool_size}};
}

}  // namespace unibox::writer
