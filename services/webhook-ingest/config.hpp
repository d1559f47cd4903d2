// Settings of webhook-ingest. Thread safety: a value.
#pragma once

#include "async/lookup_cache.hpp"
#include "config/field_table.hpp"
#include "http/server.hpp"
#include "limits/settings.hpp"
#include "nats/publisher.hpp"
#include "nats/settings.hpp"
#include "pg/settings.hpp"
#include "redis/settings.hpp"
#include "rpc/settings.hpp"
#include "runtime/file_limit.hpp"
#include "webhook-ingest/intake.hpp"
#include "webhook-ingest/routes.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace unibox::ingest {

struct WorkSettings {
    int lookup_thread_count = 8;
    int body_thread_count = 4;
    int queue_count_max = 4'096;

    // Section "work".
    void Describe(config::FieldTable& table);
};

struct Config {
    Config();

    http::Settings http;
    rpc::Settings grpc;
    pg::Settings postgres;
    nats::Settings nats;
    nats::PublisherSettings publisher;
    IntakeSettings intake;
    BodyLimits bodies;
    async::LookupSettings lookups;
    std::filesystem::path secrets_key_file;
    WorkSettings work;
    std::int64_t duplicate_window_ms = 120'000;
    std::size_t duplicate_window_count_max = 500'000;
    redis::Settings redis;
    limits::Settings limits;
    std::int64_t log_refresh_interval_ms = 5'000;
    // What an event may need: its own limits (channels/complete.hpp) and its headers.
    std::int64_t payload_bytes_max = 1'000'000;

    void Describe(config::FieldTable& table);
    // What the settings cost at most.
    std::vector<runtime::FileUse> FileUses() const;

private:
    // Each begins its own section.
    void DescribeIngest(config::FieldTable& table);
    void DescribeLookups(config::FieldTable& table);
    void DescribePublisher(config::FieldTable& table);
};

}  // namespace unibox::ingest
