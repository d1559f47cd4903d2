// Whether a stream of the ingest log still is the one that was written from, and if not, up to
// where it is. Numbers do not tell: a server that comes back with an older store gives them out
// again. What tells is the LogMark of the last message committed, kept beside its number.
//
// Thread safety: pure functions, any thread. Cost: one request for CompareLog, about ten for
// FindCommonPlace, one to twenty for CommonEnd.
#pragma once

#include "base/clock.hpp"
#include "nats/streams.hpp"
#include "store/writer/partitions.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace unibox::writer {

// A replicated stream must be seen without its tail for so long before it counts as lost: a leader
// that was just elected may not know all of its log yet.
inline constexpr Millis kTailLostFor(5'000);

enum class LogStanding {
    // The last message committed is where it was; or it cannot be compared, and need not: nothing
    // was committed, or the stream does not reach back to it, so that all it has is unread.
    kSame,
    kShortened,  // It ends before the last message committed.
    kAnother,    // Made anew, or another message (or none) lies where the last one was committed.
};

// `stream` is as it was just now. Errors: those of nats::Streams.
Result<LogStanding> CompareLog(
    nats::Streams& streams, const nats::StreamInfo& stream, const store::LogPlace& committed
);

// The last of `places` (by last_seq) that `is_there`; as two histories that part do not meet again,
// it is looked for by halves. Pure but for `is_there`, whose error it returns.
Result<std::optional<store::LogPlace>> LastCommonPlace(
    const std::vector<store::LogPlace>& places,
    const std::function<Result<bool>(const store::LogPlace&)>& is_there
);

// From where a stream that is not the one that was written must be read again: behind the last of
// `known` places that both share, else from its beginning.
Result<store::LogPlace> FindCommonPlace(
    nats::Streams& streams,
    const nats::StreamInfo& stream,
    const std::vector<store::LogPlace>& known
);

// The last sequence of `stream` that it already had when it was seen to end at `seen_seq`, with a
// message stored at `seen_stored_ms`. What has taken a number up to there and was stored later came
// after others had been lost.
Result<std::int64_t> CommonEnd(
    nats::Streams& streams,
    const nats::StreamInfo& stream,
    std::int64_t seen_seq,
    std::int64_t seen_stored_ms
);

}  // namespace unibox::writer
