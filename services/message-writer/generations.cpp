#include "message-writer/generations.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

bool IsWritten(const nats::StreamInfo& stream, const store::PartitionState& state) {
    return state.stream_created_ms == stream.created_unix_ms &&
           // Further than its end: it came back shorter, and will be read again.
           state.last_seq == static_cast<std::int64_t>(stream.last_seq);
}

}  // namespace

std::int32_t GenerationInTurn(
    const StreamsById& streams, const std::vector<store::PartitionState>& states
) {
    for (const auto& [id, stream] : streams) {
        const auto state = std::find_if(states.begin(), states.end(), [&id = id](const auto& one) {
            return one.id == id;
        });
        const bool over = stream.sealed && state != states.end() && IsWritten(stream, *state);
        if (!over) return id.generation;
    }
    return streams.empty() ? 0 : streams.rbegin()->first.generation;
}

}  // namespace unibox::writer
