// A TCP connection that we open, plain or TLS, to one address that was chosen before
// (public_address.hpp). Blocking, with one deadline for all of it.
// Thread safety: an Outgoing belongs to one thread at a time; a TlsClient is immutable.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.
struct ssl_st;

namespace unibox::net {

// Whom we believe: TLS 1.2 and 1.3, the server's certificate is always verified.
class TlsClient {
public:
    // `ca_file`: PEM of the authorities; "" = the system's. INVALID_ARGUMENT, field tls_ca_file.
    static Result<std::shared_ptr<TlsClient>> Create(const std::string& ca_file);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    ssl_ctx_st* get() const { return context_; }

private:
    explicit TlsClient(ssl_ctx_st* context) : context_(context) {}
    ssl_ctx_st* context_;
};

// With TLS the process must ignore SIGPIPE (runtime does).
class Outgoing {
public:
    // `ip` as text, without brackets. Everything that follows ends at the deadline too:
    // DEADLINE_EXCEEDED, else UNAVAILABLE.
    static Result<std::unique_ptr<Outgoing>> Connect(
        const std::string& ip, std::uint16_t port, SteadyTime deadline
    );
    ~Outgoing();
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    // Before any byte. The certificate must be of `host`, a name or an address.
    Status StartTls(const TlsClient& client, const std::string& host);
    Status Write(std::string_view data);
    // At least one byte; 0 = the peer has ended the connection.
    Result<std::size_t> Read(std::span<char> into);

private:
    Outgoing(int socket, SteadyTime deadline) : socket_(socket), deadline_(deadline) {}
    // Until the socket can do `events` of poll(2).
    Status Wait(short events, std::string_view what) const;
    // What OpenSSL asks for after `result`; an error if it asks for nothing.
    Status WaitForTls(int result, std::string_view what);

    const int socket_;
    const SteadyTime deadline_;
    ssl_st* ssl_ = nullptr;
};

}  // namespace unibox::net
