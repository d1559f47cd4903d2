// A private nats-server with JetStream, in a temporary folder, on a free port of 127.0.0.1.
// The binary is /usr/sbin/nats-server or the first one in PATH.
// Thread safety: one thread at a time; url() and port() from any.
#pragma once

#include "base/status.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace unibox::test {

// A server of a cluster (nats_cluster.hpp).
struct NatsNode {
    std::string name;
    int route_port = 0;            // Where the others reach it.
    int http_port = 0;             // Its monitoring.
    std::vector<int> route_ports;  // Of all of them.
};

struct NatsServerOptions {
    std::int64_t max_payload_bytes = 8LL * 1024 * 1024;
    bool jetstream = true;
    std::string user{};  // With `password`: required from clients.
    std::string password{};
    std::string extra_config{};  // Lines added to the configuration file.
    std::optional<NatsNode> node{};
};

// Aborts when the server does not start: nothing can be tested then.
class NatsServer {
public:
    explicit NatsServer(NatsServerOptions options = {});
    ~NatsServer();
    NatsServer(const NatsServer&) = delete;
    NatsServer& operator=(const NatsServer&) = delete;

    std::string url() const;  // nats://127.0.0.1:PORT, with user and password if any.
    int port() const { return port_; }
    std::filesystem::path store_dir() const { return dir_ / "store"; }
    pid_t pid() const { return process_->pid(); }
    bool running() const;
    bool paused() const { return paused_; }

    void Kill9();  // SIGKILL, waits for the end. The data stays.
    void Stop();   // SIGTERM, waits for the end. The data stays.
    void Start();  // Again, on the same port and data; returns when it answers.
    void Restart() {
        Kill9();
        Start();
    }
    void Pause();   // SIGSTOP: connections stay open, nothing is answered.
    void Resume();  // SIGCONT.
    // While it does not run: a copy of all that it stores, and the store as it was when `copy` was
    // taken.
    void CopyStore(const std::filesystem::path& copy) const;
    void RestoreStore(const std::filesystem::path& copy) const;
    // Takes effect at the next Start().
    void SetOptions(NatsServerOptions options) { options_ = std::move(options); }

private:
    void WriteConfig() const;
    void Spawn();
    bool WaitForListening();

    TempDir dir_;
    NatsServerOptions options_;
    int port_ = 0;
    bool paused_ = false;
    std::unique_ptr<Process> process_;
};

}  // namespace unibox::test
