// The turns of the ingest log's generations. Another count of partitions is another generation, in
// which a conversation lies in another partition; its order holds because nobody writes a newer
// generation while anything is left of an older one. Thread safety: pure functions.
#pragma once

#include "nats/streams.hpp"
#include "store/streams/partition_states.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace unibox::writer {

using StreamsById = std::map<domain::PartitionId, nats::StreamInfo>;

// The oldest generation that is not sealed or not written to its end; the newest when all are.
// Those after it have to wait. `states` must have been read after `streams`.
std::int32_t GenerationInTurn(
    const StreamsById& streams, const std::vector<store::PartitionState>& states
);

}  // namespace unibox::writer
