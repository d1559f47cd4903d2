#include "nats/detail/pub_reply.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace unibox;
using namespace unibox::nats::detail;

namespace {

std::string Error(int code, int err_code) {
    return R"({"error":{"code":)" + std::to_string(code) + R"(,"err_code":)" +
           std::to_string(err_code) + R"(,"description":"why"},"stream":"S","seq":0})";
}

}  // namespace

TEST_CASE("PubReply: acknowledgements in every spelling", "[unit][nats]") {
    struct Case {
        std::string body;
        std::uint64_t sequence;
        bool duplicate;
    };
    const auto one = GENERATE(
        Case{R"({"stream":"S", "seq":7})", 7, false},
        Case{R"({"stream":"S","seq":7})", 7, false},
        Case{R"({"stream":"S", "seq":18446744073709551615})", 18446744073709551615U, false},
        Case{R"({"stream":"S", "seq":7,"duplicate": true})", 7, true},
        Case{R"({"stream":"S","seq":7,"duplicate":true})", 7, true},
        Case{R"({"stream":"S","domain":"d","seq":7})", 7, false},
        Case{R"({"seq":7,"duplicate":false,"stream":"S"})", 7, false},
        Case{R"({"type":"x","stream":"\u0053","seq":7})", 7, false}
    );
    CAPTURE(one.body);
    const PubReply reply = ReadPubReply("", one.body);
    REQUIRE(reply.fate == Fate::kStored);
    CHECK(reply.ack.stream == "S");
    CHECK(reply.ack.sequence == one.sequence);
    CHECK(reply.ack.duplicate == one.duplicate);
}

TEST_CASE("PubReply: every refusal has one meaning", "[unit][nats]") {
    struct Case {
        int code;
        int err_code;
        Fate fate;
        Code status;
        std::string reason;
    };
    const auto one = GENERATE(
        Case{503, 10077, Fate::kRefused, Code::kUnavailable, "STREAM_FULL"},
        Case{503, 10023, Fate::kRefused, Code::kUnavailable, "INSUFFICIENT_RESOURCES"},
        Case{400, 10002, Fate::kRefused, Code::kUnavailable, "INSUFFICIENT_RESOURCES"},
        Case{400, 10054, Fate::kRefused, Code::kInvalidArgument, "TOO_LARGE"},
        Case{400, 10060, Fate::kRefused, Code::kFailedPrecondition, "WRONG_STREAM"},
        Case{400, 10071, Fate::kRefused, Code::kAborted, "WRONG_LAST_SEQUENCE"},
        Case{503, 10076, Fate::kRetry, Code::kUnavailable, "NO_STREAM"},
        Case{409, 10158, Fate::kRetry, Code::kUnavailable, "NO_STREAM"},
        Case{429, 10167, Fate::kBusy, Code::kResourceExhausted, "SERVER_BUSY"},
        Case{429, 19999, Fate::kBusy, Code::kResourceExhausted, "SERVER_BUSY"},
        Case{500, 19999, Fate::kRefused, Code::kUnknown, "REFUSED"}
    );
    CAPTURE(one.err_code);
    const PubReply reply = ReadPubReply("", Error(one.code, one.err_code));
    CHECK(reply.fate == one.fate);
    CHECK(reply.status.code() == one.status);
    CHECK(reply.status.reason() == one.reason);
}

TEST_CASE("PubReply: status headers", "[unit][nats]") {
    CHECK(ReadPubReply("503", "").fate == Fate::kRetry);
    CHECK(ReadPubReply("503", "").status.reason() == "NO_STREAM");
    CHECK(ReadPubReply("429", "").fate == Fate::kBusy);
}

TEST_CASE("PubReply: what makes no sense is no acknowledgement", "[unit][nats]") {
    const auto body = GENERATE(
        as<std::string>(),
        "",
        "{",
        "null",
        "[]",
        "+OK",
        R"({"stream":"S","seq":0})",
        R"({"stream":"S","seq":-1})",
        R"({"stream":"S","seq":"7"})",
        R"({"stream":7,"seq":7})",
        R"({"seq":7})",
        R"({"stream":"S", "seq":7)",
        R"({"stream":"S", "seq":99999999999999999999})"
    );
    CAPTURE(body);
    CHECK(ReadPubReply("", body).fate == Fate::kRefused);
    CHECK_FALSE(ReadPubReply("", body).status.ok());
}
