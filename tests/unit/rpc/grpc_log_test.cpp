#include "rpc/detail/grpc_log.hpp"

#include "obs/log.hpp"

#include <catch2/catch.hpp>
#include <grpc/support/log.h>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("gRPC log: its errors are warnings of ours, counted", "[unit][rpc]") {
    std::vector<std::string> lines;
    const obs::LogCaptureForTest capture([&](std::string_view line) { lines.emplace_back(line); });
    obs::Metrics metrics;
    const rpc::detail::GrpcLog log(metrics);
    gpr_log(GPR_ERROR, "a client sent %d bytes", 7);
    REQUIRE(lines.size() == 1);
    for (const std::string part :
         {"\"level\":\"warn\"", "\"message\":\"a client sent 7 bytes\"", "\"library\":\"grpc\""}) {
        CHECK(lines[0].find(part) != std::string::npos);
    }
    CHECK(
        metrics.Render().find("unibox_library_log_lines_total{level=\"warn\",library=\"grpc\"} 1\n"
        ) != std::string::npos
    );
}
