#include "message-writer/config.hpp"

#include "config/field_table.hpp"

namespace unibox::writer {

void BatchSettings::Describe(config::FieldTable& table) {
    table.Section("batch", "How events are gathered into transactions.")
        .Add(
            "lane_count",
            &lane_count,
            "Threads that write, each with one connection to PostgreSQL.",
            config::InRange(1, 64)
        )
        .Add(
            "event_count_max",
            &event_count_max,
            "Events in one transaction at most.",
            config::InRange(1, 10'000)
        )
        .Add(
            "bytes_max",
            &bytes_max,
            "Bytes of events in one transaction at most.",
            config::InRange(1024, 256LL * 1024 * 1024)
        )
        .Add(
            "interval_ms",
            &interval_ms,
            "Least time between the beginnings of two batches of a lane.",
            config::InRange(0, 10'000)
        )
        .Add(
            "retry_ms_max",
            &retry_ms_max,
            "Longest pause between two attempts while PostgreSQL is away.",
            config::InRange(10, 600'000)
        )
        .Add(
            "poison_count_max",
            &poison_count_max,
            "Events of a partition, among its last 1,000, that may go to dead_letter; one more "
            "stops the partition.",
            config::InRange(0, 1'000)
        );
}

void OwnershipSettings::Describe(config::FieldTable& table) {
    table.Section("ownership", "Which writer owns which partition of the log.")
        .Add(
            "owner",
            &owner,
            "Name of this instance; must be unique. Empty: host name and process id."
        )
        .Add(
            "lease_ms",
            &lease_ms,
            "Another writer takes a partition over when its owner was silent for so long.",
            config::InRange(500, 600'000)
        )
        .Add(
            "interval_ms",
            &interval_ms,
            "How often the shares are compared and leases renewed; at most a third of the lease.",
            config::InRange(50, 200'000)
        );
}

void OutboxSettings::Describe(config::FieldTable& table) {
    table.Section("outbox", "Publishing what became true.")
        .Add(
            "publish_timeout_ms",
            &publish_timeout_ms,
            "An unanswered event is published again after so long.",
            config::InRange(100, 600'000)
        )
        .Add(
            "idle_delete_ms",
            &idle_delete_ms,
            "Published rows are deleted after so long when no batch takes them along.",
            config::InRange(10, 600'000)
        )
        .Add(
            "sweep_interval_ms",
            &sweep_interval_ms,
            "How often forgotten rows are looked for.",
            config::InRange(100, 600'000)
        );
}

void CommandSettings::Describe(config::FieldTable& table) {
    table.Section("commands", "What people and programs ask for, over gRPC.")
        .Add(
            "lane_count",
            &lane_count,
            "Connections that write commands, each a transaction at a time.",
            config::InRange(1, 64)
        )
        .Add(
            "interval_ms",
            &interval_ms,
            "From the beginning of one transaction to that of the next, at least.",
            config::InRange(0, 1'000)
        )
        .Add(
            "batch_count_max",
            &batch_count_max,
            "Commands of one transaction.",
            config::InRange(1, 1'000)
        )
        .Add(
            "batch_bytes_max",
            &batch_bytes_max,
            "Their bytes, about.",
            config::InRange(64 << 10, 64 << 20)
        )
        .Add(
            "queue_count_max",
            &queue_count_max,
            "Commands that wait for a lane; more are refused.",
            config::InRange(1, 1'000'000)
        )
        .Add(
            "retry_ms_max",
            &retry_ms_max,
            "Longest pause before a transaction that failed is repeated.",
            config::InRange(10, 60'000)
        )
        .Add(
            "message_count_per_minute_max",
            &message_count_per_minute_max,
            "Messages that one conversation may have; more are refused to people and programs, and "
            "marked when customers write them.",
            config::InRange(1, 1'000'000)
        );
}

void KeeperSettings::Describe(config::FieldTable& table) {
    table.Section("keeper", "Partitions ahead, old rows, and the log's disk.")
        .Add(
            "interval_ms",
            &interval_ms,
            "How often one of the writers does the upkeep.",
            config::InRange(100, 3'600'000)
        )
        .Add(
            "keep_committed_ms",
            &keep_committed_ms,
            "The log keeps events for so long after they were committed, while there is room.",
            config::InRange(0, 7LL * 24 * 3600 * 1000)
        )
        .Add(
            "fill_percent_max",
            &fill_percent_max,
            "Fuller streams lose committed events earlier, the oldest first.",
            config::InRange(1, 100)
        );
}

void SearchIndexSettings::Describe(config::FieldTable& table) {
    table.Section("search_index", "Making messages and contacts searchable; one writer does it.")
        .Add(
            "enabled",
            &enabled,
            "Whether this writer does. If none does, what is new is not found, and about 50 bytes "
            "of each message wait in the database, for seven days at most; then everything is "
            "looked at anew."
        )
        .Add(
            "interval_ms",
            &interval_ms,
            "How often it looks for something new.",
            config::InRange(10, 60'000)
        )
        .Add(
            "batch_count_max",
            &batch_count_max,
            "Messages and contacts of one transaction, or those of one transaction of the writer.",
            config::InRange(1, 10'000)
        )
        .Add(
            "busy_percent",
            &busy_percent,
            "So much of the time it works while there is something to do, and rests for the other.",
            config::InRange(1, 100)
        );
}

Config::Config() {
    grpc.listen = "127.0.0.1:9092";
    grpc.receive_bytes_max = 512 << 10;
    grpc.connection_count_max = 200;  // Gateways, a few each.
    grpc.connection_count_per_client_max = 100;
}

void Config::Describe(config::FieldTable& table) {
    postgres.Describe(table);
    nats.Describe(table);
    batch.Describe(table);
    ownership.Describe(table);
    outbox.Describe(table);
    commands.Describe(table);
    keeper.Describe(table);
    search_index.Describe(table);
    grpc.Describe(table);
}

std::vector<runtime::FileUse> Config::FileUses() const {
    return {
        {"batch.lane_count", batch.lane_count},
        {"commands.lane_count", commands.lane_count},
        {"grpc.connection_count_max (3 each)",
         grpc.connection_count_max * rpc::kFilesPerConnection},
        {"postgres.connection_count_max", postgres.connection_count_max},
        {"search_index", 1}};
}

}  // namespace unibox::writer
