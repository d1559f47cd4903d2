// The listening socket of a gRPC server: accepts, counts, refuses, and relays to gRPC what it took.
// Thread safety: every function from any thread; Start once.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "rpc/detail/shared.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace unibox::rpc::detail {

class Acceptor {
public:
    // Binds and listens; nothing is accepted before Start. UNAVAILABLE if the address is taken or
    // the kernel gives sockets no names (CheckPeerNames), INVALID_ARGUMENT for what is no address
    // or for TLS files. `metrics` must outlive the object.
    static Result<std::unique_ptr<Acceptor>> Listen(
        const Settings& settings, obs::Metrics& metrics
    );
    virtual ~Acceptor() = default;  // Stop().

    virtual void Start(HandOver hand_over) = 0;
    // "host:port" as bound.
    virtual std::string address() const = 0;
    // Connections that hold a place.
    virtual std::int64_t connection_count() const = 0;
    // The connection that comes from this port of ours is let in whatever the counts are, and
    // without TLS. 0 = none. The caller has bound the port to an address of ours, so nobody else
    // can come from it.
    virtual void ExpectOwn(std::uint16_t port) = 0;
    // Closes the listening socket; gRPC is given nothing after it.
    virtual void StopAccepting() = 0;
    // Waits until all clients have taken what gRPC has answered so far; false if some had not at
    // `until`.
    virtual bool WaitUntilTaken(SteadyTime until) = 0;
    // False if connections were left after `wait`.
    virtual bool WaitUntilNone(Millis wait) = 0;
    // StopAccepting, gives each client what gRPC has answered as far as it is taken, and ends all
    // connections.
    virtual void Stop() = 0;
};

}  // namespace unibox::rpc::detail
