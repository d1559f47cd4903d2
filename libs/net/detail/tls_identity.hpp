// The certificate that an end of TLS shows, and how a file that cannot be used is told.
// Thread safety: of different contexts from any thread.
#pragma once

#include "base/status.hpp"
#include "base/tls_file_names.hpp"

#include <openssl/ssl.h>

#include <string>
#include <string_view>

namespace unibox::net::detail {

// INVALID_ARGUMENT of the setting `field`; forgets OpenSSL's own words.
Status WrongFile(std::string message, std::string_view field);

// INVALID_ARGUMENT (tls_cert_file, tls_key_file) if a file cannot be loaded, the two do not fit
// each other, or the key has a passphrase.
Status LoadIdentity(SSL_CTX* context, const TlsFileNames& files);

}  // namespace unibox::net::detail
