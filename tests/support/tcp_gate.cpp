#include "support/tcp_gate.hpp"

#include "base/assert.hpp"

#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace unibox::test {
namespace {

constexpr int kPollMs = 10;

sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

int ConnectTo(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return fd;
    }
    close(fd);
    return -1;
}

// Closing then sends RST instead of FIN.
void ResetOnClose(int fd) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

struct TcpGate::Link {
    int client = -1;
    int server = -1;
    std::atomic<bool> broken{false};
    std::atomic<int> threads{2};
    std::thread up;
    std::thread down;
};

TcpGate::TcpGate(int target_port) : target_port_(target_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    UNIBOX_ASSERT(bind(listener_, generic, size) == 0 && listen(listener_, 64) == 0);
    UNIBOX_ASSERT(getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
}

TcpGate::~TcpGate() {
    stopping_ = true;
    acceptor_.join();
    close(listener_);
    CloseAll();
    for (const auto& link : links_) {
        link->up.join();
        link->down.join();
    }
}

void TcpGate::SetMode(Mode mode) {
    mode_ = mode;
    if (mode == Mode::kRefuse) CloseAll();
}

void TcpGate::CloseAll() {
    const std::lock_guard lock(mutex_);
    for (const auto& link : links_) link->broken = true;
}

void TcpGate::Accept() {
    while (!stopping_) {
        pollfd poll_fd{.fd = listener_, .events = POLLIN, .revents = 0};
        if (poll(&poll_fd, 1, kPollMs) <= 0) continue;
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        const int server = mode_ == Mode::kRefuse ? -1 : ConnectTo(target_port_);
        if (server < 0) {
            ResetOnClose(client);
            close(client);
            continue;
        }
        auto link = std::make_shared<Link>();
        link->client = client;
        link->server = server;
        ++connection_count_;
        const std::lock_guard lock(mutex_);
        link->up = std::thread([this, link] { Serve(link, true); });
        link->down = std::thread([this, link] { Serve(link, false); });
        links_.push_back(link);
    }
}

// Moves bytes in one direction until either side ends.
void TcpGate::Serve(std::shared_ptr<Link> link, bool to_server) {
    const int from = to_server ? link->client : link->server;
    const int to = to_server ? link->server : link->client;
    auto& counter = to_server ? bytes_to_server_ : bytes_to_client_;
    std::vector<char> buffer(64 * 1024);
    while (!link->broken && !stopping_) {
        pollfd poll_fd{.fd = from, .events = POLLIN, .revents = 0};
        const bool stalled = mode_ == Mode::kStall;
        if (poll(&poll_fd, stalled ? 0 : 1, kPollMs) <= 0) continue;
        const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
        if (count <= 0) break;
        const Mode mode = mode_;
        if (mode == Mode::kDrop || (mode == Mode::kDropReplies && !to_server)) continue;
        if (delay_ms_ > 0) poll(nullptr, 0, static_cast<int>(delay_ms_));
        ssize_t sent = 0;
        while (sent < count && !link->broken) {
            const ssize_t now = send(
                to,
                buffer.data() + sent,
                static_cast<std::size_t>(count - sent),
                MSG_NOSIGNAL | MSG_DONTWAIT
            );
            if (now < 0 && errno != EAGAIN) break;
            if (now < 0) {
                pollfd writable{.fd = to, .events = POLLOUT, .revents = 0};
                poll(&writable, 1, kPollMs);
                continue;
            }
            sent += now;
        }
        counter += static_cast<std::uint64_t>(sent);
        if (sent < count) break;
    }
    link->broken = true;
    if (--link->threads > 0) return;
    for (const int fd : {link->client, link->server}) {
        ResetOnClose(fd);
        close(fd);
    }
    --connection_count_;
}

}  // namespace unibox::test
