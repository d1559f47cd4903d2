#include "net/outgoing.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

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

bool IsIp(const std::string& host) {
    SocketAddress ignored;
    return Fill(host, 0, &ignored);
}

std::string WhyTls() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "the peer ended TLS" : reason;
}

}  // namespace

Result<std::shared_ptr<TlsClient>> TlsClient::Create(const std::string& ca_file) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (context == nullptr) return Internal("OpenSSL has no TLS client");
    std::shared_ptr<TlsClient> client(new TlsClient(context));
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    const int loaded = ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context)
                           : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
    ERR_clear_error();
    if (loaded == 1) return client;
    return InvalidArgument("cannot load the authorities from " + ca_file).WithField("tls_ca_file");
}

TlsClient::~TlsClient() {
    SSL_CTX_free(context_);
}

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
    SSL_free(ssl_);
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

Status Outgoing::WaitForTls(int result, std::string_view what) {
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ) return Wait(POLLIN, what);
    if (error == SSL_ERROR_WANT_WRITE) return Wait(POLLOUT, what);
    const long verified = SSL_get_verify_result(ssl_);
    if (verified == X509_V_OK) return Broken(what, WhyTls());
    ERR_clear_error();
    return Broken(what, X509_verify_cert_error_string(verified));
}

Status Outgoing::StartTls(const TlsClient& client, const std::string& host) {
    ssl_ = SSL_new(client.get());
    if (ssl_ == nullptr) return Internal("OpenSSL gives no connection");
    SSL_set_fd(ssl_, socket_);
    X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool is_ip = IsIp(host);
    const int set = is_ip ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str())
                          : X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
    if (set != 1) return InvalidArgument("no name of a host: " + host);
    if (!is_ip) {  // The macro for it has a cast of C.
        SSL_ctrl(
            ssl_,
            SSL_CTRL_SET_TLSEXT_HOSTNAME,
            TLSEXT_NAMETYPE_host_name,
            const_cast<char*>(host.c_str())
        );
    }
    while (true) {
        ERR_clear_error();
        const int result = SSL_connect(ssl_);
        if (result == 1) return {};
        UNIBOX_RETURN_IF_ERROR(WaitForTls(result, "TLS with " + host));
    }
}

Status Outgoing::Write(std::string_view data) {
    constexpr std::string_view kWhat = "sending";
    while (!data.empty()) {
        if (ssl_ != nullptr) {
            ERR_clear_error();
            const int bytes = static_cast<int>(std::min<std::size_t>(data.size(), 1 << 20));
            const int result = SSL_write(ssl_, data.data(), bytes);
            if (result > 0) data.remove_prefix(static_cast<std::size_t>(result));
            if (result <= 0) UNIBOX_RETURN_IF_ERROR(WaitForTls(result, kWhat));
            continue;
        }
        const ssize_t sent = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent > 0) data.remove_prefix(static_cast<std::size_t>(sent));
        if (sent >= 0 || errno == EINTR) continue;
        if (errno != EAGAIN) return BrokenBy(kWhat, errno);
        UNIBOX_RETURN_IF_ERROR(Wait(POLLOUT, kWhat));
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
        if (ssl_ != nullptr) {
            ERR_clear_error();
            const int bytes = static_cast<int>(std::min<std::size_t>(into.size(), 1 << 20));
            const int result = SSL_read(ssl_, into.data(), bytes);
            if (result > 0) return static_cast<std::size_t>(result);
            if (SSL_get_error(ssl_, result) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
            UNIBOX_RETURN_IF_ERROR(WaitForTls(result, kWhat));
            continue;
        }
        const ssize_t count = ::recv(socket_, into.data(), into.size(), 0);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return BrokenBy(kWhat, errno);
        UNIBOX_RETURN_IF_ERROR(Wait(POLLIN, kWhat));
    }
}

}  // namespace unibox::net
