// How the bytes of a client's connection are carried: the one place that knows whether there is TLS
// between them and us. gRPC itself only ever speaks to the relay inside this process.
// Thread safety: TransportOf from any thread.
#pragma once

#include "base/status.hpp"
#include "net/transport.hpp"
#include "rpc/settings.hpp"

#include <memory>

namespace unibox::rpc {

class Credentials {
public:
    static Result<std::unique_ptr<Credentials>> Create(const Settings& settings);

    // The server's end of an accepted connection. `socket` stays the caller's; it must be
    // non-blocking and outlive the transport.
    std::unique_ptr<net::Transport> TransportOf(int socket) const;

private:
    Credentials() = default;
};

}  // namespace unibox::rpc
