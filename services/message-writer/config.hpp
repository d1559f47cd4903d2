// Settings of message-writer. Thread safety: a value.
#pragma once

#include "nats/settings.hpp"
#include "pg/settings.hpp"
#include "runtime/file_limit.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace unibox::writer {

struct BatchSettings {
    std::size_t lanes = 2;
    std::size_t events_max = 1'000;
    std::size_t bytes_max = 4 * 1024 * 1024;
    std::int64_t interval_ms = 5;
    std::int64_t retry_ms_max = 10'000;
    // More poison events than this among the last 1,000 of a partition: a systematic fault.
    std::int64_t poison_max = 10;
};

struct OwnershipSettings {
    std::string owner;  // "" = host name and process id
    std::int64_t lease_ms = 15'000;
    std::int64_t tick_ms = 1'000;
};

struct OutboxSettings {
    std::int64_t publish_deadline_ms = 10'000;
    std::int64_t idle_delete_ms = 1'000;
    std::int64_t sweep_ms = 5'000;
};

struct KeeperSettings {
    std::int64_t interval_ms = 60'000;
    std::int64_t keep_committed_ms = 24LL * 3600 * 1000;
    std::int64_t fill_percent_max = 80;
};

struct Config {
    pg::Settings postgres;
    nats::Settings nats;
    BatchSettings batch;
    OwnershipSettings ownership;
    OutboxSettings outbox;
    KeeperSettings keeper;

    void Describe(config::FieldTable& table);
    // What the settings cost at most.
    std::vector<runtime::FileUse> FileUses() const;
};

}  // namespace unibox::writer
