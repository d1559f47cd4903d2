// Bytes of one connection, plain or TLS, on a non-blocking socket.
// Thread safety: the thread that owns the connection.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace unibox::net {

class TlsContext;

struct IoResult {
    enum class Kind { kBytes, kWaitReadable, kWaitWritable, kClosed };
    Kind kind = Kind::kClosed;
    std::size_t bytes = 0;  // kBytes: at least 1.
};

inline constexpr std::size_t kPartsPerCall = 16;

class Transport {
public:
    virtual ~Transport() = default;
    virtual IoResult Read(std::span<char> into) = 0;
    virtual IoResult Write(std::string_view data) = 0;
    // The parts in order, at most kPartsPerCall of them: plain with one system call, TLS in records
    // of several parts. What was refused must be the beginning of what is written next.
    virtual IoResult WriteParts(std::span<const std::string_view> parts) = 0;
    // Bytes that were taken from the socket already: no readiness will be told for them.
    virtual bool HasBufferedInput() const = 0;
    // Says that no more will be sent, as far as that is possible without waiting.
    virtual void ShutdownSend() = 0;
    // Of TLS, after kClosed: why, in a few words. Empty: the peer closed, or it is not known.
    virtual std::string failure() const { return {}; }
};

// `socket` stays the caller's; it must be non-blocking and outlive the transport.
std::unique_ptr<Transport> PlainTransport(int socket);
std::unique_ptr<Transport> TlsTransport(int socket, std::shared_ptr<TlsContext> context);

}  // namespace unibox::net
