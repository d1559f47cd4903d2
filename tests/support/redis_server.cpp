#include "support/redis_server.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <fstream>

namespace unibox::test {
namespace {

constexpr std::chrono::seconds kStartTime{20};
constexpr std::chrono::seconds kCliTime{30};
// Another process can take the port between our look and its bind.
constexpr int kStartAttempts = 5;

}  // namespace

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
    for (int attempt = 1;; ++attempt) {
        port_ = FreePort();
        bus_port_ = FreePort();
        WriteConfig();
        Spawn();
        if (WaitForListening()) return;
        std::fputs(process_->output().c_str(), stderr);
        UNIBOX_ASSERT(attempt < kStartAttempts);
    }
}

RedisServer::~RedisServer() = default;

std::string RedisServer::url() const {
    // The certificates of tests are for a name.
    if (!options_.tls_cert_file.empty()) return fmt::format("rediss://localhost:{}", port_);
    return "redis://" + address();
}

std::string RedisServer::address() const {
    return fmt::format("127.0.0.1:{}", port_);
}

bool RedisServer::running() const {
    return process_->running();
}

void RedisServer::Spawn() {
    ProcessOptions options;
    options.arguments = {(dir_ / "redis.conf").string()};
    if (options_.is_sentinel) options.arguments.emplace_back("--sentinel");
    options.working_directory = dir_.path();
    process_ = std::make_unique<Process>(FindProgram("redis-server"), std::move(options));
}

void RedisServer::Kill9() {
    process_->Kill9();
}

void RedisServer::Start() {
    UNIBOX_ASSERT(!running());
    Spawn();
    if (WaitForListening()) return;
    std::fputs(process_->output().c_str(), stderr);
    UNIBOX_ASSERT(false && "redis-server did not start again");
}

void RedisServer::Pause() {
    process_->Pause();
}

void RedisServer::Resume() {
    process_->Resume();
}

void RedisServer::SetOptions(RedisServerOptions options) {
    options_ = std::move(options);
    WriteConfig();
}

void RedisServer::WriteConfig() const {
    std::ofstream file(dir_ / "redis.conf");
    file << "bind 127.0.0.1\nprotected-mode no\n";
    if (options_.tls_cert_file.empty()) {
        file << fmt::format("port {}\n", port_);
    } else {
        file << fmt::format(
            "port 0\ntls-port {}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n"
            "tls-auth-clients no\n",
            port_,
            options_.tls_cert_file,
            options_.tls_key_file,
            options_.tls_cert_file
        );
    }
    if (!options_.password.empty()) file << "requirepass " << options_.password << '\n';
    if (options_.is_cluster_node) {
        file << fmt::format(
            "cluster-enabled yes\ncluster-port {}\ncluster-node-timeout 5000\n", bus_port_
        );
    }
    if (!options_.is_sentinel) file << "save \"\"\nappendonly no\nrepl-diskless-sync-delay 0\n";
    file << options_.extra_config << '\n';
}

bool RedisServer::WaitForListening() {
    const std::string_view line =
        options_.is_sentinel ? "Sentinel ID is" : "Ready to accept connections";
    return process_->WaitForLine(line, kStartTime).has_value();
}

std::string RedisServer::Cli(const std::vector<std::string>& command) const {
    ProcessOptions options;
    options.arguments = {"-h", "localhost", "-p", std::to_string(port_)};
    if (!options_.tls_cert_file.empty()) {
        options.arguments.insert(
            options.arguments.end(), {"--tls", "--cacert", options_.tls_cert_file}
        );
    }
    if (!options_.password.empty()) options.environment["REDISCLI_AUTH"] = options_.password;
    options.arguments.insert(options.arguments.end(), command.begin(), command.end());
    Process cli(FindProgram("redis-cli"), std::move(options));
    const auto exit_code = cli.WaitForExit(kCliTime);
    std::string output = cli.output();
    if (!exit_code) std::fprintf(stderr, "redis-cli does not end: %s\n", output.c_str());
    UNIBOX_ASSERT(exit_code.has_value());
    while (output.ends_with('\n')) output.pop_back();
    return output;
}

std::string RedisServer::Info(std::string_view name) const {
    const std::string text = Cli({"INFO"});
    for (const std::string_view line : Split(text, '\n')) {
        if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
            return std::string(TrimSpace(line.substr(name.size() + 1)));
        }
    }
    return {};
}

}  // namespace unibox::test
