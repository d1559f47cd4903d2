#include "nats/detail/js_api.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace unibox;
using namespace unibox::nats::detail;
using nlohmann::json;

TEST_CASE("JetStream times: RFC 3339 with any fraction and zone", "[unit][nats]") {
    CHECK(ParseTimeNanos("1970-01-01T00:00:00Z") == 0);
    CHECK(ParseTimeNanos("1678-01-01T00:00:00Z") == -9214560000000000000);
    CHECK_FALSE(ParseTimeNanos("0001-01-01T00:00:00Z"));  // An empty stream's.
    CHECK_FALSE(ParseTimeNanos("9999-12-31T23:59:59Z"));
    CHECK(ParseTimeNanos("2026-11-22T18:01:17.123456789Z") == 1795370477123456789);
    CHECK(ParseTimeNanos("2026-11-22T18:01:17.5Z") == 1795370477500000000);
    CHECK(ParseTimeNanos("2026-11-22T20:01:17+02:00") == 1795370477000000000);
    CHECK(ParseTimeNanos("2026-11-22T12:31:17-05:30") == 1795370477000000000);
    CHECK(ParseTimeNanos("2024-02-29T00:00:00Z") == 1709164800000000000);
    for (const auto* const text :
         {"",
          "2026-11-22",
          "2026-11-22T18:01:17",
          "2026-02-30T00:00:00Z",
          "2026-11-22T18:01:17X",
          "xxxx-11-22T18:01:17Z",
          "2026-11-22T18:01:17.5"}) {
        CAPTURE(text);
        CHECK_FALSE(ParseTimeNanos(text));
    }
}

TEST_CASE("Stream info: an unknown form is an error, not a crash", "[unit][nats]") {
    for (const auto* const text :
         {"{}",
          R"({"config":{}})",
          R"({"config":7,"state":{}})",
          R"({"config":{"name":"S"},"state":{"first_seq":"1"},"created":"x"})"}) {
        CAPTURE(text);
        CHECK_THAT(ReadStreamInfo(json::parse(text)).status(), test::HasCode(Code::kInternal));
        CHECK_THAT(ReadStoredMessage(json::parse(text)).status(), test::HasCode(Code::kInternal));
    }
}

TEST_CASE("Stream list: those that nobody answered for are told", "[unit][nats]") {
    CHECK(SilentStreams(json::parse(R"({"streams":[]})")).empty());
    CHECK(SilentStreams(json::parse(R"({"missing":7})")).empty());
    const auto silent = json::parse(R"({"streams":[],"missing":["UB_IN_1_07",3,"UB_EV"]})");
    CHECK(SilentStreams(silent) == std::vector<std::string>{"UB_IN_1_07", "UB_EV"});
}

TEST_CASE("Stored message: headers and payload are decoded", "[unit][nats]") {
    // "NATS/1.0\r\nNats-Msg-Id: id-1\r\ntraceparent:00-a\r\n\r\n" and "hello".
    const auto message = ReadStoredMessage(json::parse(
        R"({"message":{"subject":"s","seq":3,"data":"aGVsbG8=","time":"2026-11-22T18:01:17.9Z",)"
        R"("hdrs":"TkFUUy8xLjANCk5hdHMtTXNnLUlkOiBpZC0xDQp0cmFjZXBhcmVudDowMC1hDQoNCg=="}})"
    ));
    REQUIRE_OK(message);
    CHECK(message->payload == "hello");
    CHECK(message->msg_id == "id-1");
    CHECK(message->traceparent == "00-a");
    CHECK(message->stored_unix_ms == 1795370477900);
}
