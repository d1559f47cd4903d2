#include "support/nats_server.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace unibox::test {
namespace {

constexpr std::chrono::seconds kStartTime{20};
constexpr int kStartAttempts =
    5;  // Another process can take the port between our look and its bind.

std::string ClusterConfig(const NatsNode& node) {
    std::string routes;
    for (const int port : node.route_ports) {
        if (port == node.route_port) continue;
        routes += fmt::format("{}\"nats://127.0.0.1:{}\"", routes.empty() ? "" : ", ", port);
    }
    return fmt::format(
        "server_name: \"{}\"\nhttp: \"127.0.0.1:{}\"\ncluster {{ name: \"test\", listen: "
        "\"127.0.0.1:{}\", "
        "routes: [{}], no_advertise: true }}\n",
        node.name,
        node.http_port,
        node.route_port,
        routes
    );
}

}  // namespace

NatsServer::NatsServer(NatsServerOptions options) : options_(std::move(options)) {
    for (int attempt = 1;; ++attempt) {
        port_ = FreePort();
        WriteConfig();
        Spawn();
        if (WaitForListening()) return;
        std::fputs(process_->output().c_str(), stderr);
        UNIBOX_ASSERT(attempt < kStartAttempts);
    }
}

NatsServer::~NatsServer() = default;

std::string NatsServer::url() const {
    const std::string login =
        options_.user.empty() ? "" : fmt::format("{}:{}@", options_.user, options_.password);
    return fmt::format("nats://{}127.0.0.1:{}", login, port_);
}

bool NatsServer::running() const {
    return process_ != nullptr && process_->running();
}

void NatsServer::Spawn() {
    paused_ = false;
    ProcessOptions options;
    options.arguments = {"-c", (dir_ / "nats.conf").string()};
    // As scripts/up runs it: docs/adr/2026-11-26-nats-garbage-collector.md
    if (std::getenv("GOGC") == nullptr) options.environment["GOGC"] = "400";
    process_ = std::make_unique<Process>(FindProgram("nats-server"), std::move(options));
}

void NatsServer::Kill9() {
    process_->Kill9();
}

void NatsServer::Stop() {
    process_->Terminate();
}

void NatsServer::Start() {
    UNIBOX_ASSERT(!running());
    WriteConfig();
    Spawn();
    if (WaitForListening()) return;
    std::fputs(process_->output().c_str(), stderr);
    UNIBOX_ASSERT(false && "nats-server did not start again");
}

void NatsServer::CopyStore(const std::filesystem::path& copy) const {
    UNIBOX_ASSERT(!running());
    std::filesystem::copy(store_dir(), copy, std::filesystem::copy_options::recursive);
}

void NatsServer::RestoreStore(const std::filesystem::path& copy) const {
    UNIBOX_ASSERT(!running());
    std::filesystem::remove_all(store_dir());
    std::filesystem::copy(copy, store_dir(), std::filesystem::copy_options::recursive);
}

void NatsServer::Pause() {
    process_->Pause();
    paused_ = true;
}

void NatsServer::Resume() {
    process_->Resume();
    paused_ = false;
}

void NatsServer::WriteConfig() const {
    std::ofstream file(dir_ / "nats.conf");
    file << fmt::format(
        "listen: \"127.0.0.1:{}\"\nmax_payload: {}\nmax_pending: 268435456\n",
        port_,
        options_.max_payload_bytes
    );
    if (options_.jetstream) {
        // What streams reserve, not what they use: no test depends on the disk that is free.
        file << fmt::format(
            "jetstream {{ store_dir: \"{}\", max_file: 1TB }}\n", store_dir().string()
        );
    }
    if (!options_.user.empty()) {
        file << fmt::format(
            "authorization {{ user: \"{}\", password: \"{}\" }}\n", options_.user, options_.password
        );
    }
    if (options_.node) file << ClusterConfig(*options_.node);
    file << options_.extra_config << "\n";
}

bool NatsServer::WaitForListening() {
    return process_->WaitForLine("Server is ready", kStartTime).has_value();
}

}  // namespace unibox::test
