// Private nats-servers as one: a single server, or a JetStream cluster of several that find each
// other by their routes. Thread safety: one thread at a time; url() from any.
#pragma once

#include "nats/connection.hpp"
#include "obs/metrics.hpp"
#include "support/nats_server.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::test {

class NatsCluster {
public:
    // A cluster of several has a leader when this returns. Aborts when it does not get so far.
    explicit NatsCluster(int server_count = 1);
    ~NatsCluster();
    NatsCluster(const NatsCluster&) = delete;
    NatsCluster& operator=(const NatsCluster&) = delete;

    std::string url() const;  // Of all servers, separated by commas.
    std::size_t size() const { return servers_.size(); }
    NatsServer& server(std::size_t index) { return *servers_.at(index); }

    // The rest is for a cluster. The server that leads the stream, by its own word, asked through
    // those that run and are not frozen; nothing while none does.
    std::optional<std::size_t> LeaderOf(std::string_view stream);
    // Waits until every stream has a leader and all its replicas are up to date, by its own word
    // and by that of each server (/healthz); false: not in time.
    bool BecomesWhole(std::chrono::milliseconds timeout);
    // Of the first server: 2011016 is 2.11.16.
    int version() const;

private:
    std::string NameOf(std::size_t index) const;
    std::optional<std::string> AskSome(std::string_view subject, Millis timeout);
    bool IsWhole();
    bool AreHealthy() const;

    obs::Metrics metrics_;
    std::vector<int> http_ports_;
    std::vector<std::unique_ptr<NatsServer>> servers_;
    std::vector<std::unique_ptr<nats::Connection>> connections_;  // To one server each.
};

}  // namespace unibox::test
