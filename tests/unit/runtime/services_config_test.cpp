// What each service makes of its settings before it starts anything: the real programs, without
// PostgreSQL and NATS.
#include "base/strings.hpp"
#include "support/process.hpp"
#include "support/service_list.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

namespace {

std::vector<std::string> ServiceNames() {
    std::vector<std::string> names;
    for (const auto& service : test::ServiceList()) names.push_back(service.name);
    return names;
}

// Runs services with the settings that they cannot do without.
class Services {
public:
    Services() { std::ofstream(dir_ / "key") << std::string(32, 'k'); }

    std::string key() const { return (dir_ / "key").string(); }

    struct Ended {
        int code = 0;
        std::string output;
    };
    Ended Run(
        const std::string& service,
        std::vector<std::string> arguments,
        std::map<std::string, std::string> environment = {},
        const std::string& file_limit = {}  // Of descriptors; empty: as it is.
    ) const {
        const std::string program = UNIBOX_BINARY_DIR "/bin/" + service;
        test::ProcessOptions options;
        if (!file_limit.empty()) {
            options.arguments = {"-c", "ulimit -n \"$0\" && exec \"$@\"", file_limit, program};
        }
        std::move(arguments.begin(), arguments.end(), std::back_inserter(options.arguments));
        for (const auto& [name, value] : environment) options.environment[name] = value;
        if (test::ServiceNamed(service).Needs("seal_key")) {
            options.environment["UNIBOX_SECRETS_KEY_FILE"] = key();
        }
        test::Process process(file_limit.empty() ? program : "/bin/sh", options);
        const auto code = process.WaitForExit(20s);
        REQUIRE(code.has_value());
        return {*code, process.output()};
    }

private:
    test::TempDir dir_;
};

}  // namespace

TEST_CASE("Services: the addresses that a stack publishes stop none of them", "[net][runtime]") {
    const Services services;
    std::map<std::string, std::string> published = {
        {"UNIBOX_DATABASE_URL", "postgresql://127.0.0.1/db"},
        {"UNIBOX_NATS_URL", "nats://127.0.0.1:4"},
        {"UNIBOX_API_KEY", "ubk_x"}};
    for (const auto& service : test::ServiceList()) {
        const std::string prefix = "UNIBOX_" + ToUpperAscii(service.short_name);
        published[prefix + "_ADMIN_URL"] = "http://127.0.0.1:1";
        if (service.Listens("http")) published[prefix + "_URL"] = "http://127.0.0.1:2";
        if (service.Listens("grpc")) published[prefix + "_GRPC"] = "127.0.0.1:3";
    }
    for (const std::string& service : ServiceNames()) {
        for (const auto& variable : published) {
            INFO(service << " with " << variable.first);
            const auto one = services.Run(service, {"--check-config"}, {variable});
            INFO(one.output);
            CHECK(one.code == 0);
        }
        CHECK(services.Run(service, {"--check-config"}, published).code == 0);
    }
}

