// Where each partition of the log stands in PostgreSQL (ingest_partition), and whose it is.
//
// Roles ub_writer and ub_admin. All times are the database's. Errors: those of libs/pg.
// Thread safety: any thread.
#pragma once

#include "base/log_mark.hpp"
#include "base/status.hpp"
#include "domain/shard.hpp"
#include "pg/pool.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unibox::store {

struct PartitionState {
    domain::PartitionId id;
    std::int64_t epoch = 0;
    std::int64_t last_seq = 0;
    std::int64_t stream_created_ms = 0;
    std::optional<std::string> owner;
    bool lease_live = false;
    std::int64_t lease_until_ms = 0;
    std::int64_t committed_at_ms = 0;
    std::string stopped_reason;
    std::optional<LogMark> mark;  // of the message at last_seq, if it is known
};

// All partitions, by generation and number. A void lease is not live.
Result<std::vector<PartitionState>> ListPartitions(pg::Pool& pool);

}  // namespace unibox::store
