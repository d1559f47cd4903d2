#include "nats/detail/js_api.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "nats/detail/connection_impl.hpp"
#include "nats/detail/js_error.hpp"
#include "nats/reasons.hpp"
#include "subjects/subjects.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <limits>

namespace unibox::nats::detail {
namespace {

using nlohmann::json;

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

Status OddReply(std::string_view what) {
    return Internal(fmt::format("the JetStream API answered {} in an unknown form", what));
}

std::optional<int> Digits(std::string_view text, std::size_t from, std::size_t count) {
    if (from + count > text.size()) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(from, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// "Z", "+02:00" or "-05:30" as seconds east of UTC.
std::optional<std::int64_t> ZoneSeconds(std::string_view zone) {
    if (zone == "Z" || zone == "z") return 0;
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':')
        return std::nullopt;
    const auto hours = Digits(zone, 1, 2);
    const auto minutes = Digits(zone, 4, 2);
    if (!hours || !minutes) return std::nullopt;
    const std::int64_t seconds = *hours * 3600LL + *minutes * 60LL;
    return zone[0] == '-' ? -seconds : seconds;
}

// The value of a header in a raw header block; empty if it is not there.
std::string HeaderIn(std::string_view block, std::string_view name) {
    for (const auto line : Split(block, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        if (EqualsIgnoreCaseAscii(line.substr(0, colon), name)) {
            return std::string(TrimSpace(line.substr(colon + 1)));
        }
    }
    return {};
}

StreamInfo InfoOf(const json& reply) {
    const json& config = reply.at("config");
    const json& state = reply.at("state");
    StreamInfo info;
    info.name = config.at("name").get<std::string>();
    info.description = config.value("description", std::string());
    info.first_seq = state.at("first_seq").get<std::uint64_t>();
    info.last_seq = state.at("last_seq").get<std::uint64_t>();
    info.messages = state.at("messages").get<std::uint64_t>();
    info.bytes = state.at("bytes").get<std::uint64_t>();
    info.bytes_max = config.value("max_bytes", std::int64_t{-1});
    info.age_max_ms = config.value("max_age", std::int64_t{0}) / 1'000'000;
    info.dedup_window_ms = config.value("duplicate_window", std::int64_t{0}) / 1'000'000;
    info.deleted = state.value("num_deleted", std::uint64_t{0});
    info.consumers = state.value("consumer_count", 0);
    info.replicas = config.value("num_replicas", 1);
    info.subjects = config.value("subjects", std::vector<std::string>());
    const bool has_only_seal = info.subjects == std::vector{subjects::SealedSubject(info.name)};
    info.sealed = has_only_seal || config.value("sealed", false);
    const auto last = ParseTimeNanos(state.value("last_ts", std::string()));
    info.last_stored_unix_ms = last.value_or(0) / 1'000'000;
    const auto created = ParseTimeNanos(reply.at("created").get<std::string>());
    info.created_unix_us = created.value_or(0) / 1000;
    info.created_unix_ms = created.value_or(0) / 1'000'000;
    return info;
}

LogMessage MessageOf(const json& reply) {
    const json& stored = reply.at("message");
    LogMessage message;
    message.sequence = stored.at("seq").get<std::uint64_t>();
    message.subject = stored.at("subject").get<std::string>();
    message.payload = Base64Decode(stored.value("data", std::string())).value_or("");
    const auto time = ParseTimeNanos(stored.at("time").get<std::string>());
    message.stored_unix_ms = time.value_or(0) / 1'000'000;
    const std::string headers = Base64Decode(stored.value("hdrs", std::string())).value_or("");
    message.msg_id = HeaderIn(headers, "Nats-Msg-Id");
    message.traceparent = HeaderIn(headers, "traceparent");
    return message;
}

}  // namespace

Result<json> CallApi(
    Connection& connection, std::string_view call, const json& body, std::optional<Millis> wait
) {
    const std::string subject = fmt::format("$JS.API.{}", call);
    const std::string text = body.is_null() ? std::string() : body.dump();
    const Millis usual(connection.impl().settings().request_timeout_ms);
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string reply, connection.Request(subject, text, wait.value_or(usual))
    );
    json parsed = json::parse(reply, nullptr, false);
    if (!parsed.is_object()) return OddReply(call);
    if (const auto error = ErrorOf(parsed)) return StatusOf(*error, call);
    return parsed;
}

std::optional<std::int64_t> ParseTimeNanos(std::string_view text) {
    const auto year = Digits(text, 0, 4);
    const auto month = Digits(text, 5, 2);
    const auto day = Digits(text, 8, 2);
    const auto hour = Digits(text, 11, 2);
    const auto minute = Digits(text, 14, 2);
    const auto second = Digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    std::size_t position = 19;
    std::int64_t fraction = 0;
    if (position < text.size() && text[position] == '.') {
        std::int64_t unit = kNanosPerSecond / 10;
        for (++position; position < text.size() && text[position] >= '0' && text[position] <= '9';
             ++position, unit /= 10) {
            fraction += unit * (text[position] - '0');
        }
    }
    const auto zone = ZoneSeconds(text.substr(position));
    const std::chrono::year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day))};
    if (!zone || !date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t seconds = days * 86'400 + *hour * 3600LL + *minute * 60LL + *second - *zone;
    constexpr std::int64_t kSecondsMax =
        std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
    if (seconds < -kSecondsMax || seconds > kSecondsMax) return std::nullopt;
    return seconds * kNanosPerSecond + fraction;
}

Result<StreamInfo> ReadStreamInfo(const json& reply) {
    try {
        return InfoOf(reply);
    } catch (const json::exception& error) {
        return OddReply(fmt::format("STREAM.INFO ({})", error.what()));
    }
}

std::vector<std::string> SilentStreams(const json& reply) {
    std::vector<std::string> names;
    const auto missing = reply.find("missing");
    if (missing == reply.end() || !missing->is_array()) return names;
    for (const json& name : *missing) {
        if (name.is_string()) names.push_back(name.get<std::string>());
    }
    return names;
}

Result<StreamInfo> ReadStreamInfoReply(std::string_view text, const std::string& stream) {
    const auto reply = json::parse(text, nullptr, false);
    if (!reply.is_object()) {
        return Unavailable("JetStream does not answer").WithReason(kNoResponders);
    }
    if (const auto error = ErrorOf(reply)) return StatusOf(*error, "stream " + stream);
    return ReadStreamInfo(reply);
}

Result<LogMessage> ReadStoredMessage(const json& reply) {
    try {
        return MessageOf(reply);
    } catch (const json::exception& error) {
        return OddReply(fmt::format("STREAM.MSG.GET ({})", error.what()));
    }
}

}  // namespace unibox::nats::detail
