// Settings of message-writer. Thread safety: a value.
#pragma once

#include "nats/settings.hpp"
#include "pg/settings.hpp"
#include "rpc/settings.hpp"
#include "runtime/file_limit.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace unibox::config {
class FieldTable;
}

namespace unibox::writer {

struct BatchSettings {
    int lane_count = 2;
    std::size_t event_count_max = 1'000;
    std::size_t bytes_max = 4 * 1024 * 1024;
    std::int64_t interval_ms = 5;
    std::int64_t retry_ms_max = 10'000;
    // More poison events than this among the last 1,000 of a partition: a systematic fault.
    std::int64_t poison_count_max = 10;

    // Section "batch".
    void Describe(config::FieldTable& table);
};

struct OwnershipSettings {
    std::string owner;  // "" = host name and process id
    std::int64_t lease_ms = 15'000;
    std::int64_t interval_ms = 1'000;

    // Section "ownership".
    void Describe(config::FieldTable& table);
};

struct OutboxSettings {
    std::int64_t publish_timeout_ms = 10'000;
    std::int64_t idle_delete_ms = 1'000;
    std::int64_t sweep_interval_ms = 5'000;

    // Section "outbox".
    void Describe(config::FieldTable& table);
};

// What people and programs ask for, over gRPC.
struct CommandSettings {
    int lane_count = 2;
    std::int64_t interval_ms = 3;
    std::size_t batch_count_max = 200;
    std::size_t batch_bytes_max = 4 * 1024 * 1024;
    std::size_t queue_count_max = 2'000;  // of each lane
    std::int64_t retry_ms_max = 500;
    std::int32_t message_count_per_minute_max = 200;  // of one conversation

    // Section "commands".
    void Describe(config::FieldTable& table);
};

struct KeeperSettings {
    std::int64_t interval_ms = 60'000;
    std::int64_t keep_committed_ms = 24LL * 3600 * 1000;
    std::int64_t fill_percent_max = 80;

    // Section "keeper".
    void Describe(config::FieldTable& table);
};

// What search finds, kept up behind the writer.
struct SearchIndexSettings {
    bool enabled = true;
    std::int64_t interval_ms = 500;
    std::int64_t batch_count_max = 500;
    std::int64_t busy_percent = 50;

    // Section "search_index".
    void Describe(config::FieldTable& table);
};

struct Config {
    pg::Settings postgres;
    nats::Settings nats;
    BatchSettings batch;
    OwnershipSettings ownership;
    OutboxSettings outbox;
    CommandSettings commands;
    KeeperSettings keeper;
    SearchIndexSettings search_index;
    rpc::Settings grpc;

    Config();
    void Describe(config::FieldTable& table);
    // What the settings cost at most.
    std::vector<runtime::FileUse> FileUses() const;
};

}  // namespace unibox::writer
