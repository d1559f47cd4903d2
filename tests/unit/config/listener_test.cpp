#include "config/listener.hpp"

#include "config/load.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace unibox::test {
namespace {

TEST_CASE("Listener: this machine is where nobody else can reach", "[unit][config]") {
    for (const char* own : {"127.0.0.1:0", "127.1.2.3:80", "[::1]:80", "LocalHost:80"}) {
        CHECK(config::IsLoopback(own));
    }
    for (const char* open :
         {"0.0.0.0:0",
          "[::]:80",
          "10.0.0.1:80",
          "localhost.example.org:80",
          "127.example.org:80"}) {
        CHECK_FALSE(config::IsLoopback(open));
    }
}

TEST_CASE("Listener: without TLS on an open address only when asked for", "[unit][config]") {
    const TempDir dir;
    const std::string pem = dir / "pem";
    std::ofstream(pem) << "x";
    const auto field = [](const std::vector<std::string>& flags) {
        config::Listener listener;
        config::FieldTable table;
        auto section = table.Section("http");
        listener.Describe(section, "HTTP");
        return config::Load(table, {}, {}, flags).field();
    };
    const std::string open = "http.listen=0.0.0.0:8080";
    CHECK(field({}).empty());
    CHECK(field({open}) == "http.listen");
    CHECK(field({open, "http.plaintext_allowed=true"}).empty());
    CHECK(field({open, "http.tls_cert_file=" + pem, "http.tls_key_file=" + pem}).empty());
    CHECK(field({"http.tls_client_ca_file=" + pem}) == "http.tls_client_ca_file");
}

}  // namespace
}  // namespace unibox::test
