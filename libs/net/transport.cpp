#include "net/transport.hpp"

#include "net/tls.hpp"
#include "net/tls_client.hpp"

#include <errno.h>
#include <limits.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace unibox::net {
namespace {

constexpr std::size_t kRecordBytesMax = 16 << 10;

class Plain final : public Transport {
public:
    explicit Plain(int socket) : socket_(socket) {}

    IoResult Read(std::span<char> into) override {
        while (true) {
            const ssize_t count = ::recv(socket_, into.data(), into.size(), 0);
            if (count > 0) return {IoResult::Kind::kBytes, static_cast<std::size_t>(count)};
            if (count == 0) return {};
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::Kind::kWaitReadable};
            return {};
        }
    }

    IoResult Write(std::string_view data) override {
        while (true) {
            const ssize_t count = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
            if (count > 0) return {IoResult::Kind::kBytes, static_cast<std::size_t>(count)};
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::Kind::kWaitWritable};
            return {};
        }
    }

    IoResult WriteParts(std::span<const std::string_view> parts) override {
        std::array<iovec, kPartsPerCall> places{};
        msghdr message{};
        message.msg_iov = places.data();
        for (const std::string_view part : parts.first(std::min(parts.size(), kPartsPerCall))) {
            places[message.msg_iovlen++] = {const_cast<char*>(part.data()), part.size()};
        }
        while (true) {
            const ssize_t count = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
            if (count > 0) return {IoResult::Kind::kBytes, static_cast<std::size_t>(count)};
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::Kind::kWaitWritable};
            return {};
        }
    }

    bool HasBufferedInput() const override { return false; }
    void ShutdownSend() override { ::shutdown(socket_, SHUT_WR); }

private:
    int socket_;
};

class Tls final : public Transport {
public:
    // `ssl` null: out of memory, every call then says kClosed.
    Tls(int socket, std::shared_ptr<const void> context, SSL* ssl)
        : context_(std::move(context)), socket_(socket), ssl_(ssl) {
        if (ssl_ != nullptr) SSL_set_fd(ssl_, socket);
    }
    ~Tls() override { SSL_free(ssl_); }
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    // The handshake is made inside the first reads.
    IoResult Read(std::span<char> into) override {
        if (ssl_ == nullptr) return {};
        ERR_clear_error();
        return Outcome(SSL_read(ssl_, into.data(), Clamp(into.size())));
    }

    IoResult Write(std::string_view data) override {
        if (ssl_ == nullptr) return {};
        ERR_clear_error();
        return Outcome(SSL_write(ssl_, data.data(), Clamp(data.size())));
    }

    IoResult WriteParts(std::span<const std::string_view> parts) override {
        if (parts.front().size() >= kRecordBytesMax) return Write(parts.front());
        std::array<char, kRecordBytesMax> record;
        std::size_t bytes = 0;
        for (const std::string_view part : parts) {
            bytes += part.copy(record.data() + bytes, record.size() - bytes);
        }
        return Write({record.data(), bytes});
    }

    bool HasBufferedInput() const override { return ssl_ != nullptr && SSL_pending(ssl_) > 0; }
    std::string failure() const override { return failure_; }

    void ShutdownSend() override {
        ERR_clear_error();
        if (ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
        ::shutdown(socket_, SHUT_WR);
    }

private:
    static int Clamp(std::size_t size) {
        return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
    }

    IoResult Outcome(int count) {
        if (count > 0) return {IoResult::Kind::kBytes, static_cast<std::size_t>(count)};
        switch (SSL_get_error(ssl_, count)) {
            case SSL_ERROR_WANT_READ:
                return {IoResult::Kind::kWaitReadable};
            case SSL_ERROR_WANT_WRITE:
                return {IoResult::Kind::kWaitWritable};
            case SSL_ERROR_SSL:
                NoteFailure();
                return {};
            case SSL_ERROR_SYSCALL:  // Without TLS's own good-bye: what was read may be half of it.
                if (failure_.empty()) failure_ = "the connection broke";
                return {};
            default:
                return {};
        }
    }

    void NoteFailure() {
        const long verified = SSL_get_verify_result(ssl_);
        const char* text = verified == X509_V_OK ? ERR_reason_error_string(ERR_peek_last_error())
                                                 : X509_verify_cert_error_string(verified);
        if (failure_.empty() && text != nullptr) failure_ = text;
    }

    const std::shared_ptr<const void> context_;
    int socket_;
    SSL* ssl_;
    std::string failure_;
};

// A name is asked for and verified; an address is verified alone (RFC 6066, section 3).
bool Expect(SSL* ssl, const std::string& server_name) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1) return true;
    ERR_clear_error();
    // What SSL_set_tlsext_host_name is, without the cast of a macro.
    auto* const name = const_cast<char*>(server_name.c_str());
    return SSL_set1_host(ssl, name) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
}

}  // namespace

std::unique_ptr<Transport> PlainTransport(int socket) {
    return std::make_unique<Plain>(socket);
}

std::unique_ptr<Transport> TlsTransport(int socket, std::shared_ptr<TlsContext> context) {
    SSL* ssl = SSL_new(context->get());
    if (ssl != nullptr) SSL_set_accept_state(ssl);
    return std::make_unique<Tls>(socket, std::move(context), ssl);
}

std::unique_ptr<Transport> TlsClientTransport(
    int socket, std::shared_ptr<TlsClientContext> context, const std::string& server_name
) {
    SSL* ssl = SSL_new(context->get());
    if (ssl != nullptr && !Expect(ssl, server_name)) {
        SSL_free(ssl);
        ssl = nullptr;
    }
    if (ssl != nullptr) SSL_set_connect_state(ssl);
    return std::make_unique<Tls>(socket, std::move(context), ssl);
}

}  // namespace unibox::net
