#include "obs/certificate_log.hpp"

#include "obs/log.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

TEST_CASE("Certificate log: a change is counted and told with its listener", "[unit][obs]") {
    std::vector<std::string> lines;
    const obs::LogCaptureForTest capture([&](std::string_view line) { lines.emplace_back(line); });
    obs::Metrics metrics;
    const auto tell = [&](const Status& change) {
        obs::TellCertificateChange(
            metrics, "unibox_x_certificates_total", {{"listener", "admin"}}, "admin", change
        );
    };
    tell({});
    tell(InvalidArgument("no key").WithField("tls_key_file"));
    REQUIRE(lines.size() == 2);
    for (const std::string& line : lines) {
        CHECK(line.find("\"listener\":\"admin\"") != std::string::npos);
    }
    CHECK(lines[0].find("\"level\":\"info\"") != std::string::npos);
    CHECK(lines[1].find("\"level\":\"error\"") != std::string::npos);
    CHECK(lines[1].find("\"field\":\"tls_key_file\"") != std::string::npos);
    const std::string shown = metrics.Render();
    for (const std::string result : {"used", "refused"}) {
        const std::string line =
            "unibox_x_certificates_total{listener=\"admin\",result=\"" + result + "\"} 1\n";
        CHECK(shown.find(line) != std::string::npos);
    }
}
