// How the bytes of a client's connection are carried: the one place that knows whether there is TLS
// between them and us. gRPC itself only ever speaks to the relay inside this process.
// Thread safety: TransportOf from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"
#include "obs/metrics.hpp"
#include "rpc/settings.hpp"

#include <memory>

namespace unibox::rpc {

class Credentials {
public:
    // Whether the files that the settings name can be used: INVALID_ARGUMENT with the field.
    static Status Check(const Settings& settings);
    // Counts changed certificates in unibox_rpc_certificates_total{result}. `metrics` must outlive
    // the object.
    static Result<std::unique_ptr<Credentials>> Create(
        const Settings& settings, obs::Metrics& metrics
    );

    // The server's end of an accepted connection. `socket` stays the caller's; it must be
    // non-blocking and outlive the transport.
    std::unique_ptr<net::Transport> TransportOf(int socket, SteadyTime now) const;

private:
    explicit Credentials(std::unique_ptr<net::TlsFiles> tls) : tls_(std::move(tls)) {}

    const std::unique_ptr<net::TlsFiles> tls_;  // Null: plain.
};

}  // namespace unibox::rpc
