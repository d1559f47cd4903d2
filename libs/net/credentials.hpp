// How the bytes of a client's connection are carried: the one place that knows whether there is TLS
// between them and us.
// Thread safety: TransportOf from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

#include <memory>

namespace unibox::net {

class Credentials {
public:
    // Whether the files that the settings name, if any, can be used: as TlsContext::Create.
    static Status Check(const TlsSettings& settings);
    // `on_change` as of TlsFiles.
    static Result<std::unique_ptr<Credentials>> Create(
        TlsSettings settings, TlsFiles::OnChange on_change
    );

    // The server's end of an accepted connection. `socket` stays the caller's; it must be
    // non-blocking and outlive the transport.
    std::unique_ptr<Transport> TransportOf(int socket, SteadyTime now) const;
    bool has_tls() const { return tls_ != nullptr; }

private:
    explicit Credentials(std::unique_ptr<TlsFiles> tls) : tls_(std::move(tls)) {}

    const std::unique_ptr<TlsFiles> tls_;  // Null: plain.
};

}  // namespace unibox::net
