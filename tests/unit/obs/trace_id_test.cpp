#include "obs/trace_id.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("Traceparent: new ones are valid and differ", "[unit][obs]") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string made = obs::NewTraceparent();
        REQUIRE(obs::ValidTraceparent(made) == made);
        seen.insert(obs::TraceIdOf(made));
    }
    CHECK(seen.size() == 1000);
}

TEST_CASE("Traceparent: only what W3C calls valid is valid", "[unit][obs]") {
    const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    CHECK(obs::ValidTraceparent(good) == good);
    CHECK(obs::ValidTraceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01") == good);
    CHECK(obs::TraceIdOf(good) == "4bf92f3577b34da6a3ce929d0e0e4736");
    const std::string zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
    const std::string zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
    const std::string bad_hex = "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01";
    const std::string bad_dash = "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const std::string version = "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (const std::string& bad :
         {std::string(), good + "0", zero_trace, zero_span, bad_hex, bad_dash, version}) {
        INFO(bad);
        CHECK_FALSE(obs::ValidTraceparent(bad).has_value());
        CHECK(obs::TraceIdOf(bad).empty());
    }
}
