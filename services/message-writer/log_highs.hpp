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
    // Numbers can be compared within one: a stream as it was created, in one session of the
    // connection to its server.
    struct Life {
        std::uint64_t session = 0;
        std::int64_t created_us = 0;
        bool operator==(const Life&) const = default;
    };
    // A look at a partition's stream, which ends at `last_seq`, by its owner under `epoch`, who has
    // written up to `committed`. Returns how many events vanished since the life before, unwritten;
    // 0 where written ones vanished too: whoever reads the stream again asks TakeUnwritten.
    std::int64_t Look(
        std::int32_t shard,
        std::int64_t epoch,
        Life life,
        std::int64_t last_seq,
        std::int64_t committed
    ) {
        const MutexLock lock(mutex_);
        High& high = highs_[shard];
        if (high.epoch != epoch) high = {epoch, life, last_seq, 0};
        const bool other = high.life != life;
        if (other) high = {epoch, life, last_seq, high.seq};
        high.seq = std::max(high.seq, last_seq);
        const bool is_told_elsewhere = !other || committed > last_seq;
        return is_told_elsewhere ? 0 : std::max<std::int64_t>(0, high.seq_before - last_seq);
    }
    // The partition's stream, in this life, is another than was written: how many events of the one
    // before were seen and not written.
    std::int64_t TakeUnwritten(std::int32_t shard, Life life, std::int64_t committed) {
        const MutexLock lock(mutex_);
        const auto at = highs_.find(shard);
        if (at == highs_.end()) return 0;
        const High high = at->second;
        highs_.erase(at);
        const std::int64_t seen = high.life == life ? high.seq_before : high.seq;
        return std::max<std::int64_t>(0, seen - committed);
    }

private:
    struct High {
        std::int64_t epoch = -1;
        Life life;
        std::int64_t seq = 0;         // in this life
        std::int64_t seq_before = 0;  // in the one before
    };
    Mutex mutex_;
    std::map<std::int32_t, High> highs_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::writer
