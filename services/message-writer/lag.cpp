#include "message-writer/lag.hpp"

#include <algorithm>

namespace unibox::writer {

double LagWatch::Seconds(domain::ShardId shard, const LagSample& sample, std::int64_t now_ms) {
    if (sample.committed_seq >= sample.stream_seq) {
        standing_.erase(shard);
        return 0;
    }
    const auto [at, is_new] = standing_.try_emplace(shard);
    if (is_new || at->second.committed_seq != sample.committed_seq) {
        at->second = {sample.committed_seq, now_ms};
    }
    std::int64_t since_ms = at->second.since_ms;
    if (sample.oldest_pending_ms > 0) since_ms = std::min(since_ms, sample.oldest_pending_ms);
    return static_cast<double>(std::max<std::int64_t>(0, now_ms - since_ms)) / 1000.0;
}

}  // namespace unibox::writer
