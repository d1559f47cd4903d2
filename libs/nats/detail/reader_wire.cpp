#include "nats/detail/reader_wire.hpp"

#include "base/strings.hpp"
#include "nats/detail/js_api.hpp"
#include "nats/detail/js_error.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace unibox::nats::detail {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr std::size_t kCreditBytesMax = 256 * 1024 * 1024;

template <typename Number>
bool Read(std::string_view text, Number& number) {
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    return error == std::errc() && end == last;
}

}  // namespace

std::optional<Delivery> ParseDelivery(std::string_view reply) {
    if (!reply.starts_with("$JS.ACK.")) return std::nullopt;
    const auto tokens = Split(reply, '.');
    std::size_t first = 2;
    if (tokens.size() == 11 || tokens.size() == 12) {
        first = 4;
    } else if (tokens.size() != 9) {
        return std::nullopt;
    }
    Delivery delivery;
    delivery.stream = tokens[first];
    delivery.consumer = tokens[first + 1];
    const bool ok = Read(tokens[first + 3], delivery.stream_sequence) &&
                    Read(tokens[first + 4], delivery.consumer_sequence) &&
                    Read(tokens[first + 5], delivery.stored_unix_ns) &&
                    Read(tokens[first + 6], delivery.pending);
    if (!ok) return std::nullopt;
    return delivery;
}

std::string ConsumerRequest(
    std::string_view stream, std::uint64_t start_sequence, const LogReaderSettings& settings
) {
    return fmt::format(
        R"({{"stream_name":"{}","config":{{"deliver_policy":"by_start_sequence",)"
        R"("opt_start_seq":{},"ack_policy":"none","replay_policy":"instant","max_deliver":-1,)"
        R"("inactive_threshold":{},"mem_storage":true,"num_replicas":1}}}})",
        stream,
        start_sequence,
        settings.inactive_threshold.count() * kNanosPerMilli
    );
}

Result<std::string> ReadConsumerName(std::string_view reply, const std::string& stream) {
    const auto answer = nlohmann::json::parse(reply, nullptr, false);
    if (!answer.is_object()) return Internal("the JetStream API does not answer in JSON");
    if (const auto error = ErrorOf(answer)) return StatusOf(*error, "consumer on " + stream);
    const auto of = answer.find("stream_name");
    const auto name = answer.find("name");
    if (of == answer.end() || *of != stream || name == answer.end() || !name->is_string()) {
        return Internal("the JetStream API made another consumer than was asked for");
    }
    return name->get<std::string>();
}

std::string PullRequest(std::size_t msgs, std::size_t bytes, const LogReaderSettings& settings) {
    return fmt::format(
        R"({{"batch":{},"max_bytes":{},"expires":{},"idle_heartbeat":{}}})",
        msgs,
        bytes,
        settings.pull_expires.count() * kNanosPerMilli,
        settings.heartbeat.count() * kNanosPerMilli
    );
}

Status CheckReader(
    std::string_view stream, std::uint64_t start_sequence, const LogReaderSettings& settings
) {
    if (stream.empty() || stream.find_first_of(" .*>\"\\\r\n") != std::string_view::npos) {
        return InvalidArgument("not a stream's name").WithField("stream");
    }
    if (start_sequence == 0) {
        return InvalidArgument("sequences begin with 1").WithField("start_sequence");
    }
    if (settings.credit_msgs < 1 || settings.credit_bytes > kCreditBytesMax) {
        return InvalidArgument("credit must be at least 1 message and at most 256 MiB")
            .WithField("credit");
    }
    if (settings.heartbeat < Millis(1) || settings.heartbeat * 2 > settings.pull_expires) {
        return InvalidArgument("two heartbeats must fit into pull_expires").WithField("heartbeat");
    }
    return {};
}

}  // namespace unibox::nats::detail
