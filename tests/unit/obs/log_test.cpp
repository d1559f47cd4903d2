#include "obs/log.hpp"

#include "obs/json.hpp"
#include "obs/trace_id.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <thread>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

namespace {

// The lines that `body` logs, without their times.
template <typename Body>
std::vector<std::string> Logged(const Body& body) {
    std::vector<std::string> lines;
    const obs::LogCaptureForTest capture([&](std::string_view line) {
        const auto level = line.find("\"level\"");
        REQUIRE(line.substr(0, 9) == "{\"time\":\"");
        REQUIRE(line.substr(level - 3, 3) == "Z\",");
        lines.emplace_back(line.substr(level));
    });
    body();
    return lines;
}

std::string Json(std::string_view text) {
    std::string out;
    obs::AppendJsonString(out, text);
    return out;
}

}  // namespace

TEST_CASE("Log: a line is one JSON object with typed values", "[unit][obs]") {
    obs::ConfigureLog("gateway", obs::Level::kInfo);
    const auto lines = Logged([] {
        const std::string name = "a\"b";
        obs::Log(
            obs::Level::kWarn,
            "taken",
            {{"partition", 3},
             {"ratio", 0.5},
             {"owner", name},
             {"live", true},
             {"big", std::uint64_t{7}},
             {"text", "x"},
             {"error", NotFound("gone")},
             {"endless", std::numeric_limits<double>::infinity()}}
        );
    });
    REQUIRE(lines.size() == 1);
    CHECK(
        lines[0] ==
        R"("level":"warn","service":"gateway","message":"taken","partition":3,"ratio":0.5,)"
        R"("owner":"a\"b",)"
        R"("live":true,"big":7,"text":"x","error":"NOT_FOUND: gone","endless":null})"
    );
}

TEST_CASE("Log: what is below the level is not written", "[unit][obs]") {
    obs::ConfigureLog("gateway", obs::Level::kWarn);
    CHECK(Logged([] { obs::Log(obs::Level::kInfo, "quiet"); }).empty());
    CHECK(Logged([] { obs::Log(obs::Level::kError, "loud"); }).size() == 1);
    obs::ConfigureLog("gateway", obs::Level::kInfo);
}

TEST_CASE("Log: long texts are cut", "[unit][obs]") {
    const auto lines = Logged([] {
        obs::Log(
            obs::Level::kInfo, "m", {{"text", std::string(obs::kTextValueBytesMax + 100, 'x')}}
        );
    });
    CHECK(lines[0].size() < obs::kTextValueBytesMax + 100);
}

TEST_CASE(
    "LogContext: adds the trace id to this thread's lines, nests, ignores nonsense", "[unit][obs]"
) {
    const std::string outer = obs::NewTraceparent();
    const std::string inner = obs::NewTraceparent();
    const auto lines = Logged([&] {
        const obs::LogContext outer_context(outer);
        obs::Log(obs::Level::kInfo, "outer");
        {
            const obs::LogContext inner_context(inner);
            obs::Log(obs::Level::kInfo, "inner");
            std::thread([] { obs::Log(obs::Level::kInfo, "other"); }).join();
        }
        const obs::LogContext nonsense("nonsense");
        obs::Log(obs::Level::kInfo, "again");
    });
    REQUIRE(lines.size() == 4);
    const auto has = [&](std::size_t line, const std::string& traceparent) {
        return lines[line].find("\"trace_id\":\"" + obs::TraceIdOf(traceparent) + "\"") !=
               std::string::npos;
    };
    CHECK(has(0, outer));
    CHECK(has(1, inner));
    CHECK(lines[2].find("trace_id") == std::string::npos);
    CHECK(has(3, outer));
}

TEST_CASE("Level: names and parsing are inverse", "[unit][obs]") {
    for (const auto level :
         {obs::Level::kDebug, obs::Level::kInfo, obs::Level::kWarn, obs::Level::kError}) {
        CHECK(obs::ParseLevel(obs::LevelName(level)) == level);
    }
    CHECK_FALSE(obs::ParseLevel("INFO").has_value());
}

TEST_CASE("Json: controls are escaped and bytes that are no UTF-8 replaced", "[unit][obs]") {
    CHECK(Json("a\n\t\r\\\"\x01\x7f") == R"("a\n\t\r\\\"\u0001\u007f")");
    CHECK(Json("h\xC3\xA9 \xF0\x9F\x98\x80") == "\"h\xC3\xA9 \xF0\x9F\x98\x80\"");
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(Json("\xFF") == "\"" + bad + "\"");
    CHECK(Json("\xC3") == "\"" + bad + "\"");                                // Truncated.
    CHECK(Json("\xC0\xAF") == "\"" + bad + bad + "\"");                      // Overlong.
    CHECK(Json("\xED\xA0\x80") == "\"" + bad + bad + bad + "\"");            // Surrogate.
    CHECK(Json("\xF4\x90\x80\x80") == "\"" + bad + bad + bad + bad + "\"");  // Beyond Unicode.
}
