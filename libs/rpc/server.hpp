// A gRPC server with health (grpc.health.v1), reflection, limits and keepalive. Plain text: TLS
// ends in front of it. Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "rpc/settings.hpp"

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace grpc {
class Server;
}

namespace unibox::rpc {

class Server {
public:
    // The services must outlive the server. UNAVAILABLE if the address cannot be bound (never
    // shared with another process).
    static Result<std::unique_ptr<Server>> Start(
        const Settings& settings, const std::vector<grpc::Service*>& services
    );
    // Stop(Millis(0)).
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // "host:port" as bound.
    const std::string& address() const { return address_; }
    // What grpc.health.v1 answers, for the server and for each service. Serving from the start.
    void SetServing(bool serving);
    // Takes no new calls, waits at most `grace` for running ones, cancels the rest, waits for their
    // handlers.
    void Stop(Millis grace);

private:
    Server(std::unique_ptr<grpc::Server> server, std::string address);

    std::unique_ptr<grpc::Server> server_;
    std::string address_;
};

}  // namespace unibox::rpc
