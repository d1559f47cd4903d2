#include "net/tls_client.hpp"

#include "net/detail/tls_identity.hpp"

#include <openssl/ssl.h>

namespace unibox::net {

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::Create(const TlsClientSettings& settings
) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (context == nullptr) return Internal("OpenSSL has no TLS client");
    std::shared_ptr<TlsClientContext> owner(new TlsClientContext(context));
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // What is sent lies in a buffer that may move between two attempts.
    SSL_CTX_set_mode(
        context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
            SSL_MODE_RELEASE_BUFFERS
    );
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    const int loaded =
        settings.ca_file.empty()
            ? SSL_CTX_set_default_verify_paths(context)
            : SSL_CTX_load_verify_locations(context, settings.ca_file.c_str(), nullptr);
    if (loaded != 1) {
        return detail::WrongFile(
            "cannot load the authorities from " + settings.ca_file, "tls_ca_file"
        );
    }
    if (!settings.cert_file.empty()) {
        UNIBOX_RETURN_IF_ERROR(
            detail::LoadIdentity(context, {settings.cert_file, settings.key_file, ""})
        );
    }
    return owner;
}

TlsClientContext::~TlsClientContext() {
    SSL_CTX_free(context_);
}

}  // namespace unibox::net
