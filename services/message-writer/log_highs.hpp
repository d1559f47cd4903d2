// How far the streams of the log were seen to reach, so that what one lost before it was written is
// counted. Nobody looks all the time, so it may be more; up to a batch of it may still be written
// by who had read it before. Thread safety: any thread.
#pragma once

#include "base/mutex.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace unibox::writer {

class LogHighs {
public:
    // A look at a partition's stream, which ends at `last_seq`, by its owner under `epoch`, who has
    // written up to `committed`. Returns how many events vanished since the last look unwritten; 0
    // where written ones vanished too: whoever reads the stream again asks TakeUnwritten.
    std::int64_t Look(
        std::int32_t shard, std::int64_t epoch, std::int64_t last_seq, std::int64_t committed
    ) {
        const MutexLock lock(mutex_);
        High& high = highs_[shard];
        if (high.epoch != epoch) high = {epoch, last_seq};
        high.broken = high.broken || committed > last_seq;
        if (high.broken) return 0;
        if (last_seq >= high.seq) {
            high.seq = last_seq;
            return 0;
        }
        const std::int64_t vanished = high.seq - last_seq;
        high.seq = last_seq;
        return vanished;
    }
    // The partition's stream is another now: how many events of the old one were seen and not
    // written.
    std::int64_t TakeUnwritten(std::int32_t shard, std::int64_t committed) {
        const MutexLock lock(mutex_);
        const auto at = highs_.find(shard);
        if (at == highs_.end()) return 0;
        const std::int64_t seq = at->second.seq;
        highs_.erase(at);
        return std::max<std::int64_t>(0, seq - committed);
    }

private:
    struct High {
        std::int64_t epoch = -1;
        std::int64_t seq = 0;
        bool broken = false;  // seq is of the history that was written
    };
    Mutex mutex_;
    std::map<std::int32_t, High> highs_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::writer
