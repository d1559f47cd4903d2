// A TCP connection that we open, plain or TLS, to one address that was chosen before
// (public_address.hpp). Blocking, with one deadline for all of it.
// Thread safety: an Outgoing belongs to one thread at a time.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "net/tls_client.hpp"
#include "net/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace unibox::net {

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

    // Before any byte. The certificate must be of `host`, a name or an address; it is verified
    // before the first byte is sent.
    void StartTls(std::shared_ptr<TlsClientContext> context, const std::string& host);
    Status Write(std::string_view data);
    // At least one byte; 0 = the peer has ended the connection.
    Result<std::size_t> Read(std::span<char> into);

private:
    Outgoing(int socket, SteadyTime deadline);
    // Until the socket can do `events` of poll(2).
    Status Wait(short events, std::string_view what) const;
    // After an `outcome` that is no bytes: until it may be tried again, or why it cannot.
    Status WaitFor(IoResult::Kind outcome, std::string_view what) const;

    const int socket_;
    const SteadyTime deadline_;
    std::unique_ptr<Transport> transport_;
};

}  // namespace unibox::net
