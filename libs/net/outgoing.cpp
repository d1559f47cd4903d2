#include "net/outgoing.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace unibox::net {
namespace {

Status Broken(std::string_view what, const std::string& why) {
    return Unavailable(std::string(what) + ": " + why);
}
Status BrokenBy(std::string_view what, int error) {
    return Broken(what, std::generic_category().message(error));
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
};

bool Fill(const std::string& ip, std::uint16_t port, SocketAddress* address) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address->storage);
    if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address->bytes = sizeof *v4;
        return true;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
    if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) != 1) return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address->bytes = sizeof *v6;
    return true;
}

}  // namespace

Outgoing::Outgoing(int socket, SteadyTime deadline)
    : socket_(socket), deadline_(deadline), transport_(PlainTransport(socket)) {}

Result<std::unique_ptr<Outgoing>> Outgoing::Connect(
    const std::string& ip, std::uint16_t port, SteadyTime deadline
) {
    SocketAddress address;
    if (!Fill(ip, port, &address)) return InvalidArgument(ip + " is no IP address");
    const std::string what = "connecting to " + ip + " port " + std::to_string(port);
    const int socket =
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return BrokenBy(what, errno);
    std::unique_ptr<Outgoing> outgoing(new Outgoing(socket, deadline));
    const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(socket, target, address.bytes) == 0) return outgoing;
    if (errno != EINPROGRESS) return BrokenBy(what, errno);
    UNIBOX_RETURN_IF_ERROR(outgoing->Wait(POLLOUT, what));
    int error = 0;
    socklen_t error_bytes = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
    if (error != 0) return BrokenBy(what, error);
    return outgoing;
}

Outgoing::~Outgoing() {
    transport_.reset();
    ::close(socket_);
}

Status Outgoing::Wait(short events, std::string_view what) const {
    while (true) {
        const auto left =
            std::chrono::duration_cast<Millis>(deadline_ - std::chrono::steady_clock::now());
        if (left.count() <= 0) return DeadlineExceeded(std::string(what) + " takes too long");
        pollfd polled{socket_, events, 0};
        const int count =
            ::poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
        if (count > 0) return {};
        if (count < 0 && errno != EINTR) return BrokenBy(what, errno);
    }
}

Status Outgoing::WaitFor(IoResult::Kind outcome, std::string_view what) const {
    if (outcome == IoResult::Kind::kWaitReadable) return Wait(POLLIN, what);
    if (outcome == IoResult::Kind::kWaitWritable) return Wait(POLLOUT, what);
    const std::string why = transport_->failure();
    return Broken(what, why.empty() ? "the peer has ended the connection" : why);
}

void Outgoing::StartTls(std::shared_ptr<TlsClientContext> context, const std::string& host) {
    transport_ = TlsClientTransport(socket_, std::move(context), host);
}

Status Outgoing::Write(std::string_view data) {
    while (!data.empty()) {
        const IoResult written = transport_->Write(data);
        data.remove_prefix(written.bytes);
        if (written.kind == IoResult::Kind::kBytes) continue;
        UNIBOX_RETURN_IF_ERROR(WaitFor(written.kind, "sending"));
    }
    return {};
}

Result<std::size_t> Outgoing::Read(std::span<char> into) {
    constexpr std::string_view kWhat = "receiving";
    while (true) {
        // Also before what has arrived: a peer that always has one more byte takes no longer.
        if (std::chrono::steady_clock::now() >= deadline_) {
            return DeadlineExceeded("receiving takes too long");
        }
        const IoResult read = transport_->Read(into);
        if (read.kind == IoResult::Kind::kBytes) return read.bytes;
        const bool ended = read.kind == IoResult::Kind::kClosed && transport_->failure().empty();
        if (ended) return std::size_t{0};
        UNIBOX_RETURN_IF_ERROR(WaitFor(read.kind, kWhat));
    }
}

}  // namespace unibox::net
