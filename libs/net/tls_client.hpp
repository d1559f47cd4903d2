// TLS of a connection that we open: 1.2 and 1.3, the server's certificate is always verified.
// Thread safety: immutable.
#pragma once

#include "base/status.hpp"
#include "net/transport.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace unibox::net {

struct TlsClientSettings {
    std::string ca_file;    // PEM authorities of the server; empty: those of the system.
    std::string cert_file;  // What we show of ourselves, with key_file; empty: nothing.
    std::string key_file;
};

// Shared by the connections that it was made for. Cheap enough to make one for each connect, so
// that renewed files count from the next one on.
class TlsClientContext {
public:
    // INVALID_ARGUMENT with the field (tls_ca_file, tls_cert_file, tls_key_file) if a file cannot
    // be used.
    static Result<std::shared_ptr<TlsClientContext>> Create(const TlsClientSettings& settings);
    ~TlsClientContext();
    TlsClientContext(const TlsClientContext&) = delete;
    TlsClientContext& operator=(const TlsClientContext&) = delete;

    ssl_ctx_st* get() const { return context_; }

private:
    explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
    ssl_ctx_st* context_;
};

// Our end of a connection to `server_name`, the DNS name or IP address that the certificate must
// have; names are told to the server too (SNI). The handshake is made inside the first reads and
// writes: a certificate that is refused is kClosed, and `failure()` says why. `socket` stays the
// caller's; it must be non-blocking, connected, and outlive the transport.
std::unique_ptr<Transport> TlsClientTransport(
    int socket, std::shared_ptr<TlsClientContext> context, const std::string& server_name
);

}  // namespace unibox::net
