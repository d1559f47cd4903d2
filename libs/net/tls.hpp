// TLS of a listener: 1.2 and 1.3, client certificates on demand, files that may change under way.
// Thread safety: TlsContext is immutable; TlsFiles from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "base/tls_file_names.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace unibox::net {

struct TlsSettings {
    TlsFileNames files;
    // The one protocol that is spoken (RFC 7301): "http/1.1", "h2". A client that offers others
    // only is refused; one that offers none is served.
    std::string alpn;
};

// Server side of TLS; shared by the connections that it was made for.
class TlsContext {
public:
    // INVALID_ARGUMENT with the field (tls_cert_file, tls_key_file, tls_client_ca_file) if a file
    // cannot be loaded, key and certificate do not fit each other, or the key has a passphrase.
    static Result<std::shared_ptr<TlsContext>> Create(const TlsSettings& settings);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* get() const { return context_; }

private:
    TlsContext(ssl_ctx_st* context, std::string alpn);
    ssl_ctx_st* context_;
    const std::string alpn_;  // In the form of the wire; OpenSSL's callback reads it.
};

// The context that the files give now. They are looked at when a connection comes, at most once in
// kTlsLookInterval; what cannot be loaded leaves the context before in use.
inline constexpr Millis kTlsLookInterval{5'000};

class TlsFiles {
public:
    // Told once for each change: Ok, or why the new files cannot be used. Under no lock.
    using OnChange = std::function<void(const Status&)>;

    static Result<std::unique_ptr<TlsFiles>> Open(TlsSettings settings, OnChange on_change);

    std::shared_ptr<TlsContext> Current(SteadyTime now);

private:
    TlsFiles(TlsSettings settings, OnChange on_change, std::shared_ptr<TlsContext> context);
    // What tells one version of the files from the next: inode, size and time of each.
    std::vector<std::int64_t> Versions() const;

    const TlsSettings settings_;
    const OnChange on_change_;
    Mutex mutex_;
    std::shared_ptr<TlsContext> context_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<std::int64_t> versions_ UNIBOX_GUARDED_BY(mutex_);
    SteadyTime next_look_ UNIBOX_GUARDED_BY(mutex_){};
};

}  // namespace unibox::net
