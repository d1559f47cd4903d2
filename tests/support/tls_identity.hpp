// A certificate made here, and a TLS client that trusts it.
// Thread safety: the test's thread.
#pragma once

#include "support/raw_socket.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace unibox::test {

// A self-signed certificate for "localhost" and its key, as PEM files. It may also stand as the
// authority of itself.
class TlsIdentity {
public:
    TlsIdentity();
    ~TlsIdentity();
    TlsIdentity(const TlsIdentity&) = delete;
    TlsIdentity& operator=(const TlsIdentity&) = delete;

    // Puts its files where those of `other` are, as a renewal does.
    void Replace(const TlsIdentity& other) const;

    x509_st* cert() const { return cert_; }
    evp_pkey_st* key() const { return key_; }

private:
    TempDir dir_;

public:
    const std::string cert_file = dir_ / "cert.pem";
    const std::string key_file = dir_ / "key.pem";

private:
    evp_pkey_st* key_;
    x509_st* cert_;
};

// A blocking client; `own` is what it shows of itself, `alpn` the protocol that it offers.
class TlsSocket {
public:
    TlsSocket(
        const std::string& address,
        const TlsIdentity& trusted,
        const TlsIdentity* own = nullptr,
        const std::string& alpn = {}
    );
    ~TlsSocket();
    TlsSocket(const TlsSocket&) = delete;
    TlsSocket& operator=(const TlsSocket&) = delete;

    bool connected() const { return connected_; }
    int handle() const { return socket_.handle(); }
    std::string alpn() const;
    bool Send(std::string_view data);
    // Until `text` has come or the peer closes.
    std::string ReadUntil(std::string_view text);

private:
    RawSocket socket_;
    ssl_ctx_st* context_;
    ssl_st* ssl_ = nullptr;
    bool connected_ = false;
};

}  // namespace unibox::test
