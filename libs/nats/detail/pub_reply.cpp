#include "nats/detail/pub_reply.hpp"

#include "nats/detail/js_error.hpp"
#include "nats/reasons.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace unibox::nats::detail {
namespace {

bool Skip(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

// The form in which nats-server writes nearly every acknowledgement; anything else is left to the
// JSON parser below.
bool ReadUsualAck(std::string_view text, PubAck& ack) {
    if (!Skip(text, "{\"stream\":\"")) return false;
    const std::size_t quote = text.find('"');
    if (quote == std::string_view::npos) return false;
    const std::string_view stream = text.substr(0, quote);
    if (stream.find('\\') != std::string_view::npos) return false;
    text.remove_prefix(quote + 1);
    if (!Skip(text, ", \"seq\":") && !Skip(text, ",\"seq\":")) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ack.sequence);
    if (error != std::errc() || ack.sequence == 0) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text == "}") {
        ack.duplicate = false;
    } else if (text == ",\"duplicate\": true}" || text == ", \"duplicate\": true}") {
        ack.duplicate = true;
    } else {
        return false;
    }
    ack.stream = stream;
    return true;
}

PubReply Refused(Status status) {
    return {.fate = Fate::kRefused, .ack = {}, .status = std::move(status)};
}

PubReply NoStream(std::string message) {
    return {
        .fate = Fate::kRetry,
        .ack = {},
        .status = Unavailable(std::move(message)).WithReason(kNoStream),
    };
}

PubReply Busy() {
    return {
        .fate = Fate::kBusy,
        .ack = {},
        .status = ResourceExhausted("the NATS server sheds load").WithReason("SERVER_BUSY"),
    };
}

// The table of refusals (docs: "Publish outcomes" in the README of this library).
PubReply FromError(const JsError& error) {
    const std::string text = fmt::format("JetStream refused ({}): {}", error.err_code, error.text);
    switch (error.err_code) {
        case 10077:
            return Refused(Unavailable(text).WithReason(kStreamFull));
        case 10002:
        case 10023:
        case 10028:
        case 10047:
            return Refused(Unavailable(text).WithReason("INSUFFICIENT_RESOURCES"));
        case 10054:
            return Refused(InvalidArgument(text).WithReason(kTooLarge));
        case 10060:
            return Refused(FailedPrecondition(text).WithReason(kWrongStream));
        case 10071:
        case 10070:
            return Refused(Status(Code::kAborted, text).WithReason("WRONG_LAST_SEQUENCE"));
        case 10109:
            return Refused(FailedPrecondition(text).WithReason(kStreamSealed));
        case 10167:
            return Busy();
        case 10076:
        case 10008:
        case 10158:
            return NoStream(text);
        default:
            break;
    }
    if (error.code == 429) return Busy();
    return Refused(Status(Code::kUnknown, text).WithReason("REFUSED"));
}

}  // namespace

PubReply ReadPubReply(std::string_view status_header, std::string_view body) {
    if (status_header == "503") return NoStream("no JetStream stream listens on the subject");
    if (status_header == "429") return Busy();
    PubReply reply;
    reply.fate = Fate::kStored;
    if (ReadUsualAck(body, reply.ack)) return reply;
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (json.is_object()) {
        if (const auto error = ErrorOf(json)) return FromError(*error);
        const auto sequence = json.find("seq");
        const auto stream = json.find("stream");
        if (sequence != json.end() && sequence->is_number_unsigned() && stream != json.end() &&
            stream->is_string() && sequence->get<std::uint64_t>() > 0) {
            reply.ack.stream = stream->get<std::string>();
            reply.ack.sequence = sequence->get<std::uint64_t>();
            const auto duplicate = json.find("duplicate");
            reply.ack.duplicate =
                duplicate != json.end() && duplicate->is_boolean() && duplicate->get<bool>();
            return reply;
        }
    }
    return Refused(Status(
                       Code::kUnknown,
                       fmt::format("unexpected reply '{}' {}", status_header, body.substr(0, 200))
    )
                       .WithReason("REFUSED"));
}

}  // namespace unibox::nats::detail
