// An HTTP/2 client that says exactly what a test wants said, frame by frame; it knows no HPACK but
// its own plain headers, and grants itself nothing that the server has not granted.
// Thread safety: one thread at a time.
#pragma once

#include "support/raw_socket.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace unibox::test {

constexpr std::uint8_t kHttp2Data = 0;
constexpr std::uint8_t kHttp2Headers = 1;
constexpr std::uint8_t kHttp2RstStream = 3;
constexpr std::uint8_t kHttp2Settings = 4;
constexpr std::uint8_t kHttp2Ping = 6;
constexpr std::uint8_t kHttp2GoAway = 7;
constexpr std::uint8_t kHttp2WindowUpdate = 8;
constexpr std::uint8_t kHttp2Continuation = 9;
constexpr std::uint8_t kHttp2EndStream = 1;
constexpr std::uint8_t kHttp2EndHeaders = 4;

std::string Http2Frame(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
);
// A header block of a gRPC call: literals, no table, no Huffman.
std::string GrpcHeaderBlock(const std::string& path);
// A gRPC message with its five bytes before it.
std::string GrpcMessage(const std::string& bytes);

class Http2Client {
public:
    // Connects, from this address of 127.0.0.0/8 if one is given, and sends preface and SETTINGS.
    explicit Http2Client(const std::string& address, const std::string& from = {});

    int handle() const { return socket_.handle(); }
    // False once the server has closed.
    bool Send(std::string_view bytes) { return socket_.Send(bytes); }
    // Opens a stream with the headers of a call of `path`.
    std::uint32_t Open(const std::string& path, bool end_stream = false);
    // Sends as many of these bytes as the server's windows grant now; their count.
    std::size_t SendData(std::uint32_t stream, std::string_view bytes, bool end_stream = false);
    // Takes what the server sends, and answers its PINGs and SETTINGS, until `done`, the end of the
    // connection or of the time; gives `done`'s last answer.
    bool ReadUntil(
        const std::function<bool()>& done,
        std::chrono::milliseconds timeout = std::chrono::seconds(30)
    );

    // What the server has said so far.
    bool closed() const { return closed_; }
    bool goaway() const { return goaway_; }
    std::uint32_t goaway_error() const { return goaway_error_; }
    // Error codes of the streams that it has reset.
    const std::map<std::uint32_t, std::uint32_t>& resets() const { return resets_; }
    // Streams that it has ended, with trailers or a reset.
    const std::set<std::uint32_t>& ended() const { return ended_; }

private:
    void OnFrame(
        std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
    );

    RawSocket socket_;
    std::uint32_t next_stream_ = 1;
    std::int64_t window_ = 65'535;
    std::int64_t stream_window_first_ = 65'535;
    std::map<std::uint32_t, std::int64_t> stream_windows_;
    std::string received_;
    bool closed_ = false;
    bool goaway_ = false;
    std::uint32_t goaway_error_ = 0;
    std::map<std::uint32_t, std::uint32_t> resets_;
    std::set<std::uint32_t> ended_;
};

}  // namespace unibox::test
