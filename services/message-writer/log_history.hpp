// Whether a stream of the ingest log still is the one that was written from, and if not, up to
// where it is. Numbers do not tell: a server that comes back with an older store gives them out
// again. What tells is the LogMark of the last message committed, kept beside its number.
//
// Thread safety: pure functions, any thread. Cost: one request for CompareLog, about ten for
// FindCommonPlace.
#pragma once

#include "nats/streams.hpp"
#include "store/partitions.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace unibox::writer {

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

}  // namespace unibox::writer
