// How late a partition is, in seconds, from what its writer knows even while PostgreSQL is away:
// the age of the oldest event that was read and is not committed; where nothing could be read, the
// time since the last progress. Thread safety: one thread.
#pragma once

#include "domain/shard.hpp"

#include <cstdint>
#include <map>

namespace unibox::writer {

struct LagSample {
    std::int64_t committed_seq = 0;
    std::int64_t stream_seq = 0;         // last of the stream
    std::int64_t oldest_pending_ms = 0;  // stored at; 0 = nothing read that is not committed
};

class LagWatch {
public:
    // Call regularly for each owned shard, with the present time.
    double Seconds(domain::ShardId shard, const LagSample& sample, std::int64_t now_ms);
    void Forget(domain::ShardId shard) { standing_.erase(shard); }

private:
    struct Standing {
        std::int64_t committed_seq = 0;
        std::int64_t since_ms = 0;
    };
    std::map<domain::ShardId, Standing> standing_;
};

}  // namespace unibox::writer
