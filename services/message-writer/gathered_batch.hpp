// What a lane read of the log for its next transaction. Thread safety: a value.
#pragma once

#include "base/log_mark.hpp"
#include "domain/inbox_keys.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace unibox::writer {

// Events of one or more shards, those of a shard together and in stream order.
struct GatheredBatch {
    std::vector<domain::BatchItem> events;
    // Of the event with the same index:
    std::vector<std::int64_t> sequences;  // in its stream
    std::vector<std::string> payloads;    // as read
    std::vector<std::string> faults;      // not "": why the event can never be written
    std::vector<LogMark> marks;           // of the message in the stream

    std::size_t size() const { return events.size(); }
};

// Reads one message of the log into the batch; what cannot be decoded is marked as faulty.
void AddToBatch(
    domain::ShardId shard,
    std::uint64_t sequence,
    LogMark mark,
    std::string payload,
    GatheredBatch* batch
);
// Puts `part` behind what is there.
void Append(GatheredBatch&& part, GatheredBatch* batch);

}  // namespace unibox::writer
