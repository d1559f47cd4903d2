#include "message-writer/log_history.hpp"

#include <algorithm>

namespace unibox::writer {
namespace {

// False also if there is no message at that sequence.
Result<bool> IsThere(
    nats::Streams& streams, const std::string& stream, const store::LogPlace& place
) {
    const auto message = streams.Get(stream, static_cast<std::uint64_t>(place.last_seq));
    if (message.status().code() == Code::kNotFound) return false;
    UNIBOX_RETURN_IF_ERROR(message.status());
    return place.mark == LogMark{KeptMsgId(message->msg_id), message->stored_unix_ms};
}

// Of `count` things the first ones are common and the others are not: how many are.
Result<std::size_t> CommonCount(
    std::size_t count, const std::function<Result<bool>(std::size_t)>& is_common
) {
    std::size_t common = 0;
    while (common < count) {
        const std::size_t middle = common + (count - common) / 2;
        UNIBOX_ASSIGN_OR_RETURN(const bool is, is_common(middle));
        if (is) {
            common = middle + 1;
        } else {
            count = middle;
        }
    }
    return common;
}

bool ReachesBackTo(const nats::StreamInfo& stream, std::int64_t seq) {
    return static_cast<std::int64_t>(stream.first_seq) <= seq;
}

}  // namespace

Result<LogStanding> CompareLog(
    nats::Streams& streams, const nats::StreamInfo& stream, const store::LogPlace& committed
) {
    if (stream.created_unix_ms != committed.stream_created_ms) return LogStanding::kAnother;
    if (static_cast<std::int64_t>(stream.last_seq) < committed.last_seq) {
        return LogStanding::kShortened;
    }
    const bool comparable = committed.last_seq > 0 && committed.mark;
    if (!comparable || !ReachesBackTo(stream, committed.last_seq)) return LogStanding::kSame;
    UNIBOX_ASSIGN_OR_RETURN(const bool same, IsThere(streams, stream.name, committed));
    if (same) return LogStanding::kSame;
    // It may have been purged, or have expired, in between.
    UNIBOX_ASSIGN_OR_RETURN(const auto now, streams.Info(stream.name));
    const bool gone =
        now.created_unix_ms == stream.created_unix_ms && !ReachesBackTo(now, committed.last_seq);
    return gone ? LogStanding::kSame : LogStanding::kAnother;
}

Result<std::optional<store::LogPlace>> LastCommonPlace(
    const std::vector<store::LogPlace>& places,
    const std::function<Result<bool>(const store::LogPlace&)>& is_there
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const std::size_t common,
        CommonCount(places.size(), [&](std::size_t i) { return is_there(places[i]); })
    );
    if (common == 0) return std::optional<store::LogPlace>();
    return std::optional(places[common - 1]);
}

Result<store::LogPlace> FindCommonPlace(
    nats::Streams& streams,
    const nats::StreamInfo& stream,
    const std::vector<store::LogPlace>& known
) {
    std::vector<store::LogPlace> candidates;
    for (const store::LogPlace& place : known) {
        const bool within = ReachesBackTo(stream, place.last_seq) &&
                            place.last_seq <= static_cast<std::int64_t>(stream.last_seq);
        if (within && place.stream_created_ms == stream.created_unix_ms) {
            candidates.push_back(place);
        }
    }
    UNIBOX_ASSIGN_OR_RETURN(
        auto common,
        LastCommonPlace(
            candidates,
            [&](const store::LogPlace& place) { return IsThere(streams, stream.name, place); }
        )
    );
    if (common) return *std::move(common);
    const std::uint64_t first = std::max<std::uint64_t>(stream.first_seq, 1);
    return store::LogPlace{stream.created_unix_ms, static_cast<std::int64_t>(first) - 1, {}};
}

Result<std::int64_t> CommonEnd(
    nats::Streams& streams,
    const nats::StreamInfo& stream,
    std::int64_t seen_seq,
    std::int64_t seen_stored_ms
) {
    const auto first = static_cast<std::int64_t>(std::max<std::uint64_t>(stream.first_seq, 1));
    const std::int64_t last = std::min(static_cast<std::int64_t>(stream.last_seq), seen_seq);
    const auto is_common = [&](std::int64_t seq) -> Result<bool> {
        const auto message = streams.Get(stream.name, static_cast<std::uint64_t>(seq));
        if (message.status().code() == Code::kNotFound) return true;  // Purged since.
        UNIBOX_RETURN_IF_ERROR(message.status());
        return message->stored_unix_ms <= seen_stored_ms;
    };
    if (last < first) return last;
    UNIBOX_ASSIGN_OR_RETURN(const bool is_all, is_common(last));
    if (is_all) return last;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::size_t count,
        CommonCount(
            static_cast<std::size_t>(last - first),
            [&](std::size_t i) { return is_common(first + static_cast<std::int64_t>(i)); }
        )
    );
    return first + static_cast<std::int64_t>(count) - 1;
}

}  // namespace unibox::writer
