#include "net/tls.hpp"

#include "net/detail/tls_identity.hpp"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <utility>

namespace unibox::net {
namespace {

constexpr unsigned char kSessionContext[] = "unibox";

int ChooseProtocol(
    SSL*,
    const unsigned char** chosen,
    unsigned char* chosen_bytes,
    const unsigned char* offered,
    unsigned int offered_bytes,
    void* wanted
) {
    const auto& protocol = *static_cast<const std::string*>(wanted);
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(
        &found,
        chosen_bytes,
        reinterpret_cast<const unsigned char*>(protocol.data()),
        static_cast<unsigned int>(protocol.size()),
        offered,
        offered_bytes
    );
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string AlpnOf(const std::string& protocol) {
    return protocol.empty() ? "" : static_cast<char>(protocol.size()) + protocol;
}

Status DemandClientCertificate(SSL_CTX* context, const std::string& file) {
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return detail::WrongFile("cannot load the authorities from " + file, "tls_client_ca_file");
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return {};
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context, std::string alpn)
    : context_(context), alpn_(std::move(alpn)) {
    if (alpn_.empty()) return;
    SSL_CTX_set_alpn_select_cb(context_, ChooseProtocol, const_cast<std::string*>(&alpn_));
}

TlsContext::~TlsContext() {
    SSL_CTX_free(context_);
}

Result<std::shared_ptr<TlsContext>> TlsContext::Create(const TlsSettings& settings) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (context == nullptr) return Internal("OpenSSL has no TLS server");
    std::shared_ptr<TlsContext> owner(new TlsContext(context, AlpnOf(settings.alpn)));
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Responses are written from a buffer that may move between two attempts.
    SSL_CTX_set_mode(
        context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
            SSL_MODE_RELEASE_BUFFERS
    );
    // Without it no session of a client with a certificate is resumed.
    SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
    UNIBOX_RETURN_IF_ERROR(detail::LoadIdentity(context, settings.files));
    if (!settings.files.client_ca.empty()) {
        UNIBOX_RETURN_IF_ERROR(DemandClientCertificate(context, settings.files.client_ca));
    }
    return owner;
}

TlsFiles::TlsFiles(TlsSettings settings, OnChange on_change, std::shared_ptr<TlsContext> context)
    : settings_(std::move(settings)),
      on_change_(std::move(on_change)),
      context_(std::move(context)),
      versions_(Versions()) {}

Result<std::unique_ptr<TlsFiles>> TlsFiles::Open(TlsSettings settings, OnChange on_change) {
    UNIBOX_ASSIGN_OR_RETURN(auto context, TlsContext::Create(settings));
    return std::unique_ptr<TlsFiles>(
        new TlsFiles(std::move(settings), std::move(on_change), std::move(context))
    );
}

std::vector<std::int64_t> TlsFiles::Versions() const {
    std::vector<std::int64_t> versions;
    for (const std::string* file :
         {&settings_.files.cert, &settings_.files.key, &settings_.files.client_ca}) {
        struct ::stat found {};
        if (file->empty() || ::stat(file->c_str(), &found) != 0) found = {};
        versions.insert(
            versions.end(),
            {static_cast<std::int64_t>(found.st_ino),
             static_cast<std::int64_t>(found.st_size),
             static_cast<std::int64_t>(found.st_mtim.tv_sec),
             static_cast<std::int64_t>(found.st_mtim.tv_nsec)}
        );
    }
    return versions;
}

std::shared_ptr<TlsContext> TlsFiles::Current(SteadyTime now) {
    Status change;
    std::shared_ptr<TlsContext> current;
    {
        const MutexLock lock(mutex_);
        if (now < next_look_) return context_;
        next_look_ = now + kTlsLookInterval;
        auto versions = Versions();
        if (versions == versions_) return context_;
        versions_ = std::move(versions);
        auto loaded = TlsContext::Create(settings_);
        change = loaded.status();
        if (loaded.ok()) context_ = std::move(loaded).value();
        current = context_;
    }
    on_change_(change);
    return current;
}

}  // namespace unibox::net
