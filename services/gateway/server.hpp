// Gateway's objects, put together: pool, keys, use cases, work threads and both listeners.
// Thread safety: one owner.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/config.hpp"
#include "obs/metrics.hpp"

#include <memory>
#include <string>

namespace unibox::gateway {

class Server {
public:
    // Starts both listeners; PostgreSQL and NATS may be away. UNAVAILABLE if an address is taken.
    // All must outlive the object.
    static Result<std::unique_ptr<Server>> Start(
        const Config& config, const Clock& clock, obs::Metrics& metrics
    );
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string http_address() const;
    std::string grpc_address() const;
    // UNAVAILABLE if a listener is dead: see rpc::Server::Alive.
    Status Alive() const;
    // grpc.health.v1 answers NOT_SERVING from now on.
    void AnnounceStop();
    // Takes no new requests, waits at most `grace` for those at work.
    void Stop(Millis grace);

private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace unibox::gateway
