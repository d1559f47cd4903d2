#include "support/http2_client.hpp"

#include <poll.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace unibox::test {
namespace {

constexpr std::size_t kHeadBytes = 9;
constexpr std::size_t kPayloadBytesMax = 16'384;
constexpr std::uint8_t kAck = 1;
constexpr std::uint32_t kInitialWindowSize = 4;  // The setting.

std::string Number(std::uint32_t number, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(number >> (8 * i)));
    return text;
}

std::uint32_t NumberOf(std::string_view bytes) {
    std::uint32_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

// RFC 7541, 6.2.2: literal without indexing, new name; texts shorter than 127 bytes.
std::string Literal(const std::string& name, const std::string& value) {
    std::string text(1, '\0');
    for (const std::string& part : {name, value}) {
        text.push_back(static_cast<char>(part.size()));
        text += part;
    }
    return text;
}

}  // namespace

std::string Http2Frame(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
) {
    std::string frame = Number(static_cast<std::uint32_t>(payload.size()), 3);
    frame.push_back(static_cast<char>(type));
    frame.push_back(static_cast<char>(flags));
    return frame.append(Number(stream, 4)).append(payload);
}

std::string GrpcHeaderBlock(const std::string& path) {
    return Literal(":method", "POST") + Literal(":scheme", "http") + Literal(":path", path) +
           Literal(":authority", "test") + Literal("te", "trailers") +
           Literal("content-type", "application/grpc");
}

std::string GrpcMessage(const std::string& bytes) {
    return std::string(1, '\0') + Number(static_cast<std::uint32_t>(bytes.size()), 4) + bytes;
}

Http2Client::Http2Client(const std::string& address, const std::string& from)
    : socket_(address, from) {
    const int on = 1;
    ::setsockopt(socket_.handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    Send(Http2Frame(kHttp2Settings, 0, 0, {}));
}

std::uint32_t Http2Client::Open(const std::string& path, bool end_stream) {
    const std::uint32_t stream = next_stream_;
    next_stream_ += 2;
    stream_windows_[stream] = stream_window_first_;
    const auto flags =
        static_cast<std::uint8_t>(kHttp2EndHeaders | (end_stream ? kHttp2EndStream : 0));
    Send(Http2Frame(kHttp2Headers, flags, stream, GrpcHeaderBlock(path)));
    return stream;
}

std::size_t Http2Client::SendData(std::uint32_t stream, std::string_view bytes, bool end_stream) {
    std::int64_t& window = stream_windows_[stream];
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const std::int64_t granted = std::min(window_, window);
        const auto size = std::min<std::size_t>(bytes.size() - sent, kPayloadBytesMax);
        if (granted <= 0) break;
        const auto part = bytes.substr(sent, std::min(size, static_cast<std::size_t>(granted)));
        sent += part.size();
        window -= static_cast<std::int64_t>(part.size());
        window_ -= static_cast<std::int64_t>(part.size());
        const bool last = end_stream && sent == bytes.size();
        if (!Send(Http2Frame(kHttp2Data, last ? kHttp2EndStream : 0, stream, part))) break;
    }
    return sent;
}

bool Http2Client::ReadUntil(const std::function<bool()>& done, std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!done()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        pollfd ready{socket_.handle(), POLLIN, 0};
        const bool waits = left.count() > 0 && !closed_;
        if (!waits || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return done();
        char buffer[65'536];
        const ssize_t count = ::recv(socket_.handle(), buffer, sizeof buffer, 0);
        if (count <= 0) {
            closed_ = true;
            continue;
        }
        received_.append(buffer, static_cast<std::size_t>(count));
        std::string_view left_over = received_;
        while (left_over.size() >= kHeadBytes) {
            const std::size_t size = NumberOf(left_over.substr(0, 3));
            if (left_over.size() < kHeadBytes + size) break;
            OnFrame(
                static_cast<std::uint8_t>(left_over[3]),
                static_cast<std::uint8_t>(left_over[4]),
                NumberOf(left_over.substr(5, 4)),
                left_over.substr(kHeadBytes, size)
            );
            left_over.remove_prefix(kHeadBytes + size);
        }
        received_.erase(0, received_.size() - left_over.size());
    }
    return true;
}

void Http2Client::OnFrame(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
) {
    const bool carries_end = type == kHttp2Data || type == kHttp2Headers;
    if (carries_end && (flags & kHttp2EndStream) != 0) ended_.insert(stream);
    if (type == kHttp2RstStream) {
        resets_[stream] = NumberOf(payload.substr(0, 4));
        ended_.insert(stream);
    }
    if (type == kHttp2GoAway) {
        goaway_ = true;
        goaway_error_ = NumberOf(payload.substr(4, 4));
    }
    if (type == kHttp2Ping && (flags & kAck) == 0) Send(Http2Frame(kHttp2Ping, kAck, 0, payload));
    if (type == kHttp2WindowUpdate) {
        (stream == 0 ? window_ : stream_windows_[stream]) += NumberOf(payload);
    }
    if (type != kHttp2Settings || (flags & kAck) != 0) return;
    for (std::size_t i = 0; i + 6 <= payload.size(); i += 6) {
        if (NumberOf(payload.substr(i, 2)) != kInitialWindowSize) continue;
        const std::int64_t first = NumberOf(payload.substr(i + 2, 4));
        for (auto& [one, window] : stream_windows_) window += first - stream_window_first_;
        stream_window_first_ = first;
    }
    Send(Http2Frame(kHttp2Settings, kAck, 0, {}));
}

}  // namespace unibox::test
