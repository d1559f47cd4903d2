#include "message-writer/hold.hpp"

#include "obs/log.hpp"

#include <algorithm>

namespace unibox::writer {

constexpr Millis kFirstPause(200);

Hold::Hold(Millis longest)
    : backoff_({.first = std::min(kFirstPause, longest), .longest = longest}) {}

std::optional<Millis> Hold::After(const WrittenShard& shard, WriterMetrics& metrics) {
    const std::int32_t number = shard.owned.id.Shard().number();
    if (shard.awaited_leaf.empty()) {
        if (waits()) {
            obs::Log(
                obs::Level::kInfo,
                "partition goes on",
                {{"shard", number}, {"waited_for", awaited_}}
            );
        }
        awaited_.clear();
        backoff_.Reset();
        return std::nullopt;
    }
    if (awaited_ != shard.awaited_leaf) {
        obs::Log(
            obs::Level::kError,
            "partition waits for a time partition",
            {{"shard", number},
             {"awaited", shard.awaited_leaf},
             {"next_sequence", shard.owned.last_seq + 1}}
        );
        if (!waits()) metrics.holds.Add();
        awaited_ = shard.awaited_leaf;
    }
    return backoff_.Next();
}

}  // namespace unibox::writer
