#include "support/raw_socket.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdint>

namespace unibox::test {
namespace {

sockaddr_in AddressOf(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    UNIBOX_ASSERT(inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1);
    return address;
}

const sockaddr* Generic(const sockaddr_in& address) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

}  // namespace

RawSocket::RawSocket(const std::string& address, const std::string& from) {
    const std::size_t colon = address.rfind(':');
    const auto port = static_cast<std::uint16_t>(*ParseInt64(address.substr(colon + 1)));
    const sockaddr_in peer = AddressOf(address.substr(0, colon), port);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    UNIBOX_ASSERT(socket_ >= 0);
    if (!from.empty()) {
        const sockaddr_in own = AddressOf(from, 0);
        UNIBOX_ASSERT(::bind(socket_, Generic(own), sizeof own) == 0);
    }
    UNIBOX_ASSERT(::connect(socket_, Generic(peer), sizeof peer) == 0);
}

RawSocket::~RawSocket() {
    ::close(socket_);
}

bool RawSocket::Send(std::string_view data) {
    while (!data.empty()) {
        const ssize_t count = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        data.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void RawSocket::Reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(socket_);
    socket_ = -1;
}

void RawSocket::FinishSending() {
    ::shutdown(socket_, SHUT_WR);
}

std::string RawSocket::ReadUntil(std::string_view text, std::chrono::milliseconds timeout) {
    std::string received;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (text.empty() || received.find(text) == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        pollfd ready{socket_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) break;
        char buffer[16384];
        const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
        if (count <= 0) break;
        received.append(buffer, static_cast<std::size_t>(count));
    }
    return received;
}

bool RawSocket::ReadToEnd(std::string* received, std::chrono::milliseconds timeout) {
    *received = ReadUntil({}, timeout);
    pollfd ready{socket_, POLLIN, 0};
    char byte = 0;
    return ::poll(&ready, 1, 0) > 0 && ::recv(socket_, &byte, 1, MSG_PEEK) <= 0;
}

int StatusOf(std::string_view text) {
    if (!text.starts_with("HTTP/1.1 ") || text.size() < 12) return 0;
    return static_cast<int>(ParseInt64(text.substr(9, 3)).value_or(0));
}

std::size_t CountOf(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

}  // namespace unibox::test
