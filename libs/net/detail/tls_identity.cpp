#include "net/detail/tls_identity.hpp"

#include <openssl/err.h>

#include <utility>

namespace unibox::net::detail {
namespace {

// OpenSSL would ask at the terminal and wait for an answer, at a renewal inside of a net thread.
int RefusePassphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

}  // namespace

Status WrongFile(std::string message, std::string_view field) {
    ERR_clear_error();
    return InvalidArgument(std::move(message)).WithField(field);
}

Status LoadIdentity(SSL_CTX* context, const TlsFileNames& files) {
    if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1) {
        return WrongFile("cannot load the certificate chain " + files.cert, "tls_cert_file");
    }
    bool is_encrypted = false;
    SSL_CTX_set_default_passwd_cb(context, RefusePassphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
    const int loaded = SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (is_encrypted) {
        return WrongFile(
            "the key in " + files.key + " has a passphrase: give one without", "tls_key_file"
        );
    }
    if (loaded != 1 || SSL_CTX_check_private_key(context) != 1) {
        return WrongFile(
            "cannot load the key of the certificate from " + files.key, "tls_key_file"
        );
    }
    return {};
}

}  // namespace unibox::net::detail
