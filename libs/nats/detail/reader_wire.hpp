// What LogReader sends to JetStream and reads from it. Thread safety: pure functions.
#pragma once

#include "nats/log_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::nats::detail {

// The reply subject of a delivered message.
struct Delivery {
    std::string_view stream;
    std::string_view consumer;
    std::uint64_t stream_sequence = 0;
    std::uint64_t consumer_sequence = 0;
    std::int64_t stored_unix_ns = 0;
    std::uint64_t pending = 0;
};
// $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>, or the longer
// form with domain and account hash after $JS.ACK. The views point into `reply`.
std::optional<Delivery> ParseDelivery(std::string_view reply);

// Body of CONSUMER.CREATE.
std::string ConsumerRequest(
    std::string_view stream, std::uint64_t start_sequence, const LogReaderSettings& settings
);
// The consumer's name from the answer to CONSUMER.CREATE; else why there is none.
Result<std::string> ReadConsumerName(std::string_view reply, const std::string& stream);
// Body of CONSUMER.MSG.NEXT.
std::string PullRequest(std::size_t msgs, std::size_t bytes, const LogReaderSettings& settings);

// INVALID_ARGUMENT with the field that is wrong.
Status CheckReader(
    std::string_view stream, std::uint64_t start_sequence, const LogReaderSettings& settings
);

}  // namespace unibox::nats::detail
