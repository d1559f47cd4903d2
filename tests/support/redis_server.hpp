// A private redis-server in a temporary folder, on a free port of 127.0.0.1; or one that speaks
// TLS, a replica, a sentinel, a node of a cluster. The binary is the first one in PATH, or of
// /usr/bin. Thread safety: one thread at a time; url() and port() from any.
#pragma once

#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::test {

struct RedisServerOptions {
    std::string password{};      // Of the default user; required from clients.
    std::string extra_config{};  // Lines added to the configuration file: "user …", "maxmemory …".
    std::string tls_cert_file{};  // With these the port speaks TLS alone.
    std::string tls_key_file{};
    bool is_sentinel = false;
    bool is_cluster_node = false;
};

// Aborts when the server does not start: nothing can be tested then.
class RedisServer {
public:
    explicit RedisServer(RedisServerOptions options = {});
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    std::string url() const;      // redis://127.0.0.1:PORT, rediss://localhost:PORT with TLS.
    std::string address() const;  // 127.0.0.1:PORT
    int port() const { return port_; }
    int bus_port() const { return bus_port_; }  // Of a node of a cluster.
    pid_t pid() const { return process_->pid(); }
    bool running() const;

    void Kill9();  // SIGKILL, waits for the end. What is not saved is gone.
    void Start();  // Again, on the same port; returns when it listens.
    void Restart() {
        Kill9();
        Start();
    }
    void Pause();   // SIGSTOP: connections stay open, nothing is answered.
    void Resume();  // SIGCONT.
    // Takes effect at the next Start(). A sentinel forgets what it learned.
    void SetOptions(RedisServerOptions options);

    // What redis-cli prints for this command, without the last line end. As the default user.
    std::string Cli(const std::vector<std::string>& command) const;
    // The value of one line "name:value" of INFO.
    std::string Info(std::string_view name) const;

private:
    void WriteConfig() const;
    void Spawn();
    bool WaitForListening();

    TempDir dir_;
    RedisServerOptions options_;
    int port_ = 0;
    int bus_port_ = 0;
    std::unique_ptr<Process> process_;
};

}  // namespace unibox::test
