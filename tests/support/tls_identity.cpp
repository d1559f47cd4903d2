#include "support/tls_identity.hpp"

#include <catch2/catch.hpp>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>

namespace unibox::test {
namespace {

constexpr long kHourS = 3'600;

struct Closed {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, Closed>;

}  // namespace

TlsIdentity::TlsIdentity() : key_(EVP_EC_gen("P-256")), cert_(X509_new()) {
    X509_set_version(cert_, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert_), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert_), -kHourS);
    X509_gmtime_adj(X509_getm_notAfter(cert_), kHourS);
    X509_NAME* name = X509_get_subject_name(cert_);
    const auto* text = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(cert_, name);
    X509_set_pubkey(cert_, key_);
    REQUIRE(X509_sign(cert_, key_, EVP_sha256()) > 0);
    const FilePtr cert_out(std::fopen(cert_file.c_str(), "w"));
    REQUIRE(PEM_write_X509(cert_out.get(), cert_) == 1);
    const FilePtr key_out(std::fopen(key_file.c_str(), "w"));
    REQUIRE(PEM_write_PrivateKey(key_out.get(), key_, nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

TlsIdentity::~TlsIdentity() {
    X509_free(cert_);
    EVP_PKEY_free(key_);
}

void TlsIdentity::Replace(const TlsIdentity& other) const {
    const auto copy = [](const std::string& from, const std::string& to) {
        std::filesystem::copy_file(from, to + ".new");
        std::filesystem::rename(to + ".new", to);
    };
    copy(key_file, other.key_file);
    copy(cert_file, other.cert_file);
}

TlsSocket::TlsSocket(
    const std::string& address,
    const TlsIdentity& trusted,
    const TlsIdentity* own,
    const std::string& alpn
)
    : socket_(address), context_(SSL_CTX_new(TLS_client_method())) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), trusted.cert());
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    if (own != nullptr) {
        SSL_CTX_use_certificate(context_, own->cert());
        SSL_CTX_use_PrivateKey(context_, own->key());
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.handle());
    if (!alpn.empty()) {
        const std::string wire = static_cast<char>(alpn.size()) + alpn;
        SSL_set_alpn_protos(
            ssl_,
            reinterpret_cast<const unsigned char*>(wire.data()),
            static_cast<unsigned int>(wire.size())
        );
    }
    connected_ = SSL_connect(ssl_) == 1;
}

TlsSocket::~TlsSocket() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

std::string TlsSocket::alpn() const {
    const unsigned char* data = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_, &data, &size);
    return {reinterpret_cast<const char*>(data), size};
}

bool TlsSocket::Send(std::string_view data) {
    return SSL_write(ssl_, data.data(), static_cast<int>(data.size())) ==
           static_cast<int>(data.size());
}

std::string TlsSocket::ReadUntil(std::string_view text) {
    std::string received;
    char buffer[16384];
    while (received.find(text) == std::string::npos) {
        const int count = SSL_read(ssl_, buffer, sizeof buffer);
        if (count <= 0) break;
        received.append(buffer, static_cast<std::size_t>(count));
    }
    return received;
}

}  // namespace unibox::test