TEST_CASE("Services: what cannot start does not pass --check-config either", "[net][runtime]") {
    const Services services;
    struct Case {
        std::string service;
        std::string setting;
        std::string field;
    };
    std::vector<Case> cases = {
        {"webhook-ingest", "secrets.key_file=/does/not/exist", "secrets.key_file"},
        {"webhook-ingest", "http.tls_cert_file=/does/not/exist", "http.tls_cert_file"},
        {"webhook-ingest", "http.tls_cert_file=" + services.key(), "http.tls_key_file"},
        {"webhook-ingest", "nats.creds_file=/does/not/exist", "nats.creds_file"},
        {"message-writer", "nats.tls_cert_file=" + services.key(), "nats.tls_key_file"},
        {"message-writer", "nats.tls_ca_file=/does/not/exist", "nats.tls_ca_file"},
        {"gateway", "http.tls_key_file=/does/not/exist", "http.tls_key_file"},
        {"gateway", "http.tls_client_ca_file=" + services.key(), "http.tls_client_ca_file"},
        {"gateway", "http.listen=0.0.0.0:0", "http.listen"},
        {"webhook-ingest", "http.listen=[::]:0", "http.listen"},
        {"gateway", "grpc.listen=0.0.0.0:0", "grpc.listen"},
        {"webhook-ingest", "grpc.tls_cert_file=" + services.key(), "grpc.tls_key_file"},
        {"gateway", "grpc.tls_client_ca_file=" + services.key(), "grpc.tls_client_ca_file"},
    };
    for (const std::string& service : ServiceNames()) {
        cases.push_back({service, "runtime.drain_ms=600000", "runtime.drain_ms"});
        cases.push_back({service, "postgres.url=host=h hunter2", "postgres.url"});
        cases.push_back({service, "postgres.url=postgresql://u:hunter2@[::1/db", "postgres.url"});
        cases.push_back({service, "postgres.url=", "postgres.url"});
        cases.push_back({service, "postgres.url_file=/does/not/exist", "postgres.url_file"});
    }
    for (const Case& one : cases) {
        for (const bool check : {true, false}) {
            INFO(one.service << " --" << one.setting << " check " << check);
            std::vector<std::string> arguments = {"--" + one.setting, "--admin.listen=127.0.0.1:0"};
            if (check) arguments.push_back("--check-config");
            const auto ended = services.Run(one.service, arguments);
            INFO(ended.output);
            CHECK(ended.code == 2);
            CHECK(ended.output.find(one.field) != std::string::npos);
            CHECK(ended.output.find("hunter2") == std::string::npos);
        }
    }
}

TEST_CASE("Services: a host that nobody knows is no bad configuration", "[net][runtime]") {
    const Services services;
    for (const std::string& service : ServiceNames()) {
        const auto ended = services.Run(
            service, {"--check-config", "--postgres.url=postgresql://no-such-host.invalid/db"}
        );
        CHECK(ended.code == 0);
    }
}

TEST_CASE("Services: connections beyond the file descriptors are bad settings", "[net][runtime]") {
    const Services services;
    // 10,000 for HTTP, 2,000 times 3 for gRPC, 8 for PostgreSQL, 256 for the rest; gateway has
    // pools of search and administration besides.
    for (const auto& [service, needed] :
         std::map<std::string, int>{{"webhook-ingest", 16'264}, {"gateway", 16'268}}) {
        for (const std::string check : {"--check-config", "--admin.listen=127.0.0.1:0"}) {
            const auto ended = services.Run(service, {check}, {}, "1024");
            INFO(ended.output);
            CHECK(ended.code == 2);
            for (const std::string& part :
                 {std::to_string(needed) + " file descriptors",
                  std::string("10000 for http.connection_count_max"),
                  std::string("6000 for grpc.connection_count_max"),
                  std::string("8 for postgres.connection_count_max"),
                  std::string("may have 1024")}) {
                CHECK(ended.output.find(part) != std::string::npos);
            }
        }
        const auto code_with = [&, &service = service](int limit) {
            return services.Run(service, {"--check-config"}, {}, std::to_string(limit)).code;
        };
        CHECK(code_with(needed) == 0);
        CHECK(code_with(needed - 1) == 2);
    }
    CHECK(services.Run("message-writer", {"--check-config"}, {}, "1024").code == 0);
}

TEST_CASE("Services: the name of every number says what it counts", "[net][runtime]") {
    const Services services;
    // docs/patterns.md, "A setting".
    const std::regex known(
        "(.*_)?(ms|us|s|count|bytes|percent|burst|per_s)"
        "(_per_[a-z]+)?(_(max|min|percent))*"
    );
    const std::regex row("\\| `([a-z0-9_]+)` \\| `UNIBOX_[A-Z0-9_]+` \\| `-?[0-9]+` \\|.*");
    for (const std::string& service : ServiceNames()) {
        std::istringstream lines(
            services.Run(service, {"--print-config", "--format=markdown"}).output
        );
        int count = 0;
        for (std::string line; std::getline(lines, line);) {
            std::smatch match;
            if (!std::regex_match(line, match, row)) continue;
            ++count;
            INFO(service << ": " << match[1]);
            CHECK(std::regex_match(match[1].str(), known));
        }
        CHECK(count > 10);
    }
}
