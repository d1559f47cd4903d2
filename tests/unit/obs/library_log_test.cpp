#include "obs/library_log.hpp"

#include "support/fake_clock.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using obs::Level;
using obs::Library;
using obs::LibraryLog;

namespace {

struct Bench {
    void Write(int count, Level level = Level::kWarn) {
        for (int i = 0; i < count; ++i) {
            LibraryLog::Write(Library::kGrpc, level, "src/core/x.cc", 7, "told \"so\"");
        }
    }
    bool Counts(const std::string& level, int count) {
        return metrics.Render().find(
                   "unibox_library_log_lines_total{level=\"" + level + "\",library=\"grpc\"} " +
                   std::to_string(count) + "\n"
               ) != std::string::npos;
    }

    std::vector<std::string> lines;
    obs::LogCaptureForTest capture{[this](std::string_view line) { lines.emplace_back(line); }};
    test::FakeClock clock;
    obs::Metrics metrics;
    std::optional<LibraryLog> log{std::in_place, Library::kGrpc, metrics, clock};
};

}  // namespace

TEST_CASE("LibraryLog: a library's line is a line of ours", "[unit][obs]") {
    Bench bench;
    bench.Write(1);
    REQUIRE(bench.lines.size() == 1);
    for (const std::string part :
         {"\"level\":\"warn\"",
          "\"message\":\"told \\\"so\\\"\"",
          "\"library\":\"grpc\"",
          "\"at\":\"x.cc:7\""}) {
        CHECK(bench.lines[0].find(part) != std::string::npos);
    }
    CHECK(bench.Counts("warn", 1));
}

TEST_CASE("LibraryLog: a flood of lines is counted, not written", "[unit][obs]") {
    Bench bench;
    bench.Write(1'000);
    bench.Write(3, Level::kError);
    CHECK(bench.lines.size() == obs::kLibraryLinesMax);
    CHECK(bench.Counts("warn", 1'000));
    CHECK(bench.Counts("error", 3));
    bench.clock.Advance(obs::kLibraryLinesWindow);
    bench.Write(2);
    REQUIRE(bench.lines.size() == obs::kLibraryLinesMax + 2);
    CHECK(bench.lines[obs::kLibraryLinesMax].find("\"left_out_before\":998") != std::string::npos);
    CHECK(bench.lines.back().find("\"left_out_before\":0") != std::string::npos);
}

TEST_CASE("LibraryLog: lines before and after it are written too", "[unit][obs]") {
    Bench bench;
    bench.log.reset();
    bench.Write(10);
    CHECK(bench.lines.size() == 10);
    LibraryLog::Write(Library::kProtobuf, Level::kError, "y.cc", 1, "other");
    CHECK(bench.lines.back().find("protobuf") != std::string::npos);
}
