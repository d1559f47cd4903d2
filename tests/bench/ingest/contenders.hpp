// What scripts/bench compares webhook-ingest with, each as a process on a free port of 127.0.0.1.
// Thread safety: one thread at a time.
#pragma once

#include "base/status.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <string>

namespace unibox::bench {

// nginx with one worker that answers `return 200`: the floor of any HTTP service.
class Nginx {
public:
    // NOT_FOUND if nginx is not installed.
    static Result<std::unique_ptr<Nginx>> Start();
    int port() const { return port_; }
    pid_t pid() const { return process_->pid(); }

private:
    test::TempDir dir_;
    int port_ = 0;
    std::unique_ptr<test::Process> process_;
};

// Fastify and nats.js doing the same job (rival/server.js).
class NodeRival {
public:
    // NOT_FOUND if node or npm is not installed, UNAVAILABLE if its packages cannot be installed.
    static Result<std::unique_ptr<NodeRival>> Start(
        const std::string& nats_url, const std::string& app_secret, int partition_count
    );
    int port() const { return port_; }
    pid_t pid() const { return process_->pid(); }

private:
    test::TempDir dir_;
    int port_ = 0;
    std::unique_ptr<test::Process> process_;
};

}  // namespace unibox::bench
