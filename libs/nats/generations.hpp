// Generations of the ingest log: how many partitions each has, and which one takes the events.
//
// The count of a generation decides in which partition a conversation lies, so it is written down
// once, when the generation is made: in the description of each of its streams and, by `uniboxctl
// streams ensure`, in PostgreSQL. It is never counted: a stream that is deleted, or does not answer
// while its cluster looks for a leader, must not move conversations.
// Thread safety: values and pure functions.
#pragma once

#include "base/status.hpp"
#include "subjects/subjects.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::nats {

struct StreamInfo;

using subjects::Generation;

// What is known of a generation.
struct GenerationFacts {
    int number = 0;
    std::set<int> counts;      // All that somebody tells: one, when all is well.
    std::set<int> partitions;  // Whose streams are there.
    bool sealed = false;       // At least one of them.
};

// The description of a partition's stream, and the count that such a text tells.
std::string PartitionText(int partition, int partition_count);
std::optional<int> CountInPartitionText(std::string_view text);

// Of all generations that have streams, or are recorded in the database, oldest first. `streams`
// must be a complete list (Streams::List).
std::vector<GenerationFacts> FactsOf(
    const std::vector<StreamInfo>& streams, const std::vector<Generation>& recorded
);
// FAILED_PRECONDITION, reason PARTITION_COUNT_CONFLICT: two of those who tell disagree, or there is
// a stream that the count has no room for; PARTITION_COUNT_UNKNOWN: nobody tells.
Result<int> CountOf(const GenerationFacts& facts);
// Those of 0 to `partition_count` - 1 that have no stream.
std::vector<int> MissingPartitions(const GenerationFacts& facts, int partition_count);

// The generation that new events go to: `current` as long as a stream of it is there and none is
// sealed, then the oldest of which no stream is sealed. So a new one is used from the moment on
// that the one before it is sealed. It may lack streams. UNAVAILABLE reason NO_STREAM: there is
// none. Errors of CountOf; also when those who tell disagree with `current`, which is what counts
// then: within a generation nothing is ever sent elsewhere.
Result<Generation> WrittenGeneration(
    const std::vector<GenerationFacts>& facts, const std::optional<Generation>& current = {}
);

}  // namespace unibox::nats
