// A shard that waits for a detached leaf, from when it began to wait until it is written again:
// told once, tried again with growing pauses. Thread safety: one thread at a time.
#pragma once

#include "async/backoff.hpp"
#include "base/clock.hpp"
#include "message-writer/batch_committer.hpp"

#include <optional>
#include <string>

namespace unibox::writer {

class Hold {
public:
    explicit Hold(Millis longest);

    // After a batch with events of the shard: how long to leave it alone, or nothing if it does not
    // wait (any more).
    std::optional<Millis> After(const WrittenShard& shard, WriterMetrics& metrics);
    bool waits() const { return !awaited_.empty(); }

private:
    async::Backoff backoff_;
    std::string awaited_;  // "" = it does not wait
};

}  // namespace unibox::writer
