// The same server over TLS, with a certificate made here.
#include "http_fixture.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

namespace unibox::test {
namespace {

template <auto free>
struct Freed {
    template <typename T>
    void operator()(T* object) const {
        free(object);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, Freed<X509_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using FilePtr = std::unique_ptr<std::FILE, Freed<std::fclose>>;

constexpr long kHourS = 3'600;

// A self-signed certificate for "localhost" and its key, as PEM files.
struct Identity {
    Identity() : key(EVP_EC_gen("P-256")), cert(X509_new()) {
        X509_set_version(cert.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert.get()), -kHourS);
        X509_gmtime_adj(X509_getm_notAfter(cert.get()), kHourS);
        X509_NAME* name = X509_get_subject_name(cert.get());
        const auto* text = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(cert.get(), name);
        X509_set_pubkey(cert.get(), key.get());
        REQUIRE(X509_sign(cert.get(), key.get(), EVP_sha256()) > 0);
        const FilePtr cert_out(std::fopen(cert_file.c_str(), "w"));
        REQUIRE(PEM_write_X509(cert_out.get(), cert.get()) == 1);
        const FilePtr key_out(std::fopen(key_file.c_str(), "w"));
        REQUIRE(
            PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
            1
        );
    }

    TempDir dir;
    const std::string cert_file = dir / "cert.pem";
    const std::string key_file = dir / "key.pem";
    KeyPtr key;
    CertPtr cert;
};

http::Settings WithTls(const Identity& identity) {
    // As runtime does for every program: OpenSSL writes without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    http::Settings settings;
    settings.tls_cert_file = identity.cert_file;
    settings.tls_key_file = identity.key_file;
    return settings;
}

// A blocking TLS client that trusts this one certificate.
class TlsSocket {
public:
    TlsSocket(const std::string& address, const Identity& trusted)
        : socket_(address), context_(SSL_CTX_new(TLS_client_method())) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), trusted.cert.get());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), socket_.handle());
        connected_ = SSL_connect(ssl_.get()) == 1;
    }

    bool connected() const { return connected_; }
    bool Send(std::string_view data) {
        return SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) ==
               static_cast<int>(data.size());
    }
    // Until `text` has come or the peer closes.
    std::string ReadUntil(std::string_view text) {
        std::string received;
        char buffer[16384];
        while (received.find(text) == std::string::npos) {
            const int count = SSL_read(ssl_.get(), buffer, sizeof buffer);
            if (count <= 0) break;
            received.append(buffer, static_cast<std::size_t>(count));
        }
        return received;
    }

private:
    RawSocket socket_;
    ContextPtr context_;
    SslPtr ssl_;
    bool connected_ = false;
};

TEST_CASE("Tls: pipelined requests, a large body and a large answer", "[net][http]") {
    const Identity identity;
    HttpFixture fixture(WithTls(identity));
    TlsSocket socket(fixture.server->address(), identity);
    REQUIRE(socket.connected());
    const std::string get = "GET /get HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string body(1'000'000, 'x');
    REQUIRE(socket.Send(get + "POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    REQUIRE(socket.Send(body));
    const std::string received = socket.ReadUntil("\r\n\r\n1000000");
    CHECK(CountOf(received, "HTTP/1.1 200 OK") == 2);
    CHECK(received.ends_with("1000000"));
    REQUIRE(socket.Send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    const std::string large = socket.ReadUntil("none: to the end");
    CHECK(StatusOf(large) == 200);
    CHECK(static_cast<std::size_t>(std::count(large.begin(), large.end(), 'x')) >= 8U << 20);
}

TEST_CASE("Tls: plain text and a silent client get nothing", "[net][http]") {
    const Identity identity;
    http::Settings settings = WithTls(identity);
    settings.head_timeout_ms = 2'000;
    HttpFixture fixture(settings);
    RawSocket plain(fixture.server->address());
    REQUIRE(plain.Send("GET /get HTTP/1.1\r\nHost: a\r\n\r\n"));
    std::string received;
    CHECK(plain.ReadToEnd(&received));
    CHECK(received.find("HTTP/1.1 200") == std::string::npos);
    RawSocket silent(fixture.server->address());
    CHECK(silent.ReadToEnd(&received));
    CHECK(received.empty());
    TlsSocket after(fixture.server->address(), identity);
    CHECK(after.connected());
}

TEST_CASE("Tls: a key of another certificate is refused at the start", "[net][http]") {
    const Identity identity;
    const Identity other;
    http::Settings settings = WithTls(identity);
    settings.tls_key_file = other.key_file;
    obs::Metrics metrics;
    CHECK_THAT(
        http::Server::Start(settings, {}, metrics).status(), HasCode(Code::kInvalidArgument)
    );
}

}  // namespace
}  // namespace unibox::test
