// How far the streams of the log were seen to reach, so that what one lost before it was written is
// counted, once. Nobody looks all the time, so it may be more; up to a batch of it may still be
// written by who had read it before. Thread safety: any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "domain/shard.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

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
    // The last message of a stream, and when it was stored there.
    struct End {
        std::int64_t seq = 0;
        std::int64_t stored_ms = 0;
    };
    // How far it was seen to reach in the lives before, and since when they are over.
    struct Before {
        End end;
        SteadyTime over_since{};
    };
    struct Unwritten {
        std::int64_t count = 0;
        std::int64_t uncounted = 0;  // Of them: Settle has not told.
    };

    // A look at a partition's stream by its owner under `epoch`. The life before, from the first
    // look at another one on, until Settle.
    std::optional<Before> Look(
        domain::ShardId shard, std::int64_t epoch, Life life, End end, SteadyTime now
    ) {
        const MutexLock lock(mutex_);
        High& high = highs_[shard];
        if (high.epoch != epoch) high = {epoch, life, end, {}, {}, 0};
        if (std::exchange(high.life, life) != life) {
            if (!high.open || high.before.seq < high.end.seq) high.before = high.end;
            high.open = Before{high.before, now};
            high.end = end;
            high.counted = 0;
        }
        if (end.seq >= high.end.seq) high.end = end;
        return high.open;
    }
    // It is known how many events went with the life before, unwritten: so many were counted.
    void Settle(domain::ShardId shard, std::int64_t count) {
        const MutexLock lock(mutex_);
        const auto at = highs_.find(shard);
        if (at == highs_.end()) return;
        at->second.open.reset();
        at->second.counted = count;
    }
    // The partition's stream, in this life, is another than was written: how many events of the one
    // before were seen and not written.
    Unwritten UnwrittenOf(domain::ShardId shard, Life life, std::int64_t committed) const {
        const MutexLock lock(mutex_);
        const auto at = highs_.find(shard);
        if (at == highs_.end()) return {};
        const High& high = at->second;
        const bool is_looked_at = high.life == life;
        const std::int64_t seen = is_looked_at ? high.before.seq : high.end.seq;
        const std::int64_t count = std::max<std::int64_t>(0, seen - committed);
        const std::int64_t counted = is_looked_at ? high.counted : 0;
        return {count, std::max<std::int64_t>(0, count - counted)};
    }
    // It is read again, under another epoch.
    void Forget(domain::ShardId shard) {
        const MutexLock lock(mutex_);
        highs_.erase(shard);
    }

private:
    struct High {
        std::int64_t epoch = -1;
        Life life;
        End end;     // in this life
        End before;  // in the one before
        std::optional<Before> open;
        std::int64_t counted = 0;
    };
    mutable Mutex mutex_;
    std::map<domain::ShardId, High> highs_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::writer
